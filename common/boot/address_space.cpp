// SPDX-License-Identifier: BSD-2-Clause
#include "boot/address_space.hpp"

#include "boot/memory_map.hpp"
#include "plan/direct_map.hpp"
#include "plan/identity_map.hpp"
#include "protocols/protocol.hpp"

#include <algorithm>

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
            request.at || request.below < PhysAddr{kPhysicalAddressEnd})
            return source_.allocate(request);
        if (pages_left_ == 0) {
            next_ = TRY(source_.allocate({.pages = kBlockPages, .use = request.use}));
            pages_left_ = kBlockPages;
        }
        const PhysAddr frame = next_;
        next_ = next_ + kPageBytes;
        --pages_left_;
        return frame;
    }
    std::byte* access(PhysAddr address) override { return source_.access(address); }
    PhysAddr address_of(const void* pointer) const override { return source_.address_of(pointer); }

  private:
    FrameSource& source_;
    PhysAddr next_{};
    uint64_t pages_left_ = 0;
};

/// Where the firmware doesn't say what part of it is data, all of it must be both writable and
/// executable.
Result<void> check_runtime_code(Log& log, std::span<const DirectMapping> direct_map,
                                bool refuse_write_execute) {
    const auto both = std::ranges::find(direct_map, Access::kernel_demanded_write_execute,
                                        &DirectMapping::access);
    if (both == direct_map.end())
        return {};
    if (refuse_write_execute)
        return fail(ErrorCode::write_execute_refused, {both->range.base.value, both->range.bytes});
    log.warn("runtime services at %x are writable and executable: the firmware doesn't say which "
             "part is code",
             both->range.base.value);
    return {};
}

Result<Layout> choose_layout(Log& log, const Kernel& kernel, const ProcessorPlan& processors,
                             uint64_t physical_end) {
    const Requests& requests = kernel.requests;
    LayoutRequests asked{.physical_end = physical_end,
                         .stack_bytes = requests.stack_bytes,
                         .processors = processors.started,
                         .processor_stack_bytes = processors.stack_bytes,
                         .direct_map = requests.direct_map};
    const auto layout = plan_layout(kernel.plan, asked);
    if (layout || layout.error().code != ErrorCode::request_not_met || requests.direct_map_required)
        return layout;
    log.warn("no direct map at %x", requests.direct_map->value);
    asked.direct_map = {};
    return plan_layout(kernel.plan, asked);
}

struct Addresses {
    std::span<const DirectMapping> direct_map;
    Layout layout;
};

/// What of the memory the direct map shows, where the kernel requests that.
struct Shown {
    std::span<const PhysRange> memory;       // as Platform::memory() has it
    std::span<const PhysRange> devices = {}; // uncacheable
    std::span<const PhysRange> hidden = {};
    std::span<const TypedRange> tables = {}; // the firmware's, in reserved memory
};

/// The parts of `memory` that are reserved all the same.
Result<std::span<const TypedRange>> tables_in(std::span<const NormalisedRange> map,
                                              std::span<const PhysRange> memory, Arena& arena) {
    std::span<TypedRange> tables;
    for (const bool is_counting : {true, false}) {
        std::size_t count = 0;
        for (const NormalisedRange& part : map) {
            for (const PhysRange& range : memory) {
                if (part.type != BATON_MEMORY_RESERVED || !part.range.overlaps(range))
                    continue;
                const PhysAddr base = std::max(part.range.base, range.base);
                const uint64_t bytes = std::min(part.range.end(), range.end()) - base;
                if (!is_counting)
                    tables[count] = firmware_tables({base, bytes}, BATON_MEMORY_RESERVED);
                ++count;
            }
        }
        if (is_counting)
            tables = TRY(arena.array<TypedRange>(count));
    }
    return tables;
}

/// `guard`: the page below a stack that the direct map shows; empty where there is none.
Result<Shown> choose_shown(const Services& with, const Requests& requests,
                           const ProcessorPlan& processors, PhysRange guard) {
    Shown shown{.memory = TRY(with.platform.memory(with.arena))};
    if (guard.empty())
        return shown;
    const auto map = TRY(memory_map_of(with.platform, with.arena));
    const auto devices = TRY(with.arena.array<PhysRange>(map.size() + 1));
    const auto hidden = TRY(with.arena.array<PhysRange>(map.size() + 1 + processors.started));
    std::size_t device_count = 0;
    std::size_t hidden_count = 0;
    PhysAddr first{0}; // from which on types count
    hidden[hidden_count++] = guard;
    for (uint32_t i = 0; i < processors.started; ++i)
        hidden[hidden_count++] = processors.guard(i);
    if (requests.direct_map_4_gib) {
        devices[device_count++] = {{0}, k4GiB.value};
        first = k4GiB;
    }
    for (const NormalisedRange& part : map) {
        const PhysAddr base = std::max(part.range.base, first);
        const bool is_shown =
            requests.direct_map_types == 0 || (requests.direct_map_types >> part.type & 1) != 0;
        if (requests.direct_map_reserved)
            devices[device_count++] = part.range;
        if (!is_shown && base < part.range.end())
            hidden[hidden_count++] = {base, part.range.end() - base};
    }
    shown.devices = devices.first(device_count);
    shown.hidden = hidden.first(hidden_count);
    if ((requests.direct_map_types >> BATON_MEMORY_RESERVED & 1) != 0) {
        const auto more = TRY(with.platform.reserved_tables(with.arena));
        const auto all = TRY(with.arena.array<PhysRange>(shown.memory.size() + more.size()));
        std::ranges::copy(more, std::ranges::copy(shown.memory, all.begin()).out);
        shown.memory = all;
        shown.tables = TRY(tables_in(map, shown.memory, with.arena));
    }
    return shown;
}

