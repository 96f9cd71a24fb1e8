// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/watchdog.hpp"

#include "config/boot_entry.hpp"
#include "elf/image.hpp"
#include "protocols/baton/notes.hpp"
#include "tools/baton/compressed_files.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"

#include <array>

namespace baton::tool {
namespace {

/// What it takes from QEMU's start to the kernel, and for the report.
unsigned seconds_to_boot(std::string_view boot_path) {
    constexpr unsigned kWithFirmware = 5, kWithout = 1;
    const bool has_firmware = boot_path == "uefi" || boot_path.starts_with("multiboot2");
    return has_firmware ? kWithFirmware : kWithout;
}

/// Of its notes; 0: none that can be read.
unsigned requested_watchdog(const std::filesystem::path& kernel) {
    const ScratchDirectory scratch;
    const auto bytes = read_file(decompressed(kernel, scratch));
    const auto image = elf::Image::parse(bytes);
    std::array<RequestedModule, kMaxRequestedModules> modules;
    Requests requests;
    requests.modules = modules;
    for (uint32_t i = 0; image && i < image->program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image->program_header(i);
        if (header.p_type != elf::PT_NOTE || !fits(header.p_offset, header.p_filesz, bytes.size()))
            continue;
        const Bytes notes = Bytes(bytes).subspan(header.p_offset, header.p_filesz);
        if (!take_notes(elf::NoteReader(notes, header.p_align, i), requests))
            return 0; // the loader will say what is wrong
    }
    return requests.watchdog_seconds;
}

} // namespace

unsigned seconds_for_kernel(const MachineOptions& machine) {
    const unsigned before = seconds_to_boot(machine.boot_path);
    return machine.timeout_seconds <= before ? 0 : machine.timeout_seconds - before;
}

std::optional<unsigned> watchdog_before_timeout(const MachineOptions& machine,
                                                const std::filesystem::path& kernel) {
    const unsigned seconds = seconds_for_kernel(machine);
    const bool has_timer = machine.boot_path != "microvm"; // it has no HPET
    if (!has_timer || seconds == 0 || seconds > kMostWatchdogSeconds)
        return {};
    const unsigned requested = requested_watchdog(kernel);
    return requested != 0 && requested <= seconds ? std::nullopt : std::optional(seconds);
}

} // namespace baton::tool
