// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/platform.hpp"

#include "stage1-efi/boot_device.hpp"
#include "stage1-efi/boot_history.hpp"
#include "stage1-efi/firmware_facts.hpp"
#include "stage1-efi/step_limit.hpp"
#include "stage1/identity_memory.hpp"
#include "stage1/interrupts.hpp"
#include "stage1/processor_facts.hpp"
#include "stage1/table_bytes.hpp"
#include "stage1/watchdog.hpp"
#include "start_info/efi_tables.hpp"

#include <algorithm>

namespace baton {

EfiPlatform::~EfiPlatform() {
    files_.close();
    if (former_mode_ && given_.console.attached_to_firmware())
        restore_mode(*former_mode_);
}

Result<FileSource*> EfiPlatform::open_kernel(std::string_view path) {
    const auto file = files_.open(path);
    kernel_verified_ = files_.all_verified();
    if (!file && file.error().code == ErrorCode::file_not_found)
        return std::unexpected(
            Error(ErrorCode::kernel_not_found, {file.error().numbers()[0]}).about(path));
    return file;
}

namespace {

constexpr std::size_t kToSpare = 64; // descriptors that an allocation may add

} // namespace

Result<std::span<const PhysRange>> EfiPlatform::memory(Arena& arena) {
    const std::size_t before = TRY(frames_.memory_map()).size();
    const auto ranges = TRY(arena.scratch<PhysRange>(before + kToSpare));
    const EfiMemoryMap map = TRY(frames_.memory_map());
    if (map.size() > ranges.size())
        return fail(ErrorCode::memory_map_too_long, {map.size(), ranges.size()});
    return efi_cacheable_ranges(map, ranges);
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
                efi_range(descriptor).contains(address) &&
                (efi_is_cacheable(descriptor) || efi_is_reserved_ram(descriptor))) {
                last_ = efi_range(descriptor);
                return true;
            }
        }
        return false;
    }

    const EfiMemoryMap& map_;
    mutable PhysRange last_{}; // most reads are near the one before
};

RangeSet tables_of(const efi::Firmware& firmware, const EfiMemoryMap& map) {
    RangeSet tables;
    add_efi_tables(MapMemory(map), {reinterpret_cast<uint64_t>(firmware.system)}, tables);
    return tables;
}

} // namespace

Result<std::span<const PhysRange>> EfiPlatform::reserved_tables(Arena& arena) {
    const std::size_t before = TRY(frames_.memory_map()).size();
    const auto ranges = TRY(arena.scratch<PhysRange>(before + kToSpare + RangeSet::kCapacity));
    const EfiMemoryMap map = TRY(frames_.memory_map());
    return efi_reserved_parts(map, tables_of(given_.firmware, map).ranges(), ranges);
}

Result<std::span<const RuntimeRange>> EfiPlatform::runtime_memory(Arena& arena) {
    const EfiMemoryMap attributes = memory_attributes(given_.firmware);
    const std::size_t before = TRY(frames_.memory_map()).size();
    const auto ranges = TRY(arena.scratch<RuntimeRange>(before + kToSpare + attributes.size()));
    const EfiMemoryMap map = TRY(frames_.memory_map());
    if (map.size() + attributes.size() > ranges.size())
        return fail(ErrorCode::memory_map_too_long, {map.size(), ranges.size()});
    return efi_runtime_ranges(map, attributes, ranges);
}

Result<MachineFacts> EfiPlatform::facts(Arena& arena) {
    MachineFacts facts{.firmware_cr3 = given_.firmware_memory.cr3};
    TRY(add_boot_device(given_.firmware, arena, facts));
    add_firmware_facts(given_.firmware, facts);
    facts.firmware_vendor =
        efi::text_of(given_.firmware.system->FirmwareVendor, arena).value_or("");
    facts.efi_image = reinterpret_cast<uint64_t>(given_.firmware.image);
    add_table_bytes(IdentityMemory(), facts);
    add_trust(facts);
    TRY(event_log_.make(given_.firmware, given_.files.tpm, frames_, given_.log));
    facts.firmware_state = read_firmware_state();
    facts.virtualization = read_virtualization();
    return facts;
}

void EfiPlatform::add_trust(MachineFacts& facts) const {
    const Trust& trust = given_.files.trust;
    facts.secure_boot = trust.secure_boot;
    facts.verified_by = trust.verifier;
    facts.trust_flags = BATON_TRUST_ENFORCED * given_.files.enforced +
                        BATON_TRUST_BUNDLE * trust.bundle.has_content() +
                        BATON_TRUST_KERNEL_VERIFIED * kernel_verified_ +
                        BATON_TRUST_MODULES_VERIFIED * files_.all_verified() +
                        BATON_TRUST_MEASURED * given_.files.tpm.check().has_value();
}

