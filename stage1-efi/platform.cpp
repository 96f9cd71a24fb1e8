// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/platform.hpp"

#include "handoff/memory.hpp"
#include "stage1-efi/boot_history.hpp"
#include "stage1-efi/firmware_facts.hpp"
#include "stage1-efi/step_limit.hpp"
#include "stage1/processor_facts.hpp"
#include "stage1/watchdog.hpp"
#include "start/efi_tables.hpp"

#include <algorithm>
#include <utility>

namespace baton {

EfiPlatform::~EfiPlatform() {
    if (former_mode_ && given_.console.attached_to_firmware())
        restore_mode(*former_mode_);
}

Result<FileSource*> EfiPlatform::open(std::optional<OpenFile>& slot, std::string_view path) {
    slot.reset();
    auto file = given_.volume.open(path, frames_);
    if (!file)
        return std::unexpected(file.error());
    return &slot.emplace(std::move(*file), *this);
}

/// Memory couldn't hold more than what is free.
Result<uint64_t> EfiPlatform::OpenFile::size() {
    return file_.size(platform_.reader_, platform_.frames_.free_bytes());
}

Result<FileSource*> EfiPlatform::open_kernel(std::string_view path) {
    const auto file = open(kernel_, path);
    if (!file && file.error().code == ErrorCode::file_not_found)
        return std::unexpected(
            Error(ErrorCode::kernel_not_found, {file.error().numbers[0]}).about(path));
    return file;
}

Result<FileSource*> EfiPlatform::open_module(std::string_view path) {
    return open(module_, path);
}

/// Room for an array with an entry of so many bytes for each descriptor of the memory map, and
/// `more` bytes; the map itself.
Result<std::pair<Arena, EfiMemoryMap>> EfiPlatform::room_for_map(std::size_t entry_bytes,
                                                                 uint64_t more) {
    constexpr std::size_t kRoom = 64; // descriptors that the allocation may add
    const auto before = frames_.memory_map();
    if (!before)
        return std::unexpected(before.error());
    const std::size_t most = before->size() + kRoom;
    const auto arena = allocate_arena(frames_, most * entry_bytes + more);
    if (!arena)
        return std::unexpected(arena.error());
    const auto map = frames_.memory_map();
    if (!map)
        return std::unexpected(map.error());
    if (map->size() > most)
        return fail(ErrorCode::out_of_memory, {map->size() * entry_bytes, 1});
    return std::pair(*arena, *map);
}

Result<std::span<const PhysRange>> EfiPlatform::memory() {
    auto room = room_for_map(sizeof(PhysRange), Arena::bytes_for<PhysRange>(0));
    if (!room)
        return std::unexpected(room.error());
    auto& [arena, map] = *room;
    const auto ranges = arena.array<PhysRange>(map.size());
    if (!ranges)
        return std::unexpected(ranges.error());
    return efi_cacheable_ranges(map, *ranges);
}

Result<std::span<const RuntimeRange>> EfiPlatform::runtime_memory() {
    const EfiMemoryMap attributes = memory_attributes(given_.firmware);
    auto room =
        room_for_map(sizeof(RuntimeRange), Arena::bytes_for<RuntimeRange>(attributes.size()));
    if (!room)
        return std::unexpected(room.error());
    auto& [arena, map] = *room;
    const auto ranges = arena.array<RuntimeRange>(map.size() + attributes.size());
    if (!ranges)
        return std::unexpected(ranges.error());
    return efi_runtime_ranges(map, attributes, *ranges);
}

Result<Platform::Needs> EfiPlatform::prepare() {
    auto arena = allocate_arena(frames_, kBootDeviceArenaBytes);
    if (!arena)
        return std::unexpected(arena.error());
    const auto device = find_boot_device(given_.firmware, *arena);
    if (!device)
        return std::unexpected(device.error());
    boot_device_ = *device;
    firmware_vendor_ = efi::text_of(given_.firmware.system->FirmwareVendor, *arena).value_or("");

    const auto known = frames_.memory_map();
    if (!known)
        return std::unexpected(known.error());
    const auto final_map = FinalMemoryMap::prepare(*known, frames_.block_count(), frames_);
    if (!final_map)
        return std::unexpected(final_map.error());
    final_map_ = *final_map;
    return Needs{.fact_bytes = BootRecord::data_bytes(
                     {firmware_vendor_, boot_device_.device_path, boot_device_.loader_path}),
                 .claims = final_map_.capacity() + 2 * RangeSet::kCapacity + frames_.block_count()};
}

void EfiPlatform::add_facts(BootRecord& record) {
    BatonBootInfo& info = record.info();
    info.firmware_cr3 = given_.firmware_memory.cr3;
    add_firmware_facts(given_.firmware, info);
    info.firmware_state = read_firmware_state();
    info.virtualization = read_virtualization();
    info.boot_device = boot_device_.record;
    info.boot_device.device_path = record.add_text(boot_device_.device_path);
    info.boot_device.loader_path = record.add_text(boot_device_.loader_path);
    info.firmware_vendor = record.add_text(firmware_vendor_);
}

void EfiPlatform::prepare_to_leave(std::optional<PhysAddr> crash_record) {
    kernel_.reset();
    module_.reset();
    if (crash_record)
        leave_boot_mark(given_.firmware, {.crash_record = *crash_record}, given_.log);
    else
        leave_no_boot_mark(given_.firmware);
    end_step_limit(); // as ExitBootServices does
}

Result<void> EfiPlatform::leave(MemoryListener& listener) {
    const auto left = final_map_.exit_boot_services(given_.firmware, listener);
    // Only GetMemoryMap and ExitBootServices may be called after a try to exit.
    if (left || left.error().code == ErrorCode::exit_boot_services_failed) {
        frames_.keep();
        given_.console.detach_from_firmware();
    }
    return left;
}

namespace {

/// What a memory map says is memory, which can be read where it lies.
class MapMemory final : public acpi::PhysicalMemory {
  public:
    explicit MapMemory(const EfiMemoryMap& map) : map_(map) {}

