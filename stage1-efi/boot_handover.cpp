// SPDX-License-Identifier: BSD-2-Clause
//
// The second half of a boot: the address space, the records, and the way out of the firmware.
#include "stage1-efi/boot.hpp"

#include "config/unicode.hpp"
#include "plan/address_space.hpp"
#include "stage1-efi/boot_history.hpp"
#include "stage1-efi/cpu.hpp"
#include "stage1-efi/firmware_facts.hpp"
#include "stage1-efi/processor_facts.hpp"
#include "stage1-efi/watchdog.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace baton {
namespace {

constexpr std::size_t kIdentityMappings = 5; // at the most

/// UEFI maps memory where it lies.
template<class T>
uint64_t physical_address(const T& object) {
    return reinterpret_cast<uint64_t>(&object);
}

PhysRange pages_of(std::span<const std::byte> memory) {
    return page_cover(PhysRange{{reinterpret_cast<uint64_t>(memory.data())}, memory.size()});
}

uint32_t permissions_of(Access access) {
    switch (access) {
    case Access::read_only:
        return BATON_SEGMENT_READ;
    case Access::read_write:
        return BATON_SEGMENT_READ | BATON_SEGMENT_WRITE;
    default:
        return BATON_SEGMENT_READ | BATON_SEGMENT_EXECUTE;
    }
}

} // namespace

Result<void> Boot::plan_memory() {
    const auto has_wished_mode = set_wished_mode(firmware_, wishes_);
    if (!has_wished_mode)
        return std::unexpected(has_wished_mode.error());
    if (!*has_wished_mode)
        warn(Text()
                 .add("no display has a mode of ")
                 .decimal(wishes_.framebuffer.width)
                 .add(" x ")
                 .decimal(wishes_.framebuffer.height)
                 .add(" pixels: the modes stay as they are"));
    const auto displays = find_displays(firmware_, frames_);
    if (!displays)
        return std::unexpected(displays.error());
    displays_ = *displays;
    auto framebuffer_arena = allocate_arena(Arena::bytes_for<BatonFramebuffer>(displays_.size()));
    if (!framebuffer_arena)
        return std::unexpected(framebuffer_arena.error());
    const auto framebuffers = framebuffer_arena->array<BatonFramebuffer>(displays_.size());
    if (!framebuffers)
        return std::unexpected(framebuffers.error());
    std::transform(displays_.begin(), displays_.end(), framebuffers->begin(),
                   [](const Display& display) { return display.framebuffer; });

    constexpr std::size_t kRoom = 64; // descriptors that the allocations in between may add
    const auto before = frames_.memory_map();
    if (!before)
        return std::unexpected(before.error());
    auto arena = allocate_arena(
        direct_map_bytes(before->size() + kRoom, plan_.page_runs.size(), framebuffers->size()));
    if (!arena)
        return std::unexpected(arena.error());
    const auto map = frames_.memory_map();
    if (!map)
        return std::unexpected(map.error());
    const auto direct_map = plan_direct_map(*map, plan_, *framebuffers, *arena);
    if (!direct_map)
        return std::unexpected(direct_map.error());
    direct_map_ = *direct_map;

    LayoutWishes layout_wishes{.physical_end = physical_end(direct_map_),
                               .stack_bytes = wishes_.stack_bytes,
                               .direct_map = wishes_.direct_map};
    auto layout = plan_layout(plan_, layout_wishes);
    if (!layout && layout.error().code == ErrorCode::wish_not_met && !wishes_.direct_map_required) {
        warn(Text().add("no direct map at ").hex(wishes_.direct_map->value));
        layout_wishes.direct_map = {};
        layout = plan_layout(plan_, layout_wishes);
    }
    if (!layout)
        return std::unexpected(layout.error());
    layout_ = *layout;
    const auto stack =
        frames_.allocate({.pages = layout_.stack.bytes / kPageBytes, .origin = "kernel stack"});
    if (!stack)
        return std::unexpected(stack.error());
    stack_ = *stack;
    log_.line(Text()
                  .add("direct map at ")
                  .hex(layout_.direct_map.base.value)
                  .add(", ")
                  .size(layout_.direct_map.bytes)
                  .add("; stack at ")
                  .hex(layout_.stack.base.value)
                  .add(", ")
                  .size(layout_.stack.bytes));
    return {};
}

