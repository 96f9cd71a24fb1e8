// SPDX-License-Identifier: BSD-2-Clause
#include "memory.hpp"

#include "faults.hpp"

#include <algorithm>
#include <cstring>

namespace shim {
namespace {

constexpr EFI_PHYSICAL_ADDRESS k4GiB = EFI_PHYSICAL_ADDRESS{1} << 32;
constexpr UINTN kPagesPerMib = 256;

bool grows;
bool reserves_acpi;
UINTN ranges_of_set_variable;
UINTN garbled_descriptor_bytes; // 0: not garbled

constexpr UINTN kPageBytes = 4096;
constexpr UINTN kMostDescriptors = 8192; // of 4 GiB

/// The firmware's map, then what is made of it.
EFI_MEMORY_DESCRIPTOR* garbled_map;

void add(UINTN& count, EFI_MEMORY_DESCRIPTOR descriptor, UINTN first_page, UINTN pages) {
    if (count == kMostDescriptors)
        give_up("too many", "descriptors");
    descriptor.PhysicalStart += first_page * kPageBytes;
    descriptor.NumberOfPages = pages;
    garbled_map[count++] = descriptor;
}

/// Said to be owned by something else, whatever the firmware gives away of it.
EFI_MEMORY_DESCRIPTOR owned[512];
UINTN owned_count;

/// Free memory in many pieces; near the end of each that is free at first, some owned pages.
UINTN garble(const UINT8* map, UINTN bytes, UINTN descriptor_bytes) {
    constexpr UINTN kPiecePages = 256;
    constexpr UINTN kOwnedPages = 3;
    constexpr UINTN kFromEnd = 20;
    const bool is_first = owned_count == 0;
    UINTN count = 0;
    for (UINTN at = 0; at < bytes; at += descriptor_bytes) {
        EFI_MEMORY_DESCRIPTOR descriptor;
        std::memcpy(&descriptor, map + at, sizeof descriptor);
        const UINTN pages = descriptor.NumberOfPages;
        if (descriptor.Type != EfiConventionalMemory) {
            add(count, descriptor, 0, pages);
            continue;
        }
        for (UINTN first = 0; first < pages; first += kPiecePages) {
            const UINTN piece = std::min(kPiecePages, pages - first);
            add(count, descriptor, first, piece);
            if (!is_first || piece < kFromEnd || owned_count == std::size(owned))
                continue;
            EFI_MEMORY_DESCRIPTOR& some = owned[owned_count++];
            some = descriptor;
            some.Type = owned_count % 2 == 0 ? EfiReservedMemoryType : EfiACPIMemoryNVS;
            some.PhysicalStart += (first + piece - kFromEnd) * kPageBytes;
            some.NumberOfPages = kOwnedPages;
        }
    }
    for (UINTN i = 0; i < owned_count; ++i)
        add(count, owned[i], 0, kOwnedPages);
    for (UINTN i = 0; i < count / 2; i += 3) // in no order
        std::swap(garbled_map[i], garbled_map[count - 1 - i]);
    return count;
}

EFI_STATUS get_garbled_map(UINTN* bytes, EFI_MEMORY_DESCRIPTOR* map, UINTN* key,
                           UINTN* descriptor_bytes, UINT32* version) {
    constexpr UINTN kRoom = UINTN{1} << 16;
    static UINT8* real_map = nullptr;
    if (real_map == nullptr)
        real_map = static_cast<UINT8*>(allocate_pool(kRoom));
    UINTN real_bytes = kRoom;
    const EFI_STATUS status =
        firmware.boot->GetMemoryMap(&real_bytes, reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(real_map),
                                    key, descriptor_bytes, version);
    if (failed(status))
        return status;
    const UINTN count = garble(real_map, real_bytes, *descriptor_bytes);
    *descriptor_bytes = garbled_descriptor_bytes;
    const UINTN room = *bytes;
    *bytes = count * garbled_descriptor_bytes;
    if (room < *bytes)
        return EFI_BUFFER_TOO_SMALL;
    for (UINTN i = 0; i < count; ++i) {
        auto* const place = reinterpret_cast<UINT8*>(map) + i * garbled_descriptor_bytes;
        std::memset(place, 0xee, garbled_descriptor_bytes);
        std::memcpy(place, &garbled_map[i], sizeof garbled_map[i]);
    }
    return EFI_SUCCESS;
}

/// One range more, somewhere between others, so that it can't join one. EDK II shows free memory
/// that it has set aside for runtime services as theirs: they would join.
void lengthen_the_map() {
    EFI_PHYSICAL_ADDRESS address = 0;
    firmware.boot->AllocatePages(AllocateAnyPages, EfiLoaderData, 2, &address);
    firmware.boot->FreePages(address + kPageBytes, 1); // the lower one would be taken next
}

EFI_STATUS EFIAPI set_variable(CHAR16* name, EFI_GUID* vendor, UINT32 attributes, UINTN bytes,
                               void* data) {
    for (UINTN i = 0; i < ranges_of_set_variable; ++i)
        lengthen_the_map();
    return firmware.runtime->SetVariable(name, vendor, attributes, bytes, data);
}

void reserve_acpi(UINT8* map, UINTN bytes, UINTN descriptor_bytes) {
    for (UINTN at = 0; at < bytes; at += descriptor_bytes) {
        auto& descriptor = *reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(map + at);
        if (descriptor.Type == EfiACPIReclaimMemory)
            descriptor.Type = EfiReservedMemoryType;
    }
}

EFI_STATUS EFIAPI get_memory_map(UINTN* bytes, EFI_MEMORY_DESCRIPTOR* map, UINTN* key,
                                 UINTN* descriptor_bytes, UINT32* version) {
    if (grows)
        lengthen_the_map();
    if (garbled_descriptor_bytes != 0)
        return get_garbled_map(bytes, map, key, descriptor_bytes, version);
    const EFI_STATUS status =
        firmware.boot->GetMemoryMap(bytes, map, key, descriptor_bytes, version);
    if (reserves_acpi && !failed(status))
        reserve_acpi(reinterpret_cast<UINT8*>(map), *bytes, *descriptor_bytes);
    return status;
}

} // namespace

void reserve_acpi_memory() {
    reserves_acpi = true;
}

void let_the_map_grow() {
    grows = true;
}

void let_set_variable_allocate(std::string_view arguments) {
    ranges_of_set_variable = take_number(arguments);
}

void garble_the_map(std::string_view arguments) {
    garbled_map = static_cast<EFI_MEMORY_DESCRIPTOR*>(
        allocate_pool(kMostDescriptors * sizeof(EFI_MEMORY_DESCRIPTOR)));
    garbled_descriptor_bytes = take_number(arguments);
    if (garbled_descriptor_bytes < sizeof(EFI_MEMORY_DESCRIPTOR))
        give_up("too small a descriptor", arguments);
}

void hook_get_memory_map(EFI_BOOT_SERVICES& boot) {
    boot.GetMemoryMap = get_memory_map;
    hook<Call::GetMemoryMap>(boot.GetMemoryMap);
}

void hook_set_variable(EFI_RUNTIME_SERVICES& runtime) {
    runtime.SetVariable = set_variable;
    hook<Call::SetVariable>(runtime.SetVariable);
}

LowMemory keep_low_memory(UINTN mib) {
    LowMemory kept{.address = 0, .pages = mib * kPagesPerMib};
    if (kept.pages != 0)
        kept.address =
            reinterpret_cast<UINTN>(allocate_pages(kept.pages, EfiBootServicesData, k4GiB));
    for (UINTN pages = UINTN{1} << 19; pages != 0; pages /= 2) {
        EFI_PHYSICAL_ADDRESS address = k4GiB - 1;
        while (!failed(firmware.boot->AllocatePages(AllocateMaxAddress, EfiReservedMemoryType,
                                                    pages, &address)))
            address = k4GiB - 1;
    }
    return kept;
}

void free_low_memory(const LowMemory& kept) {
    if (kept.pages != 0)
        firmware.boot->FreePages(kept.address, kept.pages);
}

} // namespace shim
