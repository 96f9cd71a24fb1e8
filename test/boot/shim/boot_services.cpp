// SPDX-License-Identifier: BSD-2-Clause
#include "boot_services.hpp"

#include "files.hpp"

#include <algorithm>
#include <array>

namespace shim {
namespace {

UINTN pages_held;

/// Blocks from AllocatePool: the loader frees some that other services gave it, which don't count.
std::array<void*, 4096> pools;
std::size_t pool_count;

EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                 EFI_PHYSICAL_ADDRESS* address) {
    const EFI_STATUS status = firmware.boot->AllocatePages(how, type, pages, address);
    if (!failed(status))
        pages_held += pages;
    return status;
}

EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS address, UINTN pages) {
    const EFI_STATUS status = firmware.boot->FreePages(address, pages);
    if (!failed(status))
        pages_held -= pages;
    return status;
}

EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, void** memory) {
    const EFI_STATUS status = firmware.boot->AllocatePool(type, bytes, memory);
    if (failed(status))
        return status;
    if (pool_count == pools.size())
        give_up("too many", "pools");
    pools[pool_count++] = *memory;
    return status;
}

EFI_STATUS EFIAPI free_pool(void* memory) {
    auto* const end = pools.data() + pool_count;
    auto* const known = std::find(pools.data(), end, memory);
    if (known != end)
        *known = pools[--pool_count];
    return firmware.boot->FreePool(memory);
}

/// Nobody presses a key here: the loader need not wait for one.
EFI_STATUS EFIAPI stall(UINTN microseconds) {
    constexpr UINTN kLongestThatMeasures = 1000;
    return microseconds > kLongestThatMeasures ? EFI_SUCCESS : firmware.boot->Stall(microseconds);
}

} // namespace

void hook_boot_services() {
    auto* const table =
        static_cast<EFI_BOOT_SERVICES*>(shim::allocate_pool(sizeof(EFI_BOOT_SERVICES)));
    *table = *firmware.boot;
    table->AllocatePages = allocate_pages;
    table->FreePages = free_pages;
    table->AllocatePool = allocate_pool;
    table->FreePool = free_pool;
    table->Stall = stall;
    firmware.system->BootServices = table;
}

Held held() {
    return {.pages = pages_held, .pools = pool_count, .files = files_open()};
}

} // namespace shim
