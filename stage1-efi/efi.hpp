// SPDX-License-Identifier: BSD-2-Clause
//
// The UEFI specification's declarations: gnu-efi's, and those it lacks. These have names of our
// own, since the official names may be macros in a later gnu-efi.
#pragma once

extern "C" {
#include <efi.h>
}

#include "config/unicode.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <span>
#include <string_view>

static_assert(sizeof(CHAR16) == 2 && sizeof(wchar_t) == 2, "-fshort-wchar is missing");

namespace baton::efi {

/// What stage 1 was given by the firmware.
struct Firmware {
    EFI_HANDLE image;
    EFI_SYSTEM_TABLE* system;

    EFI_BOOT_SERVICES* boot() const { return system->BootServices; }
};

/// Error codes have the highest bit set: UEFI 2.10 appendix D.
constexpr bool failed(EFI_STATUS status) {
    return status >> 63 != 0;
}

inline constexpr EFI_GUID kLoadedImageGuid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
inline constexpr EFI_GUID kDevicePathGuid = EFI_DEVICE_PATH_PROTOCOL_GUID;

/// EFI_MEMORY_ATTRIBUTE_PROTOCOL, UEFI 2.10 section 37.1.
struct MemoryAttributeProtocol {
    using Function = EFI_STATUS(EFIAPI*)(MemoryAttributeProtocol* self, EFI_PHYSICAL_ADDRESS base,
                                         UINT64 length, UINT64 attributes);
    void* GetMemoryAttributes;
    Function SetMemoryAttributes;
    Function ClearMemoryAttributes;
};
inline constexpr UINT64 kMemoryReadOnly = 0x20000; // EFI_MEMORY_RO, section 7.2.3
inline constexpr EFI_GUID kMemoryAttributeGuid = {
    0xf4560cf6, 0x40ec, 0x4b4a, {0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89}};

/// EFI_FILE_INFO without the file's name, which follows it: UEFI 2.10 section 13.5.16.
struct FileInfoFixedPart {
    UINT64 Size;
    UINT64 FileSize;
    UINT64 PhysicalSize;
    EFI_TIME CreateTime;
    EFI_TIME LastAccessTime;
    EFI_TIME ModificationTime;
    UINT64 Attribute;
};
static_assert(sizeof(FileInfoFixedPart) == 80);

/// The protocol of type T on `handle`, or null. Firmware functions take GUIDs as non-const
/// pointers.
template<class T>
T* protocol_on(const Firmware& firmware, EFI_HANDLE handle, EFI_GUID guid) {
    void* interface = nullptr;
    const EFI_STATUS status = firmware.boot()->HandleProtocol(handle, &guid, &interface);
    return failed(status) ? nullptr : static_cast<T*>(interface);
}

/// The first protocol of type T in the system, or null.
template<class T>
T* locate_protocol(const Firmware& firmware, EFI_GUID guid) {
    void* interface = nullptr;
    const EFI_STATUS status = firmware.boot()->LocateProtocol(&guid, nullptr, &interface);
    return failed(status) ? nullptr : static_cast<T*>(interface);
}

/// One of the firmware's texts as UTF-8 in `arena`; empty where it is null. Error: out_of_memory.
inline Result<std::string_view> text_of(const CHAR16* text, Arena& arena) {
    constexpr std::size_t kLongest = 1024;
    std::size_t length = 0;
    while (text != nullptr && length < kLongest && text[length] != 0)
        ++length;
    return to_utf8(std::as_bytes(std::span(text, length)), arena);
}

} // namespace baton::efi