/// The direct map and the layout.
Result<Addresses> choose_addresses(const Services& with, const Kernel& kernel,
                                   const ProcessorPlan& processors,
                                   std::span<const Display> displays, const Shown& shown,
                                   bool runtime_map) {
    const auto framebuffers = TRY(with.arena.array<BatonFramebuffer>(displays.size()));
    std::ranges::transform(displays, framebuffers.begin(), &Display::framebuffer);
    DirectMapParts parts{.memory = shown.memory,
                         .plan = kernel.plan,
                         .framebuffers = framebuffers,
                         .devices = shown.devices,
                         .hidden = shown.hidden,
                         .is_executable = kernel.requests.direct_map_executable};
    if (runtime_map)
        parts.runtime = TRY(with.platform.runtime_memory(with.arena));
    const auto direct_map = TRY(plan_direct_map(parts, with.arena));
    if (runtime_map)
        TRY(check_runtime_code(with.log, direct_map, kernel.requests.refuse_write_execute));
    const Layout layout =
        TRY(choose_layout(with.log, kernel, processors, physical_end(direct_map)));
    return Addresses{direct_map, layout};
}

/// What stage 2 and its reports need. Two devices may share a page; one in the kernel's place can't
/// be used.
class IdentityMappings {
  public:
    explicit IdentityMappings(std::span<IdentityMapping> mappings) : mappings_(mappings) {}

    void add(PhysRange range, Access access) { mappings_[count_++] = {range, access}; }
    void add_device(PhysRange pages) {
        for (uint64_t offset = 0; offset < pages.bytes; offset += kPageBytes) {
            const PhysRange page{pages.base + offset, kPageBytes};
            const bool is_covered = std::ranges::any_of(all(), [&](const IdentityMapping& mapping) {
                return mapping.range.overlaps(page);
            });
            if (!is_covered)
                mappings_[count_++] = {page, Access::read_write, Caching::uncacheable};
        }
    }
    std::span<const IdentityMapping> all() const { return mappings_.first(count_); }

  private:
    std::span<IdentityMapping> mappings_;
    std::size_t count_ = 0;
};

/// What the start of processors needs.
void add_processors(const ProcessorPlan& processors, IdentityMappings& identity) {
    if (processors.started == 0)
        return;
    identity.add({processors.trampoline, kPageBytes}, Access::read_execute);
    identity.add({processors.areas, uint64_t{processors.started} * BATON_PROCESSOR_AREA_BYTES},
                 Access::read_write);
    if (processors.mailbox.value != 0)
        identity.add({processors.mailbox, kPageBytes}, Access::read_write);
    if (processors.local_apic.value != 0)
        identity.add_device({processors.local_apic, kPageBytes});
}

/// With what the kernel requests of the lower memory.
Result<std::span<const IdentityMapping>> add_requested(const Services& with, const Kernel& kernel,
                                                       std::span<const DirectMapping> direct_map,
                                                       std::span<const IdentityMapping> there) {
    const Requests& requests = kernel.requests;
    if (requests.identity_bytes == 0)
        return there;
    const auto all = plan_identity_map({.bytes = requests.identity_bytes,
                                        .has_devices = requests.identity_devices,
                                        .is_executable = requests.direct_map_executable},
                                       kernel.plan, direct_map, there, with.arena);
    if (all || requests.identity_required || all.error().code != ErrorCode::request_not_met)
        return all;
    leave_out_request(BATON_REQUEST_IDENTITY, with.log);
    return there;
}

} // namespace

Result<Displays> Platform::find_displays(const Requests& requests, Arena& /*arena*/) {
    const auto& request = requests.framebuffer;
    const bool requested = request.width != 0 || request.height != 0;
    if (requested && request.required)
        return request_not_met(BATON_REQUEST_FRAMEBUFFER, request.width, request.height);
    return Displays{.all = {}, .has_requested_mode = !requested};
}

namespace {

/// After so many pages.
Result<PhysAddr> allocate_stack(const Services& with, const Requests& requests,
                                uint64_t guard_pages) {
    const auto base =
        TRY(with.frames().allocate({.pages = requests.stack_bytes / kPageBytes + guard_pages,
                                    .use = MemoryUse::kernel_stack,
                                    .below = requests.memory_below}));
    return base + guard_pages * kPageBytes;
}

/// Says of each processor where the kernel sees its stack.
void place_stacks(const Layout& layout, const ProcessorPlan& processors) {
    processors.all.front().stack = layout.stack;
    uint32_t number = 0;
    for (ListedProcessor& processor : processors.all) {
        if (!processor.is_started)
            continue;
        const VirtAddr base =
            processors.guard_bytes != 0
                ? layout.direct_map.base + processors.stack(number).value
                : layout.processor_stacks + number * (processors.stack_bytes + kPageBytes);
        processor.stack = {base, processors.stack_bytes};
        ++number;
    }
}

} // namespace