/// Stage 2 and its record: identity-mapped, so they must keep clear of the kernel's addresses.
Result<void> Boot::load_stage2() {
    auto arena = allocate_arena(Arena::bytes_for<PhysRange>(plan_.regions.size()));
    if (!arena)
        return std::unexpected(arena.error());
    const auto avoid = arena->array<PhysRange>(plan_.regions.size());
    if (!avoid)
        return std::unexpected(avoid.error());
    std::transform(plan_.regions.begin(), plan_.regions.end(), avoid->begin(),
                   [](const Region& region) {
                       return PhysRange{{region.pages.base.value}, region.pages.bytes};
                   });
    kernel_pages_as_physical_ = *avoid;

    auto block = Stage2Block::load(firmware_, frames_, kernel_pages_as_physical_);
    if (!block)
        return std::unexpected(block.error());
    stage2_ = *block;
    const auto memory = allocate_bytes(
        handoff_bytes(plan_),
        {.avoid = kernel_pages_as_physical_, .below = k4GiB, .origin = "handoff record"});
    if (!memory)
        return std::unexpected(memory.error());
    handoff_memory_ = *memory;
    log_.line(Text().add("stage 2 at ").hex(stage2_.code().base.value));
    return {};
}

/// Chooses its timer; it will be armed at the very end.
Result<void> Boot::prepare_watchdog() {
    const uint32_t seconds = wishes_.watchdog_seconds;
    if (seconds == 0)
        return {};
    watchdog_ = find_watchdog(firmware_, seconds, kernel_pages_as_physical_);
    if (!watchdog_ && wishes_.watchdog_required)
        return wish_not_met(BATON_WISH_WATCHDOG, seconds);
    if (!watchdog_) {
        warn(Text().add("no watchdog: no timer that can raise an NMI in time"));
        return {};
    }
    watchdog_disarm_ = disarm_watchdog(*watchdog_);
    log_.line(Text()
                  .add("watchdog: ")
                  .decimal(seconds)
                  .add(" s, HPET timer ")
                  .decimal(watchdog_->timer)
                  .add(" at pin ")
                  .decimal(watchdog_->pin));
    return {};
}

/// Ranges that the final map is made of at the most.
uint64_t Boot::claim_capacity() const {
    constexpr std::size_t kBlocksToCome = 32; // allocations between now and the end
    return final_map_.capacity() + firmware_memory_.page_tables.ranges().size() +
           frames_.block_count() + kBlocksToCome + displays_.size();
}

/// What BootInfo needs room for.
Result<void> Boot::name_boot_device() {
    auto arena = allocate_arena(kBootDeviceArenaBytes);
    if (!arena)
        return std::unexpected(arena.error());
    const auto device = find_boot_device(firmware_, *arena);
    if (!device)
        return std::unexpected(device.error());
    boot_device_ = *device;
    firmware_vendor_ = efi::text_of(firmware_.system->FirmwareVendor, *arena).value_or("");
    return {};
}

