// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 1 for UEFI: the application that firmware starts.
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "log/log.hpp"
#include "stage1-efi/boot_entries.hpp"
#include "stage1-efi/boot_history.hpp"
#include "stage1-efi/console.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/platform.hpp"
#include "stage1-efi/random_source.hpp"
#include "stage1-efi/step_limit.hpp"
#include "stage1-efi/time_source.hpp"
#include "stage1/boot.hpp"
#include "stage1/processor.hpp"
#include "stage1/qemu.hpp"

#include <utility>

/// Where the firmware has loaded this image: the linker's symbol for its first byte.
extern "C" const std::byte __image_base__[]; // NOLINT(readability-identifier-naming)

namespace {

using baton::Error;
using baton::ErrorCode;

/// What the firmware gets, UEFI 2.10 appendix D. Others: the kernel is at fault.
constexpr struct {
    ErrorCode code;
    uint8_t status;
} kStatuses[] = {
    {ErrorCode::cpu_lacks_no_execute, EFI_UNSUPPORTED & 0xff},
    {ErrorCode::guest_memory_encrypted, EFI_UNSUPPORTED & 0xff},
    {ErrorCode::random_numbers_missing, EFI_UNSUPPORTED & 0xff},
    {ErrorCode::request_not_met, EFI_UNSUPPORTED & 0xff},
    {ErrorCode::request_unknown, EFI_UNSUPPORTED & 0xff},
    {ErrorCode::boot_volume_not_found, EFI_NOT_FOUND & 0xff},
    {ErrorCode::boot_server_unknown, EFI_NOT_FOUND & 0xff},
    {ErrorCode::kernel_not_found, EFI_NOT_FOUND & 0xff},
    {ErrorCode::file_not_found, EFI_NOT_FOUND & 0xff},
    {ErrorCode::boot_volume_unreadable, EFI_DEVICE_ERROR & 0xff},
    {ErrorCode::tftp_failed, EFI_DEVICE_ERROR & 0xff},
    {ErrorCode::file_unreadable, EFI_DEVICE_ERROR & 0xff},
    {ErrorCode::file_read_short, EFI_DEVICE_ERROR & 0xff},
    {ErrorCode::not_signed, EFI_SECURITY_VIOLATION & 0xff},
    {ErrorCode::container_refused, EFI_SECURITY_VIOLATION & 0xff},
    {ErrorCode::container_without_sbat, EFI_SECURITY_VIOLATION & 0xff},
    {ErrorCode::out_of_memory, EFI_OUT_OF_RESOURCES & 0xff},
    {ErrorCode::memory_map_unavailable, EFI_ABORTED & 0xff},
    {ErrorCode::memory_map_too_long, EFI_ABORTED & 0xff},
    {ErrorCode::exit_boot_services_failed, EFI_ABORTED & 0xff},
    {ErrorCode::stage2_mismatch, EFI_ABORTED & 0xff},
};

EFI_STATUS status_for(ErrorCode code) {
    for (const auto& known : kStatuses)
        if (known.code == code)
            return EFIERR(known.status);
    return EFI_LOAD_ERROR;
}

} // namespace

