// SPDX-License-Identifier: BSD-2-Clause
#include "memory.hpp"

namespace shim {
namespace {

constexpr EFI_PHYSICAL_ADDRESS k4GiB = EFI_PHYSICAL_ADDRESS{1} << 32;
constexpr UINTN kPagesPerMib = 256;

} // namespace

void leave_low_memory(std::string_view mib) {
    const UINTN kept_pages = take_number(mib) * kPagesPerMib;
    const auto* const kept = allocate_pages(kept_pages, EfiBootServicesData, k4GiB);
    for (UINTN pages = UINTN{1} << 19; pages != 0; pages /= 2) {
        EFI_PHYSICAL_ADDRESS address = k4GiB - 1;
        while (!failed(firmware.boot->AllocatePages(AllocateMaxAddress, EfiReservedMemoryType,
                                                    pages, &address)))
            address = k4GiB - 1;
    }
    firmware.boot->FreePages(reinterpret_cast<EFI_PHYSICAL_ADDRESS>(kept), kept_pages);
}

} // namespace shim
