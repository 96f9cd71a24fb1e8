// SPDX-License-Identifier: BSD-2-Clause
#include "processor.hpp"

#include "firmware.hpp"

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

} // namespace shim
