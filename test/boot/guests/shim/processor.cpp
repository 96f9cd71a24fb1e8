// SPDX-License-Identifier: BSD-2-Clause
#include "processor.hpp"

#include "firmware.hpp"
#include "paging/entry.hpp"

#include <cstring>

extern "C" {
void set_odd_registers();
/// All of this image, its stack and `pml5` lie below 4 GiB.
void turn_on_la57(UINT32 pml5);
}

namespace shim {

void dirty_processor() {
    set_odd_registers();
}

void enter_five_level_paging() {
    constexpr UINT32 kLa57 = 1u << 16; // CPUID 7.0 ECX
    UINT32 eax = 7, ebx = 0, ecx = 0, edx = 0;
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if ((ecx & kLa57) == 0)
        give_up("not in this processor", "LA57");
    constexpr UINT64 kPresentWritable = 3;
    constexpr UINTN kBytesPerTable = 4096;
    UINT64 cr3;
    asm volatile("mov %%cr3, %0" : "=r"(cr3));
    UINT8* const pml5 = allocate_pages(1, EfiBootServicesData, EFI_PHYSICAL_ADDRESS{1} << 32);
    std::memset(pml5, 0, kBytesPerTable);
    const UINT64 entry = cr3 | kPresentWritable;
    std::memcpy(pml5, &entry, sizeof entry);
    turn_on_la57(static_cast<UINT32>(reinterpret_cast<UINT64>(pml5)));
    say(Text().add("5-level paging is on"));
}

void split_large_page(UINT64 address) {
    namespace paging = baton::paging;
    constexpr UINT64 kLa57 = 1u << 12, kWriteProtect = 1u << 16; // of CR4, of CR0
    UINT64 cr0, cr3, cr4;
    asm volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2" : "=r"(cr0), "=r"(cr3), "=r"(cr4));
    unsigned level = (cr4 & kLa57) != 0 ? paging::kLevelsLa57 : paging::kLevels;
    UINT64* entry = nullptr;
    for (UINT64 table = cr3; level >= 2; --level, table = *entry) {
        entry = reinterpret_cast<UINT64*>(table & paging::kAddressMask) +
                paging::entry_index(address, level);
        if ((*entry & paging::kPresent) == 0)
            return;
    }
    if ((*entry & paging::kPageSize) == 0)
        return;
    const UINT64 first = *entry & ~paging::kPageSize;
    auto* const pages =
        reinterpret_cast<UINT64*>(allocate_pages(1, EfiBootServicesData, UINT64{1} << 32));
    for (UINTN i = 0; i < paging::kEntriesPerTable; ++i)
        pages[i] = first + i * paging::entry_bytes(1);
    asm volatile("mov %0, %%cr0" : : "r"(cr0 & ~kWriteProtect));
    *entry = reinterpret_cast<UINT64>(pages) | paging::kPresent | paging::kWritable;
    asm volatile("mov %0, %%cr0; mov %1, %%cr3" : : "r"(cr0), "r"(cr3) : "memory");
    say(Text().add("split the page at ").hex(address));
}

} // namespace shim