    Bytes at(PhysAddr address, uint64_t bytes) const override {
        if (bytes > kPhysicalAddressEnd || address.value > kPhysicalAddressEnd - bytes)
            return {};
        const PhysAddr end = address + bytes;
        for (PhysAddr reached = address; reached < end; reached = last_.end())
            if (!last_.contains(reached) && !find(reached))
                return {};
        return {reinterpret_cast<const std::byte*>(address.value), bytes};
    }

  private:
    bool find(PhysAddr address) const {
        const std::size_t count = map_.size();
        for (std::size_t i = 0; i < count; ++i) {
            const EfiMemoryDescriptor descriptor = map_[i];
            if (descriptor.physical_start <= address.value &&
                efi_range(descriptor).contains(address) && efi_is_cacheable(descriptor)) {
                last_ = efi_range(descriptor);
                return true;
            }
        }
        return false;
    }

    const EfiMemoryMap& map_;
    mutable PhysRange last_{}; // most reads are near the one before
};

} // namespace

/// What the firmware says, and what Baton knows better.
std::size_t EfiPlatform::claim_memory(std::span<TypedRange> room) {
    std::size_t count = 0;
    const auto add = [&](const TypedRange& claim) {
        if (count < room.size())
            room[count] = claim;
        ++count;
    };
    const EfiMemoryMap map = final_map_.map();
    PhysAddr end_of_memory{0};
    for (std::size_t i = 0; i < map.size(); ++i) {
        add(efi_claim(map[i]));
        if (efi_is_cacheable(map[i]))
            end_of_memory = std::max(end_of_memory, efi_range(map[i]).end());
    }
    // There may be more than at the start: firmware that protects memory splits its large pages.
    RangeSet page_tables = given_.firmware_memory.page_tables;
    add_page_tables(page_tables, end_of_memory);
    for (const PhysRange& tables : page_tables.ranges())
        add({.range = tables,
             .type = BATON_MEMORY_LOADER_RECLAIMABLE,
             .origin = "firmware's page tables"});
    RangeSet firmware_tables;
    add_efi_tables(MapMemory(map), {reinterpret_cast<uint64_t>(given_.firmware.system)},
                   firmware_tables);
    for (const PhysRange& tables : firmware_tables.ranges())
        add({.range = tables,
             .type = BATON_MEMORY_LOADER_RECLAIMABLE,
             .origin = "firmware tables"});
    frames_.for_each_block([&](PhysRange range, const char* origin) {
        add({.range = range, .type = final_type(origin), .origin = origin});
    });
    return count;
}

void EfiPlatform::finish(BootRecord& record, const Layout& layout, bool runtime_map) {
    BatonBootInfo& info = record.info();
    info.firmware_memory_map = record.to_virtual(final_map_.bytes().data()).value;
    info.firmware_memory_map_bytes = final_map_.bytes().size();
    info.firmware_descriptor_bytes = final_map_.descriptor_bytes();
    info.firmware_descriptor_version = final_map_.descriptor_version();
    if (runtime_map)
        map_runtime_services(record, layout);
}

/// SetVirtualAddressMap for the direct map: UEFI 2.10 section 8.4. Under the firmware's own page
/// tables, as it asks for.
void EfiPlatform::map_runtime_services(BootRecord& record, const Layout& layout) {
    const EFI_STATUS status =
        final_map_.set_virtual_addresses(given_.firmware, layout.direct_map.base);
    if (efi::failed(status))
        given_.log.warn(
            Text().add("runtime services keep their physical addresses: status ").hex(status));
    else
        record.info().flags |= BATON_FLAG_RUNTIME_MAPPED;
}

bool EfiPlatform::can_map_runtime_services() {
    return baton::can_map_runtime_services(given_.firmware);
}

Result<Displays> EfiPlatform::find_displays(const Requests& requests) {
    const auto has_requested_mode = set_requested_mode(given_.firmware, requests, former_mode_);
    if (!has_requested_mode)
        return std::unexpected(has_requested_mode.error());
    const auto displays = baton::find_displays(given_.firmware, frames_);
    if (!displays)
        return std::unexpected(displays.error());
    return Displays{.all = *displays, .has_requested_mode = *has_requested_mode};
}

/// Firmware that enforces W^X maps what it allocates as not executable, even EfiLoaderCode; it then
/// has this protocol (UEFI 2.10 section 37.1). Where it is missing there is nothing to do, and
/// where it fails the memory may be executable all the same.
Result<void> EfiPlatform::make_executable(PhysRange code, PhysRange data) {
    auto* const protocol = efi::locate_protocol<efi::MemoryAttributeProtocol>(
        given_.firmware, efi::kMemoryAttributeGuid);
    if (protocol == nullptr)
        return {};
    protocol->SetMemoryAttributes(protocol, code.base.value, code.bytes, efi::kMemoryReadOnly);
    protocol->ClearMemoryAttributes(protocol, code.base.value, code.bytes, EFI_MEMORY_XP);
    protocol->ClearMemoryAttributes(protocol, data.base.value, data.bytes, efi::kMemoryReadOnly);
    protocol->SetMemoryAttributes(protocol, data.base.value, data.bytes, EFI_MEMORY_XP);
    return {};
}

std::optional<WatchdogPlan> EfiPlatform::find_watchdog(uint32_t seconds,
                                                       std::span<const PhysRange> avoid) {
    return baton::find_watchdog({find_rsdp(given_.firmware)}, seconds, avoid);
}

void EfiPlatform::start_watchdog(const WatchdogPlan& plan) {
    baton::start_watchdog(plan);
}

} // namespace baton