Result<void> Boot::make_records() {
    if (auto named = name_boot_device(); !named)
        return named;
    const auto current = frames_.memory_map();
    if (!current)
        return std::unexpected(current.error());
    auto final_map = FinalMemoryMap::prepare(*current, frames_);
    if (!final_map)
        return std::unexpected(final_map.error());
    final_map_ = *final_map;
    const uint64_t claims = claim_capacity();
    auto arena = allocate_arena(Arena::bytes_for<TypedRange>(claims));
    if (!arena)
        return std::unexpected(arena.error());
    const auto claim_room = arena->array<TypedRange>(claims);
    if (!claim_room)
        return std::unexpected(claim_room.error());
    claims_ = *claim_room;

    BootRecord::Capacity capacity{
        .segments = plan_.segments.size(),
        .framebuffers = displays_.size(),
        .video_modes = 0,
        .modules = module_count_,
        .identity_mappings = kIdentityMappings,
        .time_stamps = Log::kMaxSteps + kStage2TimeStamps,
        .claims = claims,
        .data_bytes = BootRecord::data_bytes(
            {entry_.command_line, entry_.kernel, firmware_vendor_, boot_device_.device_path,
             boot_device_.loader_path, previous_boot_.text()},
            {kernel_->headers(), wishes_.build_id, watchdog_disarm()})};
    for (const Display& display : displays_) {
        capacity.video_modes += display.modes.size();
        capacity.data_bytes += BootRecord::data_bytes({}, {display.edid});
    }
    for (const Module& module : modules_.first(module_count_))
        capacity.data_bytes += BootRecord::data_bytes({module.path, module.string});
    const auto memory = allocate_bytes(BootRecord::bytes_needed(capacity), {.origin = "BootInfo"});
    if (!memory)
        return std::unexpected(memory.error());
    const PhysAddr physical{reinterpret_cast<uint64_t>(memory->data())};
    auto record = BootRecord::create(*memory, physical, layout_, capacity);
    if (!record)
        return std::unexpected(record.error());
    record_ = *record;
    if (auto filled = fill_in_kernel(); !filled)
        return filled;
    log_.line(Text().add("BootInfo at ").hex(record_.virtual_address().value));
    fill_in_facts();
    return {};
}

Result<void> Boot::fill_in_kernel() {
    BatonBootInfo& info = record_.info();
    if (auto set = record_.set_kernel(plan_); !set)
        return set;
    if (watchdog_) {
        info.watchdog_seconds = wishes_.watchdog_seconds;
        info.watchdog_disarm = record_.add_bytes(watchdog_disarm());
        info.watchdog_disarm_count = static_cast<uint32_t>(watchdog_disarm_.size());
        info.watchdog_disarm_entry_bytes = sizeof watchdog_disarm_[0];
    }
    info.boot_path = BATON_BOOT_PATH_UEFI;
    info.flags |= kaslr_ ? BATON_FLAG_KASLR : 0;
    info.flags |= five_level_ ? BATON_FLAG_5_LEVEL : 0;
    info.command_line = record_.add_text(entry_.command_line);
    info.kernel_path = record_.add_path(entry_.kernel);
    info.kernel_file_bytes = kernel_->size();
    if (!whole_kernel_.empty())
        info.kernel_file = record_.to_virtual(whole_kernel_.data()).value;
    info.kernel_headers = record_.add_bytes(kernel_->headers());
    info.kernel_headers_bytes = kernel_->headers().size();
    info.build_id = record_.add_bytes(wishes_.build_id);
    info.build_id_bytes = wishes_.build_id.size();
    if (symbols_) {
        info.kernel_symbols = record_.to_virtual(symbols_->symbols.data()).value;
        info.kernel_symbols_bytes = symbols_->symbols.size();
        info.kernel_strings = record_.to_virtual(symbols_->strings.data()).value;
        info.kernel_strings_bytes = symbols_->strings.size();
    }
    for (const Module& module : modules_.first(module_count_))
        if (auto added = record_.add_module(module.contents, module.path, module.string); !added)
            return added;
    for (const Display& display : displays_)
        if (auto added = record_.add_framebuffer(display.framebuffer, display.edid, display.modes);
            !added)
            return added;
    return {};
}

