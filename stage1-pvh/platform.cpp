// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-pvh/platform.hpp"

#include "cpu/instructions.hpp"
#include "handoff/memory.hpp"
#include "memory/normalise.hpp"
#include "stage1-pvh/machine.hpp"
#include "stage1/processor_facts.hpp"
#include "stage1/watchdog.hpp"

#include <algorithm>
#include <cstring>

namespace baton {

Result<uint64_t> MemoryFile::size() {
    return contents_.bytes;
}

Result<void> MemoryFile::read(uint64_t offset, std::span<std::byte> into) {
    std::memcpy(into.data(), reinterpret_cast<const std::byte*>(contents_.base.value) + offset,
                into.size());
    return {};
}

Result<FileSource*> StartPlatform::open_kernel(std::string_view) {
    kernel_ = MemoryFile(given_.modules.front().contents);
    return &kernel_;
}

Result<FileSource*> StartPlatform::open_module(std::string_view path) {
    const auto modules = given_.modules.subspan(1);
    const auto found = std::ranges::find_if(
        modules, [&](const NamedModule& module) { return module.entry.path == path; });
    if (found == modules.end())
        return std::unexpected(Error(ErrorCode::file_not_found).about(path));
    module_ = MemoryFile(found->contents);
    return &module_;
}

Result<Platform::Needs> StartPlatform::prepare() {
    return Needs{
        .fact_bytes = BootRecord::data_bytes({given_.tables.firmware_vendor.data()}),
        .claims = given_.start.memory.entries().size() + given_.start.structures.entries().size() +
                  given_.tables.ranges.ranges().size() + given_.tables.efi_ranges.ranges().size() +
                  1 + given_.frames.blocks().size()};
}

void StartPlatform::add_facts(BootRecord& record) {
    BatonBootInfo& info = record.info();
    info.firmware_state = read_firmware_state();
    info.firmware_cr3 = info.firmware_state.cr3;
    info.virtualization = read_virtualization();
    info.unix_time_seconds = read_clock();
    info.unix_time_tsc = info.unix_time_seconds == 0 ? 0 : cpu::read_tsc();
    const FirmwareTables& tables = given_.tables;
    info.rsdp_physical = tables.rsdp.value;
    info.smbios_physical = tables.smbios.value;
    info.smbios3_physical = tables.smbios3.value;
    info.efi_system_table_physical = tables.efi_system_table.value;
    info.uefi_revision = tables.uefi_revision;
    info.firmware_revision = tables.firmware_revision;
    info.firmware_vendor = record.add_text(tables.firmware_vendor.data());
}

std::size_t StartPlatform::claim_memory(std::span<TypedRange> room) {
    std::size_t count = 0;
    const auto add = [&](const TypedRange& claim) {
        if (count < room.size())
            room[count] = claim;
        ++count;
    };
    for (const TypedRange& claim : given_.start.memory.entries())
        add(claim);
    add({.range = image_range(), .type = BATON_MEMORY_LOADER_RECLAIMABLE, .origin = "stage 1"});
    for (const PhysRange& range : given_.tables.ranges.ranges())
        add({.range = range, .type = BATON_MEMORY_ACPI_RECLAIMABLE});
    for (const PhysRange& range : given_.tables.efi_ranges.ranges())
        add({.range = range, .type = BATON_MEMORY_LOADER_RECLAIMABLE, .origin = "firmware tables"});
    for (const PhysRange& range : given_.start.structures.entries())
        add({.range = range,
             .type = BATON_MEMORY_LOADER_RECLAIMABLE,
             .origin = "start information"});
    for (const MapFrames::Block& block : given_.frames.blocks())
        add({.range = block.range, .type = final_type(block.origin), .origin = block.origin});
    return count;
}

Result<Displays> StartPlatform::find_displays(const Requests& requests) {
    const auto& request = requests.framebuffer;
    if (!given_.start.framebuffer)
        return Platform::find_displays(requests);
    const BatonFramebuffer& screen = *given_.start.framebuffer;
    const bool matches =
        (request.width == 0 && request.height == 0) ||
        (request.width == screen.width_pixels && request.height == screen.height_pixels);
    if (!matches && request.required)
        return request_not_met(BATON_REQUEST_FRAMEBUFFER, request.width, request.height);
    mode_ = {.width_pixels = screen.width_pixels,
             .height_pixels = screen.height_pixels,
             .pitch_bytes = screen.pitch_bytes,
             .bits_per_pixel = screen.bits_per_pixel,
             .red_shift = screen.red_shift,
             .red_bits = screen.red_bits,
             .green_shift = screen.green_shift,
             .green_bits = screen.green_bits,
             .blue_shift = screen.blue_shift,
             .blue_bits = screen.blue_bits,
             .linear = 1};
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

void StartPlatform::finish(BootRecord& record, const Layout&, bool) {
    const StartInfo& start = given_.start;
    if (start.efi_map.empty())
        return;
    BatonBootInfo& info = record.info();
    info.firmware_memory_map = record.to_virtual(start.efi_map.data()).value;
    info.firmware_memory_map_bytes = start.efi_map.size();
    info.firmware_descriptor_bytes = start.efi_descriptor_bytes;
    info.firmware_descriptor_version = start.efi_descriptor_version;
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

Result<std::span<const PhysRange>>
memory_to_map(const StartInfo& start, const FirmwareTables& tables, FrameSource& frames) {
    if (!start.efi_map.empty()) {
        const EfiMemoryMap efi(start.efi_map, start.efi_descriptor_bytes);
        auto arena = allocate_arena(frames, Arena::bytes_for<PhysRange>(efi.size()));
        if (!arena)
            return std::unexpected(arena.error());
        const auto room = arena->array<PhysRange>(efi.size());
        if (!room)
            return std::unexpected(room.error());
        return efi_cacheable_ranges(efi, *room);
    }
    const auto map = start.memory.entries();
    const auto tables_of_firmware = tables.ranges.ranges();
    const std::size_t most = map.size() + tables_of_firmware.size();
    auto arena = allocate_arena(frames, Arena::bytes_for<PhysRange>(most));
    if (!arena)
        return std::unexpected(arena.error());
    const auto room = arena->array<PhysRange>(most);
    if (!room)
        return std::unexpected(room.error());
    std::size_t count = 0;
    for (const TypedRange& claim : map)
        if (is_ram(claim.type))
            (*room)[count++] = claim.range;
    for (const PhysRange& range : tables_of_firmware)
        (*room)[count++] = range;
    return room->first(count);
}

} // namespace baton
