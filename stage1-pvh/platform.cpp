// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-pvh/platform.hpp"

#include "core/video_mode.hpp"
#include "cpu/instructions.hpp"
#include "memory/normalise.hpp"
#include "stage1-pvh/machine.hpp"
#include "stage1/interrupts.hpp"
#include "stage1/processor_facts.hpp"
#include "stage1/table_bytes.hpp"
#include "stage1/watchdog.hpp"

#include <algorithm>
#include <cstring>

namespace baton {

Result<FileSource*> StartPlatform::open_kernel(std::string_view) {
    return &given_.modules.front().file;
}

Result<FileSource*> StartPlatform::open_module(std::string_view path) {
    const auto modules = given_.modules.subspan(1);
    const auto found = std::ranges::find_if(
        modules, [&](const NamedModule& module) { return module.entry.path == path; });
    if (found == modules.end())
        return std::unexpected(Error(ErrorCode::file_not_found).about(path));
    return &found->file;
}

Result<MachineFacts> StartPlatform::facts(Arena& /*arena*/) {
    const FirmwareTables& tables = given_.tables;
    MachineFacts facts{.rsdp = tables.rsdp.value,
                       .smbios = tables.smbios.value,
                       .smbios3 = tables.smbios3.value,
                       .efi_system_table = tables.efi_system_table.value,
                       .firmware_revision = tables.firmware_revision,
                       .uefi_revision = tables.uefi_revision,
                       .unix_time_seconds = read_clock(),
                       .firmware_state = read_firmware_state(),
                       .virtualization = read_virtualization(),
                       .firmware_vendor = tables.firmware_vendor.data()};
    facts.unix_time_tsc = facts.unix_time_seconds == 0 ? 0 : cpu::read_tsc();
    facts.firmware_cr3 = facts.firmware_state.cr3;
    add_table_bytes(MappedMemory(), facts);
    return facts;
}

/// With some for the blocks that the records will take.
Result<std::size_t> StartPlatform::reserve_memory_map() {
    constexpr std::size_t kBlocksToSpare = 16;
    return given_.start.memory.entries().size() + given_.start.structures.entries().size() +
           given_.tables.ranges.ranges().size() + given_.tables.efi_ranges.ranges().size() + 1 +
           given_.frames.blocks().size() + kBlocksToSpare;
}

Result<std::span<TypedRange>> StartPlatform::read_memory_map(std::span<TypedRange> buffer) {
    std::size_t count = 0;
    const auto add = [&](const TypedRange& range) {
        if (count < buffer.size())
            buffer[count] = range;
        ++count;
    };
    for (const TypedRange& range : given_.start.memory.entries())
        add(range);
    add({.range = image_range(), .type = BATON_MEMORY_LOADER_RECLAIMABLE, .origin = "stage 1"});
    for (const PhysRange& range : given_.tables.ranges.ranges())
        add({.range = range, .type = BATON_MEMORY_ACPI_RECLAIMABLE});
    for (const PhysRange& range : given_.tables.efi_ranges.ranges())
        add(firmware_tables(range, BATON_MEMORY_LOADER_RECLAIMABLE));
    for (const PhysRange& range : given_.start.structures.entries())
        add({.range = range,
             .type = BATON_MEMORY_LOADER_RECLAIMABLE,
             .origin = "start information"});
    for (const FrameBlock& block : given_.frames.blocks())
        add(block.typed());
    if (count > buffer.size())
        return fail(ErrorCode::memory_map_too_long, {count, buffer.size()});
    return buffer.first(count);
}

Result<acpi::Processors> StartPlatform::processors(Arena& arena) {
    return acpi::find_processors(MappedMemory(), given_.tables.rsdp, arena);
}

/// Without UEFI, memory() has them.
Result<std::span<const PhysRange>> StartPlatform::reserved_tables(Arena& arena) {
    const EfiMemoryMap map(given_.start.efi_map, given_.start.efi_descriptor_bytes);
    const auto tables = given_.tables.efi_ranges.ranges();
    return efi_reserved_parts(map, tables,
                              TRY(arena.scratch<PhysRange>(map.size() + tables.size())));
}

Result<Displays> StartPlatform::find_displays(const Requests& requests, Arena& arena) {
    const auto& request = requests.framebuffer;
    if (!given_.start.framebuffer)
        return Platform::find_displays(requests, arena);
    const BatonFramebuffer& screen = *given_.start.framebuffer;
    const bool matches =
        (request.width == 0 && request.height == 0) ||
        (request.width == screen.width_pixels && request.height == screen.height_pixels);
    if (!matches && request.required)
        return request_not_met(BATON_REQUEST_FRAMEBUFFER, request.width, request.height);
    mode_ = mode_of(screen);
    display_ = {.framebuffer = screen, .edid = given_.start.edid, .modes = {&mode_, 1}};
    return Displays{.all = {&display_, 1}, .has_requested_mode = matches};
}

Result<void> StartPlatform::make_executable(PhysRange code, PhysRange /*data*/) {
    return map_machine(given_.frames, given_.memory, code, given_.huge_pages);
}

std::optional<WatchdogPlan> StartPlatform::find_watchdog(uint32_t seconds,
                                                         std::span<const PhysRange> avoid) {
    return baton::find_watchdog(given_.tables.rsdp, seconds, avoid);
}

FirmwareMap StartPlatform::firmware_map() {
    const StartInfo& start = given_.start;
    if (start.efi_map.empty())
        return {};
    return {start.efi_map, static_cast<uint32_t>(start.efi_descriptor_bytes),
            start.efi_descriptor_version};
}

InterruptPlan StartPlatform::find_interrupts(const InterruptChoice& choice,
                                             std::span<const PhysRange> memory) {
    return baton::find_interrupts(given_.tables.rsdp, choice, memory);
}

void StartPlatform::mask_interrupts(const InterruptPlan& plan) {
    baton::mask_interrupts(plan);
}

void StartPlatform::start_watchdog(const WatchdogPlan& plan) {
    baton::start_watchdog(plan);
}

namespace {

bool is_ram(BatonMemoryType type) {
    return type == BATON_MEMORY_USABLE || type == BATON_MEMORY_LOADER_RECLAIMABLE ||
           type == BATON_MEMORY_ACPI_RECLAIMABLE || type == BATON_MEMORY_ACPI_NVS;
}

} // namespace

Result<std::span<const PhysRange>> memory_to_map(const StartInfo& start,
                                                 const FirmwareTables& tables, Arena& arena) {
    if (!start.efi_map.empty()) {
        const EfiMemoryMap efi(start.efi_map, start.efi_descriptor_bytes);
        return efi_cacheable_ranges(efi, TRY(arena.scratch<PhysRange>(efi.size())));
    }
    const auto map = start.memory.entries();
    const auto tables_of_firmware = tables.ranges.ranges();
    const auto ranges = TRY(arena.scratch<PhysRange>(map.size() + tables_of_firmware.size()));
    std::size_t count = 0;
    for (const TypedRange& range : map)
        if (is_ram(range.type))
            ranges[count++] = range.range;
    for (const PhysRange& range : tables_of_firmware)
        ranges[count++] = range;
    return ranges.first(count);
}

} // namespace baton