void Boot::fill_in_facts() {
    BatonBootInfo& info = record_.info();
    info.firmware_cr3 = firmware_memory_.cr3;
    info.tsc_hz = log_.tsc_hz();
    add_firmware_facts(firmware_, info);
    info.firmware_state = read_firmware_state();
    info.virtualization = read_virtualization();
    info.previous_boot = {.state = previous_boot_.state,
                          .vector = previous_boot_.vector,
                          .rip = previous_boot_.rip,
                          .text = record_.add_text(previous_boot_.text()),
                          .text_bytes = previous_boot_.text().size()};
    std::memcpy(info.random_seed, random_.seed.data(), sizeof info.random_seed);
    info.flags |= random_.from_firmware ? BATON_FLAG_SEED_FROM_FIRMWARE : 0;
    info.flags |= random_.from_processor ? BATON_FLAG_SEED_FROM_PROCESSOR : 0;
    info.boot_device = boot_device_.record;
    info.boot_device.device_path = record_.add_text(boot_device_.device_path);
    info.boot_device.loader_path = record_.add_text(boot_device_.loader_path);
    info.firmware_vendor = record_.add_text(firmware_vendor_);
}

Result<void> Boot::build_page_tables() {
    FramePool pool(frames_);
    auto mapper =
        PageMapper::create(pool, {.huge_pages = cpu::has_huge_pages(), .five_level = five_level_});
    if (!mapper)
        return std::unexpected(mapper.error());
    std::array<IdentityMapping, kIdentityMappings> room = {
        {{stage2_.code(), Access::read_execute},
         {stage2_.data(), Access::read_write},
         {pages_of(handoff_memory_), Access::read_only}}};
    std::size_t count = 3;
    if (watchdog_)
        for (const PhysAddr device :
             {watchdog_->devices.timers, watchdog_->devices.io_apic.registers})
            room[count++] = {watchdog_page(device), Access::read_write, Caching::uncacheable};
    const std::span<const IdentityMapping> identity(room.data(), count);
    const auto mapped = map_address_space(*mapper, {.plan = plan_,
                                                    .layout = layout_,
                                                    .direct_map = direct_map_,
                                                    .stack = stack_,
                                                    .identity = identity});
    if (!mapped)
        return mapped;
    for (const IdentityMapping& mapping : identity)
        if (auto added =
                record_.add_identity_mapping(mapping.range, permissions_of(mapping.access));
            !added)
            return added;
    page_table_root_ = mapper->root();
    record_.info().kernel_cr3 = page_table_root_.value;
    log_.line(Text()
                  .add("page tables at ")
                  .hex(page_table_root_.value)
                  .add(five_level_ ? ", 5 levels, " : ", 4 levels, ")
                  .count(mapper->table_frames(), "frame"));
    return {};
}

Result<void> Boot::make_handoff_record() {
    const auto handoff = make_handoff(handoff_memory_, {.plan = plan_,
                                                        .layout = layout_,
                                                        .page_table_root = page_table_root_,
                                                        .five_level = five_level_,
                                                        .physical = pages_of(handoff_memory_).base,
                                                        .boot_info = record_.virtual_address(),
                                                        .time_stamps = {}});
    if (!handoff)
        return std::unexpected(handoff.error());
    handoff_ = *handoff;
    handoff_->serial_port = console_.serial_port();
    handoff_->debug_port = console_.debug_port();
    handoff_->tsc_hz = log_.tsc_hz();
    handoff_->watchdog_seconds = watchdog_ ? wishes_.watchdog_seconds : 0;
    if (!displays_.empty())
        report_on_screen(*handoff_, displays_.front().framebuffer);
    decide_after_fault();
    stage2_.last_words().acknowledgement_physical = physical_address(record_.info().acknowledged);
    return {};
}

void Boot::decide_after_fault() {
    constexpr uint16_t kDebugExit = 0xf4; // QEMU's isa-debug-exit, as `./baton run` has it
    constexpr uint32_t kFaultReported = 0x12;
    switch (entry_.after_fault.action) {
    case AfterFault::Action::reset:
        handoff_->after_fault = BATON_AFTER_FAULT_RESET;
        handoff_->reset_after_seconds = entry_.after_fault.seconds;
        break;
    case AfterFault::Action::exit:
        handoff_->after_fault = BATON_AFTER_FAULT_EXIT;
        handoff_->exit_port = kDebugExit;
        handoff_->exit_value = kFaultReported;
        break;
    case AfterFault::Action::stop:
    case AfterFault::Action::unset:
        handoff_->after_fault = BATON_AFTER_FAULT_HALT;
    }
}

