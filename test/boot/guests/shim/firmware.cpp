// SPDX-License-Identifier: BSD-2-Clause
#include "firmware.hpp"

#include <algorithm>
#include <cstring>

namespace shim {

namespace {

void print(std::string_view text) {
    for (const char character : text)
        asm volatile("outb %0, %1" : : "a"(character), "Nd"(UINT16{0xe9}));
}

} // namespace

void say(const TextWriter& text) {
    print("shim: ");
    print(text.view());
    print("\n");
}

void give_up(std::string_view why, std::string_view what) {
    constexpr UINT32 kFailure = 0x11;
    say(Text().add(why).add(": ").add(what));
    asm volatile("outl %0, %1" : : "a"(kFailure), "Nd"(UINT16{0xf4}));
    for (;;)
        asm volatile("hlt");
}

bool same(const EFI_GUID& a, const EFI_GUID& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

void install(EFI_HANDLE& handle, EFI_GUID guid, void* interface, std::string_view what) {
    if (failed(firmware.boot->InstallProtocolInterface(&handle, &guid, EFI_NATIVE_INTERFACE,
                                                       interface)))
        give_up("can't install", what);
}

void* allocate_pool(UINTN bytes) {
    void* memory = nullptr;
    if (failed(firmware.boot->AllocatePool(EfiBootServicesData, bytes, &memory)))
        give_up("no memory for", "the shim");
    return memory;
}

UINT8* allocate_pages(UINTN pages, EFI_MEMORY_TYPE type, EFI_PHYSICAL_ADDRESS below) {
    EFI_PHYSICAL_ADDRESS address = below - 1;
    if (failed(firmware.boot->AllocatePages(AllocateMaxAddress, type, pages, &address)))
        give_up("no pages for", "the shim");
    return reinterpret_cast<UINT8*>(address);
}

std::string_view take_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    return word;
}

UINTN take_number(std::string_view& line) {
    const std::string_view word = take_word(line);
    UINTN number = 0;
    for (const char digit : word) {
        if (digit < '0' || digit > '9')
            give_up("not a number", word);
        number = 10 * number + static_cast<UINTN>(digit - '0');
    }
    if (word.empty())
        give_up("a number is missing before", line);
    return number;
}

} // namespace shim
