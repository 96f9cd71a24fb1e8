// SPDX-License-Identifier: BSD-2-Clause
//
// The application that the firmware starts. It fills free memory with garbage, says when it starts
// the loader under test, \EFI\BOOT\LOADER.EFI of the same volume, and starts it. The firmware's
// watchdog is off: where instructions are counted, a second is some of the time it takes to hash a
// loader of MiB. On the debug console:
//
//     loop 0x…    TSC difference over a loop of 2,000,000 instructions
//     hz 0x…      frequency of the TSC
//     filled 0x…  pages that are full of garbage
//     start 0x…   TSC when it asked the firmware to load the loader
//     waited 0x…  ticks of the TSC from then to ExitBootServices in Stall and CheckEvent, in which
//                 drivers wait for disks: how many instructions that takes depends on the host
#include "application.hpp"

#include <cstring>

namespace bench {
namespace {

constexpr EFI_GUID kDevicePathGuid = EFI_DEVICE_PATH_PROTOCOL_GUID;
constexpr char16_t kLoader[] = u"\\EFI\\BOOT\\LOADER.EFI";

void print_loop() {
    uint32_t rounds = 1'000'000;
    asm volatile("cli"); // the firmware's timer would be counted as well
    const uint64_t start = read_tsc();
    asm volatile("1: dec %0; jnz 1b" : "+r"(rounds) : : "cc");
    const uint64_t ticks = read_tsc() - start;
    asm volatile("sti");
    print("loop", ticks);
}

void print_frequency(EFI_BOOT_SERVICES* boot) {
    constexpr UINTN kMicroseconds = 20'000;
    const uint64_t start = read_tsc();
    require(boot->Stall(kMicroseconds), "Stall");
    print("hz", (read_tsc() - start) * (1'000'000 / kMicroseconds));
}

void fill_page(uint64_t* page) {
    constexpr std::size_t kWords = kPageBytes / sizeof *page;
    volatile uint64_t* const words = page; // so that it doesn't become a call of memset
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kWords; ++i)
        words[i] = kGarbage;
}

/// Free memory is not allocated for it: the firmware fills what it is given back.
void fill_free_memory(EFI_BOOT_SERVICES* boot) {
    static UINT8 map[65536];
    UINTN bytes = sizeof map, key = 0, descriptor_bytes = 0;
    UINT32 version = 0;
    require(boot->GetMemoryMap(&bytes, reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(map), &key,
                               &descriptor_bytes, &version),
            "GetMemoryMap");
    uint64_t filled = 0;
    for (UINTN at = 0; at < bytes; at += descriptor_bytes) {
        EFI_MEMORY_DESCRIPTOR range;
        std::memcpy(&range, map + at, sizeof range);
        if (range.Type != EfiConventionalMemory)
            continue;
        for (UINT64 page = 0; page < range.NumberOfPages; ++page) {
            const UINT64 address = range.PhysicalStart + page * kPageBytes;
            if (address == 0) // may be unmapped, to catch null pointers
                continue;
            fill_page(reinterpret_cast<uint64_t*>(address));
            ++filled;
        }
    }
    print("filled", filled);
}

decltype(EFI_BOOT_SERVICES::Stall) real_stall;
decltype(EFI_BOOT_SERVICES::CheckEvent) real_check_event;
decltype(EFI_BOOT_SERVICES::ExitBootServices) real_exit_boot_services;
uint64_t ticks_waited;

EFI_STATUS EFIAPI stall(UINTN microseconds) {
    const uint64_t start = read_tsc();
    const EFI_STATUS status = real_stall(microseconds);
    ticks_waited += read_tsc() - start;
    return status;
}

/// NVMe's driver does nothing else in a loop that waits: then all of the loop is waiting.
EFI_STATUS EFIAPI check_event(EFI_EVENT event) {
    constexpr uint64_t kLoopTicks = uint64_t{200} << 6; // 200 instructions
    static EFI_EVENT last_event;
    static uint64_t last_end;
    const uint64_t start = read_tsc();
    const bool is_loop = event == last_event && start - last_end < kLoopTicks;
    const EFI_STATUS status = real_check_event(event);
    const uint64_t end = read_tsc();
    ticks_waited += end - (is_loop ? last_end : start);
    last_event = event;
    last_end = end;
    return status;
}

EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key) {
    print("waited", ticks_waited);
    return real_exit_boot_services(image, key);
}

/// In the firmware's own table: its drivers call what is in it, too.
void watch_waiting(EFI_BOOT_SERVICES* boot) {
    real_stall = boot->Stall;
    real_check_event = boot->CheckEvent;
    real_exit_boot_services = boot->ExitBootServices;
    boot->Stall = stall;
    boot->CheckEvent = check_event;
    boot->ExitBootServices = exit_boot_services;
}

UINTN length(const EFI_DEVICE_PATH* node) {
    return node->Length[0] | UINTN{node->Length[1]} << 8;
}

void set_length(EFI_DEVICE_PATH* node, UINTN bytes) {
    node->Length[0] = static_cast<UINT8>(bytes);
    node->Length[1] = static_cast<UINT8>(bytes >> 8);
}

/// UEFI 2.10 section 10.3.5.4: the volume's path, then a node with the file's.
EFI_DEVICE_PATH* path_of_loader(EFI_BOOT_SERVICES* boot, EFI_HANDLE volume) {
    alignas(8) static UINT8 path[1024];
    const auto* const device = protocol_on<UINT8>(boot, volume, kDevicePathGuid);
    UINTN bytes = 0;
    const auto node_at = [](const UINT8* at) {
        return reinterpret_cast<const EFI_DEVICE_PATH*>(at);
    };
    while (node_at(device + bytes)->Type != END_DEVICE_PATH_TYPE)
        bytes += length(node_at(device + bytes));
    if (bytes + sizeof kLoader + 2 * sizeof(EFI_DEVICE_PATH) > sizeof path)
        require(EFI_BUFFER_TOO_SMALL, "device path");
    std::memcpy(path, device, bytes);
    auto* const file = reinterpret_cast<EFI_DEVICE_PATH*>(path + bytes);
    *file = {.Type = MEDIA_DEVICE_PATH, .SubType = MEDIA_FILEPATH_DP, .Length = {}};
    set_length(file, sizeof *file + sizeof kLoader);
    std::memcpy(file + 1, kLoader, sizeof kLoader);
    auto* const end = reinterpret_cast<EFI_DEVICE_PATH*>(path + bytes + length(file));
    *end = {.Type = END_DEVICE_PATH_TYPE, .SubType = END_ENTIRE_DEVICE_PATH_SUBTYPE, .Length = {}};
    set_length(end, sizeof *end);
    return reinterpret_cast<EFI_DEVICE_PATH*>(path);
}

} // namespace
} // namespace bench

extern "C" EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE* system) {
    using namespace bench;
    EFI_BOOT_SERVICES* const boot = system->BootServices;
    EFI_DEVICE_PATH* const path = path_of_loader(boot, boot_device(boot, image));
    require(boot->SetWatchdogTimer(0, 0, 0, nullptr), "SetWatchdogTimer");
    print_loop();
    print_frequency(boot);
    fill_free_memory(boot);
    watch_waiting(boot);
    EFI_HANDLE loader = nullptr;
    print("start", read_tsc());
    require(boot->LoadImage(0, image, path, nullptr, 0, &loader), "LoadImage");
    require(boot->StartImage(loader, nullptr, nullptr), "StartImage");
    print("bench: the loader came back\n");
    finish(false);
}