Result<MemoryPlan> plan_memory(const Services& with, const Kernel& kernel,
                               const ProcessorPlan& processors) {
    const Requests& requests = kernel.requests;
    const Displays displays = TRY(with.platform.find_displays(requests, with.arena));
    if (!displays.has_requested_mode)
        with.log.warn("no display has a mode of %d x %d pixels: the modes stay as they are",
                      requests.framebuffer.width, requests.framebuffer.height);
    const uint64_t guard_pages = requests.stack_in_direct_map ? 1 : 0;
    PhysAddr stack{};
    if (guard_pages != 0)
        stack = TRY(allocate_stack(with, requests, guard_pages));
    const PhysRange guard{stack - kPageBytes * guard_pages, kPageBytes * guard_pages};
    const Shown shown = TRY(choose_shown(with, requests, processors, guard));
    bool runtime_map = requests.runtime_map;
    auto addresses = choose_addresses(with, kernel, processors, displays.all, shown, runtime_map);
    const bool is_impossible =
        !addresses && (addresses.error().code == ErrorCode::no_virtual_space ||
                       addresses.error().code == ErrorCode::write_execute_refused);
    if (runtime_map && is_impossible) {
        // Without what runtime services need.
        addresses = TRY(choose_addresses(with, kernel, processors, displays.all, shown, false));
        if (requests.runtime_map_required)
            return request_not_met(BATON_REQUEST_RUNTIME_MAP, 1);
        leave_out_request(BATON_REQUEST_RUNTIME_MAP, with.log);
        runtime_map = false;
    }
    auto [direct_map, layout] = TRY(addresses);
    if (guard_pages == 0)
        stack = TRY(allocate_stack(with, requests, 0));
    else
        layout.stack.base = layout.direct_map.base + stack.value;
    place_stacks(layout, processors);
    with.log.line("direct map at %x, %z; stack at %x, %z", layout.direct_map.base.value,
                  layout.direct_map.bytes, layout.stack.base.value, layout.stack.bytes);
    return MemoryPlan{displays.all, direct_map,   layout,       stack,
                      guard,        shown.memory, shown.tables, runtime_map};
}

Result<PageTables> build_page_tables(const Services& with, const Kernel& kernel,
                                     const MemoryPlan& memory, const ProcessorPlan& processors,
                                     const Stage2& stage2, const ReportPorts& ports,
                                     bool huge_pages) {
    // At most: stage 2's, the watchdog's, those for processors, and two pages for each UART.
    constexpr std::size_t kMost = 5 + 4 + 2 * BATON_HANDOFF_UARTS;
    IdentityMappings identity(TRY(with.arena.array<IdentityMapping>(kMost)));
    identity.add(stage2.block.code(), Access::read_execute);
    identity.add(stage2.block.data(), Access::read_write);
    identity.add(stage2.handoff.memory.pages(), Access::read_only);
    if (stage2.watchdog)
        for (const PhysAddr device :
             {stage2.watchdog->devices.timers, stage2.watchdog->devices.io_apic.registers})
            identity.add_device(watchdog_page(device));
    add_processors(processors, identity);
    ReportPorts usable{.debug = ports.debug};
    for (const BatonUart& uart : ports.all()) {
        const PhysRange pages = page_cover(memory_of(uart));
        const bool is_taken = std::ranges::any_of(
            stage2.avoid, [&](const PhysRange& range) { return range.overlaps(pages); });
        if (is_taken)
            with.log.warn("no fault reports on the UART at %x: the kernel's pages are there",
                          uart.address);
        else if (usable.add(uart))
            identity.add_device(pages);
    }

    const auto mappings = TRY(add_requested(with, kernel, memory.direct_map, identity.all()));
    FramePool pool(with.frames());
    PageMapper mapper =
        TRY(PageMapper::create(pool, {.huge_pages = huge_pages, .five_level = kernel.five_level}));
    TRY(map_address_space(mapper, {.plan = kernel.plan,
                                   .layout = memory.layout,
                                   .direct_map = memory.direct_map,
                                   .stack = memory.stack,
                                   .identity = mappings,
                                   .stack_in_direct_map = kernel.requests.stack_in_direct_map,
                                   .processor_stacks = {.base = processors.stacks,
                                                        .bytes = processors.stack_bytes,
                                                        .count = processors.started}}));
    with.log.line("page tables at %x%s%d frame%p", mapper.root().value,
                  kernel.five_level ? ", 5 levels, " : ", 4 levels, ", mapper.table_frames());
    return PageTables{mapper.root(), mapper.table_frames(), mappings, usable};
}

} // namespace baton
