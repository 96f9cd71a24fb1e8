// SPDX-License-Identifier: BSD-2-Clause
//
// The second part of a handoff: the address space, and what is in it beside the kernel.
#include "handoff/builder.hpp"
#include "plan/address_space.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace baton {
namespace {

/// Hands out single frames from blocks of several, so that page tables lie together: in the memory
/// map they are a few ranges.
class FramePool final : public FrameSource {
  public:
    explicit FramePool(FrameSource& source) : source_(source) {}

    Result<PhysAddr> allocate(const FrameRequest& request) override {
        constexpr uint64_t kBlockPages = 16;
        if (request.pages != 1 || request.alignment != kPageBytes || !request.avoid.empty() ||
            request.below < PhysAddr{kPhysicalAddressEnd})
            return source_.allocate(request);
        if (pages_left_ == 0) {
            const auto block = source_.allocate({.pages = kBlockPages, .origin = request.origin});
            if (!block)
                return block;
            next_ = *block;
            pages_left_ = kBlockPages;
        }
        const PhysAddr frame = next_;
        next_ = next_ + kPageBytes;
        --pages_left_;
        return frame;
    }
    std::byte* access(PhysAddr address) override { return source_.access(address); }

  private:
    FrameSource& source_;
    PhysAddr next_{};
    uint64_t pages_left_ = 0;
};

} // namespace