namespace baton {
namespace {

/// Memory for the log, which the kernel gets; without it the log is on the consoles alone.
std::span<char> allocate_log_memory(const efi::Firmware& firmware) {
    constexpr UINTN kBytes = 32768;
    void* memory = nullptr;
    if (efi::failed(firmware.boot()->AllocatePool(EfiLoaderData, kBytes, &memory)))
        return {};
    return {static_cast<char*>(memory), kBytes};
}

void log_machine(const efi::Firmware& firmware, const FirmwareMemory& memory, Log& log) {
    const uint32_t revision = firmware.system->Hdr.Revision;
    Text text;
    text.add("firmware: ");
    for (const CHAR16* vendor = firmware.system->FirmwareVendor; vendor && *vendor != 0; ++vendor)
        text.add(*vendor < 0x7f ? static_cast<char>(*vendor) : '?');
    log.line(text.put(", UEFI %d.%d, page tables at %x", revision >> 16, (revision & 0xffff) / 10,
                      memory.cr3));
}

/// The entry's text, and its command line.
void measure(Tpm& tpm, const EntryFinder& entries, const BootEntry& entry) {
    if (!entries.origin().empty())
        tpm.measure(Tpm::kTexts, "entry", entries.origin(), bytes_of(entries.text()));
    if (!entry.command_line.empty())
        tpm.measure(Tpm::kTexts, "command line", entry.command_line, bytes_of(entry.command_line));
}

/// Boots an entry. Returns only if that can't be done: then all memory has been given back, but for
/// exit_boot_services_failed, after which none can be.
Error boot_entry(const EfiPlatform::Given& given, const PreviousBoot& previous,
                 const BootEntry& entry) {
    EfiPlatform platform(given);
    if (entry.debug == Debug::wait)
        end_step_limit();
    else
        start_step_limit(given.firmware);
    RandomNumbers random{};
    draw_random_numbers(given.firmware, random);
    const Error error = boot({.platform = platform,
                              .entry = entry,
                              .log = given.log,
                              .stage2 = stage2_bytes(),
                              .processor = read_processor(),
                              .random = random,
                              .ports = given.console.ports(),
                              .previous = previous,
                              .path = BATON_BOOT_PATH_UEFI},
                             {reinterpret_cast<uint64_t>(__image_base__)});
    random.forget();
    return error;
}

/// Returns only if the machine has no device isa-debug-exit.
void leave_qemu(const efi::Firmware& firmware, Console& console, const Error& error, Log& log) {
    console.write_line(Text().error(error).view());
    if (console.attached_to_firmware())
        leave_boot_mark(firmware, {.error = Text().error(error).view()}, log);
    end_qemu(kExitPort, kExitNothingBooted);
}

/// Tries one entry after the other. Returns only with the last one's error.
Error boot_something(const efi::Firmware& firmware, Console& console, Log& log) {
    if (!cpu::has_no_execute())
        return Error(ErrorCode::cpu_lacks_no_execute);
    if (const char* const technique = find_encrypted_guest(); technique != nullptr)
        return Error(ErrorCode::guest_memory_encrypted).about(technique);
    const FirmwareMemory memory = find_firmware_memory();
    log_machine(firmware, memory, log);
    log.step("machine checked");
    const PreviousBoot previous = find_previous_boot(firmware, memory, log);

    FirmwareFrames frames(firmware, memory.occupied);
    if (const auto map = frames.memory_map(); !map)
        return map.error(); // nothing could be booted
    Tpm tpm(firmware, log);
    Trust trust;
    if (const auto found = trust.find(firmware); !found)
        return found.error();
    if (trust.bundle.has_content())
        tpm.measure(trust.bundle);
    auto volume = open_boot_volume(firmware, frames, log);
    if (!volume) {
        if (!trust.bundle.has_content())
            return volume.error();
        log.line("no files but the bundle's: %e", volume.error());
        volume.emplace();
    }
    VolumeEntries source(firmware, *volume, frames, log);
    EntryFinder entries({.source = source,
                         .frames = frames,
                         .log = log,
                         .load_options = load_options(firmware),
                         .bundle = trust.bundle,
                         .enforced = trust.verifier != BATON_VERIFIED_BY_NOBODY});
    trust.enforced = entries.enforced();
    trust.describe(log);

    bool is_first = true;
    while (const BootEntry* const entry = entries.next()) {
        if (std::exchange(is_first, false))
            log.step("entries found");
        Text text;
        text.put("booting %v", entry->kernel);
        if (!entries.origin().empty())
            text.put(" of %v", entries.origin());
        log.line(text);
        log.be_quiet(entry->log == LogTo::memory);
        if (entry->log == LogTo::screen)
            console.show_log(log.text());
        measure(tpm, entries, *entry);
        const BootFiles::Given files{.firmware = firmware,
                                     .volume = *volume,
                                     .trust = trust,
                                     .tpm = tpm,
                                     .log = log,
                                     .enforced = trust.enforced || entry->enforce == Switch::on,
                                     .must_measure = entry->measure == Measure::required};
        const Error error = boot_entry({.firmware = firmware,
                                        .firmware_memory = memory,
                                        .files = files,
                                        .entries_frames = frames,
                                        .console = console,
                                        .log = log},
                                       previous, *entry);
        if (entry->after_fault.action == AfterFault::Action::exit)
            leave_qemu(firmware, console, error, log);
        if (!entries.has_next() || !console.attached_to_firmware())
            return error;
        console.write_line(Text().error(error).view());
        log.be_quiet(false);
    }
    return Error(ErrorCode::kernel_not_found);
}

} // namespace
} // namespace baton

extern "C" EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE* system) {
    using namespace baton;
    const uint64_t start = cpu::read_tsc();
    const efi::Firmware firmware{image, system};
    start_step_limit(firmware);

    Console console(firmware);
    const std::span<char> log_memory = allocate_log_memory(firmware);
    Log log(console, {.read = cpu::read_tsc, .start = start, .hz = find_tsc_hz(firmware)},
            log_memory);
    log.step("stage 1 started");
    log.line("Baton " BATON_VERSION ", stage 1 for UEFI, at %x",
             reinterpret_cast<uint64_t>(__image_base__));

    const Error error = boot_something(firmware, console, log);
    console.show_log(log.text()); // the way to the error
    console.write_line(Text().error(error).view());
    if (console.attached_to_firmware()) {
        leave_boot_mark(firmware, {.error = Text().error(error).view()}, log);
        console.write_line("back to the firmware: press a key, or wait 3 seconds");
        console.wait_for_key();
        end_step_limit();
        if (!log_memory.empty())
            firmware.boot()->FreePool(log_memory.data());
    }
    return status_for(error.code);
}
