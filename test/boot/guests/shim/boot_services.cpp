// SPDX-License-Identifier: BSD-2-Clause
#include "boot_services.hpp"

#include "faults.hpp"
#include "files.hpp"
#include "memory.hpp"
#include "variables.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace shim {
namespace {

struct Block {
    EFI_PHYSICAL_ADDRESS base;
    UINTN pages; // 0: from AllocatePool
};

/// What the loader has allocated. It frees some pools that other services gave it, which are not
/// here.
std::array<Block, 4096> blocks;
std::size_t block_count;

void remember(EFI_PHYSICAL_ADDRESS base, UINTN pages) {
    if (block_count == blocks.size())
        give_up("too many", "blocks");
    blocks[block_count++] = {base, pages};
}

void forget(EFI_PHYSICAL_ADDRESS base, UINTN pages) {
    auto* const end = blocks.data() + block_count;
    auto* const known = std::find_if(blocks.data(), end, [=](const Block& block) {
        return block.base == base && block.pages == pages;
    });
    if (known != end)
        *known = blocks[--block_count];
}

EFI_STATUS EFIAPI hooked_allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
                                        EFI_PHYSICAL_ADDRESS* address) {
    if (const auto status = planned_failure(Call::AllocatePages, __builtin_return_address(0)))
        return *status;
    const EFI_STATUS status = firmware.boot->AllocatePages(how, type, pages, address);
    if (!failed(status))
        remember(*address, pages);
    return status;
}

EFI_STATUS EFIAPI hooked_free_pages(EFI_PHYSICAL_ADDRESS address, UINTN pages) {
    forget(address, pages);
    return firmware.boot->FreePages(address, pages);
}

EFI_STATUS EFIAPI hooked_allocate_pool(EFI_MEMORY_TYPE type, UINTN bytes, void** memory) {
    if (const auto status = planned_failure(Call::AllocatePool, __builtin_return_address(0)))
        return *status;
    const EFI_STATUS status = firmware.boot->AllocatePool(type, bytes, memory);
    if (!failed(status))
        remember(reinterpret_cast<EFI_PHYSICAL_ADDRESS>(*memory), 0);
    return status;
}

EFI_STATUS EFIAPI hooked_free_pool(void* memory) {
    forget(reinterpret_cast<EFI_PHYSICAL_ADDRESS>(memory), 0);
    return firmware.boot->FreePool(memory);
}

EFI_STATUS EFIAPI hooked_set_watchdog_timer(UINTN seconds, UINT64 code, UINTN bytes, CHAR16* data) {
    if (const auto status = planned_failure(Call::SetWatchdogTimer, __builtin_return_address(0)))
        return *status;
    if (watchdog_is_shown)
        say(Text().add("watchdog ").decimal(seconds).add(" s"));
    return firmware.boot->SetWatchdogTimer(seconds / watchdog_divisor, code, bytes, data);
}

EFI_STATUS EFIAPI hooked_exit_boot_services(EFI_HANDLE image, UINTN key) {
    if (const auto status = planned_failure(Call::ExitBootServices, __builtin_return_address(0)))
        return *status;
    if (image_that_must_not_leave != nullptr)
        firmware.boot->Exit(image_that_must_not_leave, kWouldHaveBooted, 0, nullptr);
    if (exits_that_allocate != 0) {
        --exits_that_allocate;
        shim::allocate_pages(1, EfiRuntimeServicesData, EFI_PHYSICAL_ADDRESS{1} << 32);
    }
    if (calls_are_told)
        tell_calls();
    // From here on the services are the kernel's.
    if (!is_to_fail(Call::SetVirtualAddressMap))
        firmware.system->RuntimeServices = firmware.runtime;
    const EFI_STATUS status = firmware.boot->ExitBootServices(image, key);
    if (failed(status))
        say(Text().add("ExitBootServices did not accept the key"));
    return status;
}

/// Nobody presses a key here: the loader need not wait for one.
EFI_STATUS EFIAPI hooked_stall(UINTN microseconds) {
    constexpr UINTN kLongestThatMeasures = 1000;
    return microseconds > kLongestThatMeasures ? EFI_SUCCESS : firmware.boot->Stall(microseconds);
}

} // namespace

void hook_services() {
    auto* const boot = static_cast<EFI_BOOT_SERVICES*>(allocate_pool(sizeof(EFI_BOOT_SERVICES)));
    *boot = *firmware.boot;
    boot->AllocatePages = hooked_allocate_pages;
    boot->FreePages = hooked_free_pages;
    boot->AllocatePool = hooked_allocate_pool;
    boot->FreePool = hooked_free_pool;
    boot->ExitBootServices = hooked_exit_boot_services;
    boot->Stall = hooked_stall;
    hook_get_memory_map(*boot);
    hook<Call::HandleProtocol>(boot->HandleProtocol);
    hook<Call::LocateProtocol>(boot->LocateProtocol);
    hook<Call::LocateHandleBuffer>(boot->LocateHandleBuffer);
    hook<Call::LocateDevicePath>(boot->LocateDevicePath);
    hook<Call::LoadImage>(boot->LoadImage);
    boot->SetWatchdogTimer = hooked_set_watchdog_timer;
    firmware.system->BootServices = boot;

    auto* const runtime =
        static_cast<EFI_RUNTIME_SERVICES*>(allocate_pool(sizeof(EFI_RUNTIME_SERVICES)));
    *runtime = *firmware.runtime;
    hook_get_variable(*runtime);
    hook<Call::GetTime>(runtime->GetTime);
    hook<Call::SetVirtualAddressMap>(runtime->SetVirtualAddressMap);
    hook_set_variable(*runtime);
    firmware.system->RuntimeServices = runtime;
}

Held held() {
    Held sum{.pages = 0, .pools = 0, .files = files_open()};
    for (const Block& block : std::span(blocks).first(block_count)) {
        sum.pages += block.pages;
        sum.pools += block.pages == 0 ? 1 : 0;
    }
    return sum;
}

void free_what_is_held() {
    close_open_files();
    while (block_count != 0) {
        const Block block = blocks[--block_count];
        if (block.pages == 0)
            firmware.boot->FreePool(reinterpret_cast<void*>(block.base));
        else
            firmware.boot->FreePages(block.base, block.pages);
    }
}

} // namespace shim