Result<void> HandoffBuilder::plan_memory() {
    const auto displays = given_.platform.find_displays(requests_);
    if (!displays)
        return std::unexpected(displays.error());
    displays_ = displays->all;
    if (!displays->has_requested_mode)
        log().warn(Text()
                       .add("no display has a mode of ")
                       .decimal(requests_.framebuffer.width)
                       .add(" x ")
                       .decimal(requests_.framebuffer.height)
                       .add(" pixels: the modes stay as they are"));
    if (auto planned = plan_addresses(); !planned)
        return planned;
    const auto stack =
        frames().allocate({.pages = layout_.stack.bytes / kPageBytes, .origin = "kernel stack"});
    if (!stack)
        return std::unexpected(stack.error());
    stack_ = *stack;
    log().line(Text()
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

/// The direct map and the layout; without what runtime services need where that can't be had.
Result<void> HandoffBuilder::plan_addresses() {
    auto planned = plan_direct_map();
    if (planned)
        planned = plan_layout();
    const bool has_runtime_map = std::exchange(requests_.runtime_map, false);
    const bool is_impossible =
        !planned && (planned.error().code == ErrorCode::no_virtual_space ||
                     planned.error().code == ErrorCode::write_execute_refused);
    if (!has_runtime_map || !is_impossible) {
        requests_.runtime_map = has_runtime_map;
        return planned;
    }
    if (planned = plan_direct_map(); !planned)
        return planned;
    if (planned = plan_layout(); !planned)
        return planned;
    if (requests_.runtime_map_required)
        return request_not_met(BATON_REQUEST_RUNTIME_MAP, 1);
    leave_out_request(BATON_REQUEST_RUNTIME_MAP);
    return {};
}

Result<void> HandoffBuilder::plan_layout() {
    LayoutRequests layout_requests{.physical_end = physical_end(direct_map_),
                                   .stack_bytes = requests_.stack_bytes,
                                   .direct_map = requests_.direct_map};
    auto layout = baton::plan_layout(plan_, layout_requests);
    if (!layout && layout.error().code == ErrorCode::request_not_met &&
        !requests_.direct_map_required) {
        log().warn(Text().add("no direct map at ").hex(requests_.direct_map->value));
        layout_requests.direct_map = {};
        layout = baton::plan_layout(plan_, layout_requests);
    }
    if (!layout)
        return std::unexpected(layout.error());
    layout_ = *layout;
    return {};
}

/// Errors: write_execute_refused where runtime services need it, and others.
Result<void> HandoffBuilder::plan_direct_map() {
    auto displays = allocate_arena(frames(), Arena::bytes_for<BatonFramebuffer>(displays_.size()));
    if (!displays)
        return std::unexpected(displays.error());
    const auto framebuffers = displays->array<BatonFramebuffer>(displays_.size());
    if (!framebuffers)
        return std::unexpected(framebuffers.error());
    std::transform(displays_.begin(), displays_.end(), framebuffers->begin(),
                   [](const Display& display) { return display.framebuffer; });

    const auto memory = given_.platform.memory();
    if (!memory)
        return std::unexpected(memory.error());
    DirectMapParts parts{.memory = *memory, .plan = plan_, .framebuffers = *framebuffers};
    if (requests_.runtime_map) {
        const auto runtime = given_.platform.runtime_memory();
        if (!runtime)
            return std::unexpected(runtime.error());
        parts.runtime = *runtime;
    }
    auto arena = allocate_arena(frames(), direct_map_bytes(parts));
    if (!arena)
        return std::unexpected(arena.error());
    const auto direct_map = baton::plan_direct_map(parts, *arena);
    if (!direct_map)
        return std::unexpected(direct_map.error());
    direct_map_ = *direct_map;
    return check_runtime_code();
}

/// Where the firmware doesn't say what part of it is data, all of it must be both writable and
/// executable.
Result<void> HandoffBuilder::check_runtime_code() {
    const auto both = std::ranges::find(direct_map_, Access::kernel_demanded_write_execute,
                                        &DirectMapping::access);
    if (both == direct_map_.end())
        return {};
    if (requests_.refuse_write_execute)
        return fail(ErrorCode::write_execute_refused, {both->range.base.value, both->range.bytes});
    log().warn(
        Text()
            .add("runtime services at ")
            .hex(both->range.base.value)
            .add(" are writable and executable: the firmware doesn't say which part is code"));
    return {};
}

/// Stage 2 and its record: identity-mapped, so they must keep clear of the kernel's addresses.
Result<void> HandoffBuilder::load_stage2() {
    auto arena = allocate_arena(frames(), Arena::bytes_for<PhysRange>(plan_.regions.size()));
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

    const auto block = Stage2Block::load(given_.stage2, frames(), kernel_pages_as_physical_);
    if (!block)
        return std::unexpected(block.error());
    stage2_ = *block;
    if (auto made = given_.platform.make_executable(stage2_.code(), stage2_.data()); !made)
        return made;
    const auto memory = allocate_block(
        frames(), handoff_bytes(plan_),
        {.avoid = kernel_pages_as_physical_, .below = k4GiB, .origin = "handoff record"});
    if (!memory)
        return std::unexpected(memory.error());
    handoff_memory_ = *memory;
    log().line(Text().add("stage 2 at ").hex(stage2_.code().base.value));
    return {};
}

/// Chooses its timer; it will be armed at the very end.
Result<void> HandoffBuilder::prepare_watchdog() {
    const uint32_t seconds = requests_.watchdog_seconds;
    if (seconds == 0)
        return {};
    watchdog_ = given_.platform.find_watchdog(seconds, kernel_pages_as_physical_);
    if (!watchdog_ && requests_.watchdog_required)
        return request_not_met(BATON_REQUEST_WATCHDOG, seconds);
    if (!watchdog_) {
        log().warn(Text().add("no watchdog: no timer that can raise an NMI in time"));
        return {};
    }
    watchdog_disarm_ = disarm_watchdog(*watchdog_);
    log().line(Text()
                   .add("watchdog: ")
                   .decimal(seconds)
                   .add(" s, HPET timer ")
                   .decimal(watchdog_->timer)
                   .add(" at pin ")
                   .decimal(watchdog_->pin));
    return {};
}

/// For the kernel; empty without a watchdog.
Bytes HandoffBuilder::watchdog_disarm() const {
    return watchdog_ ? std::as_bytes(std::span(watchdog_disarm_)) : Bytes{};
}

/// What stage 2 and its reports need. Two devices may share a page; one in the kernel's place can't
/// be used.
void HandoffBuilder::plan_identity_mappings() {
    auto& room = identity_mappings_;
    std::size_t& count = identity_mapping_count_;
    count = 0;
    for (const IdentityMapping& own : {IdentityMapping{stage2_.code(), Access::read_execute},
                                       IdentityMapping{stage2_.data(), Access::read_write},
                                       IdentityMapping{handoff_memory_.pages(), Access::read_only}})
        room[count++] = own;
    const auto add_device = [&](PhysRange pages) {
        for (uint64_t offset = 0; offset < pages.bytes; offset += kPageBytes) {
            const PhysRange page{pages.base + offset, kPageBytes};
            const auto covers = [&](const IdentityMapping& mapping) {
                return mapping.range.overlaps(page);
            };
            if (std::ranges::none_of(identity_mappings(), covers))
                room[count++] = {page, Access::read_write, Caching::uncacheable};
        }
    };
    if (watchdog_)
        for (const PhysAddr device :
             {watchdog_->devices.timers, watchdog_->devices.io_apic.registers})
            add_device(watchdog_page(device));
    ReportPorts usable{.debug = given_.ports.debug};
    for (const BatonUart& uart : given_.ports.all()) {
        const PhysRange pages = page_cover(memory_of(uart));
        const bool is_free =
            std::ranges::none_of(kernel_pages_as_physical_,
                                 [&](const PhysRange& range) { return range.overlaps(pages); });
        if (!is_free)
            log().warn(Text()
                           .add("no fault reports on the UART at ")
                           .hex(uart.address)
                           .add(": the kernel's pages are there"));
        if (is_free && usable.add(uart))
            add_device(pages);
    }
    given_.ports = usable;
}

Result<void> HandoffBuilder::build_page_tables() {
    FramePool pool(frames());
    auto mapper = PageMapper::create(
        pool, {.huge_pages = given_.processor.huge_pages, .five_level = five_level_});
    if (!mapper)
        return std::unexpected(mapper.error());
    plan_identity_mappings();
    const auto mapped = map_address_space(*mapper, {.plan = plan_,
                                                    .layout = layout_,
                                                    .direct_map = direct_map_,
                                                    .stack = stack_,
                                                    .identity = identity_mappings()});
    if (!mapped)
        return mapped;
    page_table_root_ = mapper->root();
    page_table_frames_ = mapper->table_frames();
    log().line(Text()
                   .add("page tables at ")
                   .hex(page_table_root_.value)
                   .add(five_level_ ? ", 5 levels, " : ", 4 levels, ")
                   .count(page_table_frames_, "frame"));
    return {};
}

} // namespace baton
