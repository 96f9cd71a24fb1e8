// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot.hpp"

#include "plan/address_space.hpp"
#include "stage1-efi/cpu.hpp"
#include "stage1-efi/firmware_tables.hpp"

#include <algorithm>

namespace baton {

Boot::Boot(const efi::Firmware& firmware, Console& console, Log& log)
    : firmware_(firmware),
      console_(console),
      log_(log),
      firmware_cr3_(cpu::read_cr3()),
      frames_(firmware, occupied_) {}

Error Boot::run() {
    struct Stage {
        std::string_view name; // of its time stamp
        Result<void> (Boot::*run)();
    };
    static constexpr Stage kStages[] = {
        {"machine checked", &Boot::check_machine}, {"kernel read", &Boot::read_kernel_file},
        {"kernel planned", &Boot::plan_kernel},    {"kernel placed", &Boot::place_kernel},
        {"memory planned", &Boot::plan_memory},    {"stage 2 loaded", &Boot::load_stage2},
        {"records made", &Boot::make_records},     {"page tables built", &Boot::build_page_tables},
        {"firmware left", &Boot::leave_firmware},
    };
    for (const Stage& stage : kStages) {
        if (const auto done = (this->*stage.run)(); !done) {
            // Only GetMemoryMap and ExitBootServices may be called after a try to exit.
            if (done.error().code == ErrorCode::exit_boot_services_failed) {
                frames_.keep();
                console_.detach_from_firmware();
            }
            return done.error();
        }
        log_.step(stage.name);
    }
    hand_over();
}

Result<void> Boot::check_machine() {
    constexpr uint64_t kCr4La57 = uint64_t{1} << 12;
    if (!cpu::has_no_execute())
        return fail(ErrorCode::cpu_lacks_no_execute);
    if (const uint64_t cr4 = cpu::read_cr4(); (cr4 & kCr4La57) != 0)
        return fail(ErrorCode::five_level_paging_active, {cr4});
    add_page_tables(firmware_tables_, firmware_cr3_);
    occupied_ = firmware_tables_;
    add_stack_and_descriptor_tables(occupied_);

    const uint32_t revision = firmware_.system->Hdr.Revision;
    Text text;
    text.add("firmware: ");
    for (const CHAR16* vendor = firmware_.system->FirmwareVendor; vendor && *vendor != 0; ++vendor)
        text.add(*vendor < 0x7f ? static_cast<char>(*vendor) : '?');
    log_.line(text.add(", UEFI ")
                  .decimal(revision >> 16)
                  .add('.')
                  .decimal((revision & 0xffff) / 10)
                  .add(", page tables at ")
                  .hex(firmware_cr3_));
    return {};
}

Result<void> Boot::read_kernel_file() {
    const auto volume = open_boot_volume(firmware_);
    if (!volume)
        return std::unexpected(volume.error());
    const uint64_t start = cpu::read_tsc();
    const auto file = read_kernel(*volume, frames_);
    if (!file)
        return std::unexpected(file.error());
    file_ = *file;

    Text text;
    text.add("read \\baton\\kernel.elf: ").size(file_.size());
    const uint64_t microseconds =
        (cpu::read_tsc() - start) / std::max<uint64_t>(log_.tsc_hz() / 1'000'000, 1);
    if (microseconds != 0)
        text.add(", ").decimal(file_.size() / microseconds).add(" MB/s");
    log_.line(text);
    return {};
}

Result<void> Boot::plan_kernel() {
    const auto image = elf::Image::parse(file_);
    if (!image)
        return std::unexpected(image.error());
    auto arena = allocate_arena(load_plan_bytes(*image));
    if (!arena)
        return std::unexpected(arena.error());
    const auto plan = plan_load(*image, *arena);
    if (!plan)
        return std::unexpected(plan.error());
    plan_ = *plan;
    log_.line(Text()
                  .add("kernel: ")
                  .decimal(plan_.segments.size())
                  .add(" segments, entry ")
                  .hex(plan_.entry.value));
    return {};
}

Result<void> Boot::place_kernel() {
    if (auto placed = place(plan_, frames_); !placed)
        return placed;
    describe_plan();

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
    return {};
}

Result<void> Boot::plan_memory() {
    framebuffer_ = find_framebuffer(firmware_);
    constexpr std::size_t kRoom = 64; // descriptors that the allocations in between may add
    const auto before = frames_.memory_map();
    if (!before)
        return std::unexpected(before.error());
    auto arena = allocate_arena(direct_map_bytes(before->size() + kRoom, framebuffers().size()));
    if (!arena)
        return std::unexpected(arena.error());
    const auto map = frames_.memory_map();
    if (!map)
        return std::unexpected(map.error());
    const auto direct_map = plan_direct_map(*map, framebuffers(), *arena);
    if (!direct_map)
        return std::unexpected(direct_map.error());
    direct_map_ = *direct_map;

    const auto layout = plan_layout(plan_, physical_end(direct_map_));
    if (!layout)
        return std::unexpected(layout.error());
    layout_ = *layout;
    const auto stack = frames_.allocate({.pages = layout_.stack.bytes / kPageBytes});
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

Result<void> Boot::load_stage2() {
    auto block = Stage2Block::load(firmware_, frames_, kernel_pages_as_physical_);
    if (!block)
        return std::unexpected(block.error());
    stage2_ = *block;
    log_.line(Text().add("stage 2 at ").hex(stage2_.code().base.value));
    return {};
}

Result<void> Boot::make_records() {
    const auto current = frames_.memory_map();
    if (!current)
        return std::unexpected(current.error());
    auto final_map = FinalMemoryMap::prepare(*current, frames_);
    if (!final_map)
        return std::unexpected(final_map.error());
    final_map_ = *final_map;

    const uint64_t claims = final_map_.capacity() + firmware_tables_.ranges().size() +
                            plan_.regions.size() + framebuffers().size();
    auto arena = allocate_arena(Arena::bytes_for<TypedRange>(claims));
    if (!arena)
        return std::unexpected(arena.error());
    const auto claim_room = arena->array<TypedRange>(claims);
    if (!claim_room)
        return std::unexpected(claim_room.error());
    claims_ = *claim_room;

    const BootRecord::Capacity capacity{.segments = plan_.segments.size(),
                                        .framebuffers = framebuffers().size(),
                                        .time_stamps = Log::kMaxSteps + kStage2TimeStamps,
                                        .claims = claims};
    const auto memory = allocate_bytes(BootRecord::bytes_needed(capacity));
    if (!memory)
        return std::unexpected(memory.error());
    const PhysAddr physical{reinterpret_cast<uint64_t>(memory->data())};
    auto record = BootRecord::create(*memory, physical, layout_, capacity);
    if (!record)
        return std::unexpected(record.error());
    record_ = *record;
    record_.set_kernel(plan_);
    for (const BatonFramebuffer& framebuffer : framebuffers())
        record_.add_framebuffer(framebuffer);
    record_.info().firmware_cr3 = firmware_cr3_;
    record_.info().tsc_hz = log_.tsc_hz();
    add_firmware_tables(firmware_, record_.info());
    log_.line(Text().add("BootInfo at ").hex(record_.virtual_address().value));
    return {};
}

Result<void> Boot::build_page_tables() {
    const auto memory = allocate_bytes(handoff_bytes(plan_), {.avoid = kernel_pages_as_physical_});
    if (!memory)
        return std::unexpected(memory.error());
    handoff_pages_ =
        page_cover(PhysRange{{reinterpret_cast<uint64_t>(memory->data())}, memory->size()});

    FramePool pool(frames_);
    auto mapper = PageMapper::create(pool, cpu::has_huge_pages());
    if (!mapper)
        return std::unexpected(mapper.error());
    const IdentityMapping identity[] = {{stage2_.code(), Access::read_execute},
                                        {stage2_.data(), Access::read_write},
                                        {handoff_pages_, Access::read_only}};
    const auto mapped = map_address_space(*mapper, {.plan = plan_,
                                                    .layout = layout_,
                                                    .direct_map = direct_map_,
                                                    .stack = stack_,
                                                    .identity = identity});
    if (!mapped)
        return mapped;
    record_.info().kernel_cr3 = mapper->root().value;

    const auto handoff = make_handoff(*memory, {.plan = plan_,
                                                .layout = layout_,
                                                .page_table_root = mapper->root(),
                                                .file = {reinterpret_cast<uint64_t>(file_.data())},
                                                .physical = handoff_pages_.base,
                                                .boot_info = record_.virtual_address(),
                                                .time_stamps = {}});
    if (!handoff)
        return std::unexpected(handoff.error());
    handoff_ = *handoff;
    handoff_->serial_port = console_.serial_port();
    handoff_->debug_port = console_.debug_port();
    handoff_->after_fault = BATON_AFTER_FAULT_HALT;
    log_.line(Text()
                  .add("page tables at ")
                  .hex(mapper->root().value)
                  .add(", ")
                  .decimal(mapper->table_frames())
                  .add(" frames"));
    return {};
}

Result<void> Boot::leave_firmware() {
    log_.line(Text().add("leaving the firmware"));
    if (auto left = final_map_.exit_boot_services(firmware_); !left)
        return left;
    console_.detach_from_firmware();
    frames_.keep();
    return {};
}

/// Boot services are gone: nothing below can fail.
void Boot::hand_over() {
    BatonBootInfo& info = record_.info();
    record_.set_memory_map(final_claims());
    info.firmware_memory_map =
        layout_.direct_map.base.value + reinterpret_cast<uint64_t>(final_map_.bytes().data());
    info.firmware_memory_map_bytes = final_map_.bytes().size();
    info.firmware_descriptor_bytes = final_map_.descriptor_bytes();
    info.firmware_descriptor_version = final_map_.descriptor_version();
    log_.line(Text().add("firmware left; entering the kernel at ").hex(plan_.entry.value));

    for (const Step& step : log_.steps())
        record_.add_time_stamp(step.name, step.tsc);
    handoff_->time_stamps = record_.add_stage2_time_stamps().value;
    stage2_.call(*handoff_);
}

/// What the firmware says, and what Baton knows better.
std::span<const TypedRange> Boot::final_claims() {
    std::size_t count = 0;
    const EfiMemoryMap map = final_map_.map();
    for (std::size_t i = 0; i < map.size(); ++i)
        claims_[count++] = {efi_range(map[i]), efi_memory_type(map[i])};
    for (const PhysRange& tables : firmware_tables_.ranges())
        claims_[count++] = {tables, BATON_MEMORY_LOADER_RECLAIMABLE};
    for (const Region& region : plan_.regions)
        claims_[count++] = {{region.physical, region.pages.bytes}, BATON_MEMORY_KERNEL_AND_MODULES};
    for (const BatonFramebuffer& framebuffer : framebuffers())
        claims_[count++] = {{{framebuffer.base_physical}, framebuffer.bytes},
                            BATON_MEMORY_FRAMEBUFFER};
    return claims_.first(count);
}

std::span<const BatonFramebuffer> Boot::framebuffers() const {
    if (!framebuffer_)
        return {};
    return {&*framebuffer_, 1};
}

Result<std::span<std::byte>> Boot::allocate_bytes(uint64_t bytes, FrameRequest request) {
    request.pages = pages_for(bytes);
    const auto base = frames_.allocate(request);
    if (!base)
        return std::unexpected(base.error());
    return std::span(frames_.access(*base), bytes);
}

Result<Arena> Boot::allocate_arena(uint64_t bytes) {
    const auto memory = allocate_bytes(bytes);
    if (!memory)
        return std::unexpected(memory.error());
    return Arena(*memory);
}

void Boot::describe_plan() {
    constexpr std::size_t kShown = 16;
    for (std::size_t i = 0; i < plan_.segments.size() && i < kShown; ++i) {
        const Segment& segment = plan_.segments[i];
        log_.line(Text()
                      .add("segment ")
                      .hex(segment.memory.base.value, 16)
                      .add((segment.flags & elf::PF_R) != 0 ? " r" : " -")
                      .add((segment.flags & elf::PF_W) != 0 ? 'w' : '-')
                      .add((segment.flags & elf::PF_X) != 0 ? "x " : "- ")
                      .size(segment.memory.bytes)
                      .add(" at ")
                      .hex(plan_.physical(segment.memory.base).value));
    }
    if (plan_.segments.size() > kShown)
        log_.line(Text().add("and ").decimal(plan_.segments.size() - kShown).add(" more segments"));
    for (const PageRun& run : plan_.page_runs)
        if (run.access == Access::kernel_demanded_write_execute)
            log_.line(Text()
                          .add("warning: writable and executable at once: ")
                          .hex(run.pages.base.value)
                          .add(", ")
                          .size(run.pages.bytes)
                          .add("; align segments to pages"));
}

} // namespace baton
