// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 1 for UEFI: the application that firmware starts.
#include "stage1-efi/boot.hpp"
#include "stage1-efi/console.hpp"
#include "stage1-efi/cpu.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/log.hpp"
#include "stage1-efi/time_source.hpp"

/// Where the firmware has loaded this image: the linker's symbol for its first byte.
extern "C" const std::byte __image_base__[]; // NOLINT(readability-identifier-naming)

namespace {

using baton::Error;
using baton::ErrorCode;

/// What the firmware is told, UEFI 2.10 appendix D.
EFI_STATUS status_for(ErrorCode code) {
    switch (code) {
    case ErrorCode::cpu_lacks_no_execute:
    case ErrorCode::five_level_paging_active:
        return EFI_UNSUPPORTED;
    case ErrorCode::boot_volume_not_found:
    case ErrorCode::kernel_not_found:
        return EFI_NOT_FOUND;
    case ErrorCode::boot_volume_unreadable:
    case ErrorCode::kernel_unreadable:
    case ErrorCode::kernel_read_short:
        return EFI_DEVICE_ERROR;
    case ErrorCode::out_of_memory:
        return EFI_OUT_OF_RESOURCES;
    case ErrorCode::memory_map_unavailable:
    case ErrorCode::exit_boot_services_failed:
    case ErrorCode::stage2_mismatch:
        return EFI_ABORTED;
    default: // the kernel is at fault
        return EFI_LOAD_ERROR;
    }
}

} // namespace

extern "C" EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE* system) {
    const uint64_t start = baton::cpu::read_tsc();
    const baton::efi::Firmware firmware{image, system};
    // Firmware gives a boot application five minutes and then resets the machine.
    firmware.boot()->SetWatchdogTimer(0, 0, 0, nullptr);

    baton::Console console(firmware);
    baton::Log log(console, start, baton::find_tsc_hz(firmware));
    log.step("stage 1 started");
    log.line(baton::Text()
                 .add("Baton " BATON_VERSION ", stage 1 for UEFI, at ")
                 .hex(reinterpret_cast<uint64_t>(__image_base__)));

    const Error error = [&] { return baton::Boot(firmware, console, log).run(); }();
    console.write_line(baton::Text().error(error).view());
    if (console.attached_to_firmware()) {
        console.write_line("back to the firmware: press a key, or wait 3 seconds");
        console.wait_for_key();
    }
    return status_for(error.code);
}