/// With some for the blocks that the records will take.
Result<std::size_t> EfiPlatform::reserve_memory_map() {
    constexpr std::size_t kBlocksToSpare = 16;
    const EfiMemoryMap known = TRY(frames_.memory_map());
    const std::size_t blocks = frames_.block_count() + kBlocksToSpare;
    final_map_ = TRY(FinalMemoryMap::prepare(known, blocks, frames_));
    return final_map_.capacity() + 2 * RangeSet::kCapacity + blocks;
}

void EfiPlatform::prepare_to_leave(std::optional<PhysAddr> crash_record) {
    files_.close();
    if (crash_record)
        leave_boot_mark(given_.firmware, {.crash_record = *crash_record}, given_.log);
    else
        leave_no_boot_mark(given_.firmware);
    end_step_limit(); // as ExitBootServices does
}

/// What the firmware says, and what Baton knows better.
Result<std::span<TypedRange>> EfiPlatform::read_memory_map(std::span<TypedRange> buffer) {
    TRY(final_map_.read(given_.firmware));
    std::size_t count = 0;
    const auto add = [&](const TypedRange& range) {
        if (count < buffer.size())
            buffer[count] = range;
        ++count;
    };
    const EfiMemoryMap map = final_map_.map();
    PhysAddr end_of_memory{0};
    for (std::size_t i = 0; i < map.size(); ++i) {
        add(efi_typed_range(map[i]));
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
    const RangeSet tables = tables_of(given_.firmware, map);
    for (const PhysRange& range : tables.ranges())
        add(firmware_tables(range, BATON_MEMORY_LOADER_RECLAIMABLE));
    frames_.for_each_block([&](const FrameBlock& block) { add(block.typed()); });
    if (count > buffer.size())
        return fail(ErrorCode::memory_map_too_long, {count, buffer.size()});
    return buffer.first(count);
}

/// Only GetMemoryMap and ExitBootServices may be called after a try to exit.
uint64_t EfiPlatform::exit() {
    const EFI_STATUS status = final_map_.exit(given_.firmware);
    frames_.keep();
    given_.console.detach_from_firmware();
    return status;
}

FirmwareMap EfiPlatform::firmware_map() {
    return {final_map_.bytes(), final_map_.descriptor_bytes(), final_map_.descriptor_version()};
}

/// SetVirtualAddressMap: UEFI 2.10 section 8.4. Under the firmware's own page tables, as it asks
/// for.
uint64_t EfiPlatform::map_runtime_services(VirtAddr direct_map) {
    return final_map_.set_virtual_addresses(given_.firmware, direct_map);
}

Result<acpi::Processors> EfiPlatform::processors(Arena& arena) {
    return acpi::find_processors(IdentityMemory(), {find_rsdp(given_.firmware)}, arena);
}

bool EfiPlatform::can_map_runtime_services() {
    return baton::can_map_runtime_services(given_.firmware);
}

Result<Displays> EfiPlatform::find_displays(const Requests& requests, Arena& arena) {
    const bool has_requested_mode =
        TRY(set_requested_mode(given_.firmware, requests, former_mode_));
    return Displays{.all = TRY(baton::find_displays(given_.firmware, arena)),
                    .has_requested_mode = has_requested_mode};
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

void EfiPlatform::stay(std::span<const Region> kernel) {
    frames_.keep();
    given_.console.detach_from_firmware();
    auto* const protocol = efi::locate_protocol<efi::MemoryAttributeProtocol>(
        given_.firmware, efi::kMemoryAttributeGuid);
    for (const Region& region : kernel)
        if (protocol != nullptr)
            protocol->ClearMemoryAttributes(protocol, region.physical.value, region.pages.bytes,
                                            efi::kMemoryReadOnly | EFI_MEMORY_XP);
}

std::optional<WatchdogPlan> EfiPlatform::find_watchdog(uint32_t seconds,
                                                       std::span<const PhysRange> avoid) {
    return baton::find_watchdog({find_rsdp(given_.firmware)}, seconds, avoid);
}

InterruptPlan EfiPlatform::find_interrupts(const InterruptChoice& choice,
                                           std::span<const PhysRange> memory) {
    return baton::find_interrupts({find_rsdp(given_.firmware)}, choice, memory);
}

void EfiPlatform::mask_interrupts(const InterruptPlan& plan) {
    baton::mask_interrupts(plan);
}

void EfiPlatform::start_watchdog(const WatchdogPlan& plan) {
    baton::start_watchdog(plan);
}

} // namespace baton
