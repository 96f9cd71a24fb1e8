// SPDX-License-Identifier: BSD-2-Clause
//
// The firmware under the shim, and what all parts of the shim need.
#pragma once

extern "C" {
#include <efi.h>
}

#include "core/text.hpp"

#include <string_view>

static_assert(sizeof(CHAR16) == 2 && sizeof(wchar_t) == 2, "-fshort-wchar is missing");

namespace shim {

using baton::Text;
using baton::TextWriter;

/// As it was before the shim put itself in between.
struct Firmware {
    EFI_HANDLE image;
    EFI_SYSTEM_TABLE* system;
    EFI_BOOT_SERVICES* boot;
    EFI_RUNTIME_SERVICES* runtime;
};
inline Firmware firmware;

/// A line on the debug console, behind "shim: ".
void say(const TextWriter& text);
/// Says why, and ends QEMU with a failure: a plan that can't be carried out tests nothing.
[[noreturn]] void give_up(std::string_view why, std::string_view what = {});

constexpr bool failed(EFI_STATUS status) {
    return status >> 63 != 0;
}
bool same(const EFI_GUID& a, const EFI_GUID& b);

/// The protocol of type T on `handle`, or null.
template<class T>
T* protocol_on(EFI_HANDLE handle, EFI_GUID guid) {
    void* interface = nullptr;
    firmware.boot->HandleProtocol(handle, &guid, &interface);
    return static_cast<T*>(interface);
}
/// The first protocol of type T in the system, or null.
template<class T>
T* first_protocol(EFI_GUID guid) {
    void* interface = nullptr;
    firmware.boot->LocateProtocol(&guid, nullptr, &interface);
    return static_cast<T*>(interface);
}
/// Puts a protocol on `handle`; on a new handle where that is null. Gives up where it can't.
void install(EFI_HANDLE& handle, EFI_GUID guid, void* interface, std::string_view what);

/// Memory that stays until the machine is reset.
void* allocate_pool(UINTN bytes);
UINT8* allocate_pages(UINTN pages, EFI_MEMORY_TYPE type, EFI_PHYSICAL_ADDRESS below);

// The words of a plan's line.

/// The next word; empty at the end.
std::string_view take_word(std::string_view& line);
/// The next word as a decimal number. Gives up where it is none.
UINTN take_number(std::string_view& line);

} // namespace shim