Result<void> Boot::leave_firmware() {
    kernel_.reset(); // closes the file
    if (entry_.last_words == Switch::off)
        leave_no_boot_mark(firmware_);
    else
        leave_boot_mark(firmware_, {.last_words = {physical_address(stage2_.last_words())}}, log_);
    log_.line(Text().add("leaving the firmware"));
    if (auto left = final_map_.exit_boot_services(firmware_); !left)
        return left;
    console_.detach_from_firmware();
    return {};
}

/// Boot services are gone: nothing below can fail.
void Boot::hand_over() {
    BatonBootInfo& info = record_.info();
    record_.set_memory_map(final_claims());
    info.firmware_memory_map = record_.to_virtual(final_map_.bytes().data()).value;
    info.firmware_memory_map_bytes = final_map_.bytes().size();
    info.firmware_descriptor_bytes = final_map_.descriptor_bytes();
    info.firmware_descriptor_version = final_map_.descriptor_version();
    if (wishes_.runtime_map)
        map_runtime_services();
    log_.line(Text().add("firmware left; entering the kernel at ").hex(plan_.entry.value));
    info.log = record_.to_virtual(log_.text().data()).value;
    info.log_bytes = log_.text().size();

    for (const Step& step : log_.steps())
        record_.add_time_stamp(step.name, step.tsc);
    handoff_->time_stamps = record_.add_stage2_time_stamps().value;
    if (watchdog_)
        start_watchdog(*watchdog_);
    stage2_.call(*handoff_);
}

/// SetVirtualAddressMap for the direct map: UEFI 2.10 section 8.4. Under the firmware's own page
/// tables, as it asks for.
void Boot::map_runtime_services() {
    const EfiMemoryMap map = final_map_.map();
    for (std::size_t i = 0; i < map.size(); ++i)
        final_map_.set_virtual_start(i, layout_.direct_map.base.value + map[i].physical_start);
    const EFI_STATUS status = firmware_.system->RuntimeServices->SetVirtualAddressMap(
        final_map_.bytes().size(), final_map_.descriptor_bytes(), final_map_.descriptor_version(),
        final_map_.descriptors());
    if (efi::failed(status))
        warn(Text().add("runtime services keep their physical addresses: status ").hex(status));
    else
        record_.info().flags |= BATON_FLAG_RUNTIME_MAPPED;
}

/// What the firmware says, and what Baton knows better.
std::span<const TypedRange> Boot::final_claims() {
    std::size_t count = 0;
    const auto add = [&](const TypedRange& claim) {
        if (count < claims_.size())
            claims_[count++] = claim;
    };
    const EfiMemoryMap map = final_map_.map();
    for (std::size_t i = 0; i < map.size(); ++i)
        add(efi_claim(map[i]));
    for (const PhysRange& tables : firmware_memory_.page_tables.ranges())
        add({.range = tables,
             .type = BATON_MEMORY_LOADER_RECLAIMABLE,
             .origin = "firmware's page tables"});
    frames_.for_each_block([&](PhysRange range, const char* origin) {
        const std::string_view text(origin);
        const bool kept = text == "kernel" || text == "kernel file" || text.starts_with("module");
        add({.range = range,
             .type = kept ? BATON_MEMORY_KERNEL_AND_MODULES : BATON_MEMORY_LOADER_RECLAIMABLE,
             .origin = origin});
    });
    for (const Display& display : displays_)
        add({.range = {{display.framebuffer.base_physical}, display.framebuffer.bytes},
             .type = BATON_MEMORY_FRAMEBUFFER});
    return claims_.first(count);
}

} // namespace baton
