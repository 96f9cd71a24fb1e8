// SPDX-License-Identifier: BSD-2-Clause
#include "boot/processors.hpp"

#include "abi/handoff.h"
#include "boot/stage2.hpp"
#include "core/limits.hpp"
#include "protocols/protocol.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

/// The processor of the kernel first, be it listed or not.
Result<std::span<ListedProcessor>> order(std::span<const acpi::Processor> listed, uint32_t first,
                                         Arena& arena) {
    const auto found = std::ranges::find(listed, first, &acpi::Processor::id);
    const bool is_listed = found != listed.end();
    const auto all = TRY(arena.array<ListedProcessor>(listed.size() + (is_listed ? 0 : 1)));
    all[0].facts = is_listed ? *found : acpi::Processor{.id = first, .uid = 0, .enabled = true};
    std::size_t count = 1;
    for (const acpi::Processor& processor : listed)
        if (processor.id != first)
            all[count++].facts = processor;
    return all;
}

/// Marks those that are to be started.
uint32_t choose(std::span<ListedProcessor> all, uint32_t most) {
    uint32_t count = 0;
    for (ListedProcessor& processor : all.subspan(1))
        if (processor.facts.enabled && count + 1 < most) {
            processor.is_started = true;
            ++count;
        }
    return count;
}

bool is_free(PhysAddr page, std::span<const PhysRange> avoid) {
    return std::ranges::none_of(
        avoid, [&](const PhysRange& range) { return range.overlaps({page, kPageBytes}); });
}

/// How inter-processor interrupts are sent.
Result<void> choose_apic_mode(const LocalApic& apic, bool is_requested,
                              std::span<const PhysRange> avoid, ProcessorPlan& plan) {
    constexpr uint32_t kMostApicId = 254; // all ones: every processor
    if (!apic.is_on)
        return fail(ErrorCode::local_apic_off, {apic.registers.value});
    uint32_t most = 0;
    for (const ListedProcessor& processor : plan.all)
        most = std::max(most, processor.is_started ? processor.facts.id : 0);
    const bool can_use_memory = most <= kMostApicId && is_free(apic.registers, avoid);
    if (!plan.x2apic && !can_use_memory && !apic.has_x2apic)
        return fail(ErrorCode::x2apic_missing, {most, apic.registers.value});
    plan.x2apic = plan.x2apic || !can_use_memory || (is_requested && apic.has_x2apic);
    plan.local_apic = plan.x2apic ? PhysAddr{} : apic.registers;
    return {};
}

Result<void> allocate(FrameSource& frames, const Requests& requests,
                      std::span<const PhysRange> avoid, ProcessorPlan& plan) {
    constexpr PhysAddr kEnd{0xa'0000}; // above that there is no memory
    const auto page =
        frames.allocate({.use = MemoryUse::processor_trampoline, .avoid = avoid, .below = kEnd});
    if (!page)
        return fail(ErrorCode::trampoline_memory_missing, {kPageBytes, kEnd.value});
    plan.trampoline = *page;
    const Block areas =
        TRY(allocate_block(frames, uint64_t{plan.started} * BATON_PROCESSOR_AREA_BYTES,
                           {.alignment = BATON_PROCESSOR_AREA_BYTES,
                            .use = MemoryUse::processor_area,
                            .avoid = avoid,
                            .below = k4GiB}));
    std::memset(areas.bytes.data(), 0, areas.bytes.size());
    plan.areas = areas.base;
    plan.guard_bytes = requests.stack_in_direct_map ? kPageBytes : 0;
    plan.stack_bytes =
        requests.processor_stack_bytes != 0 ? requests.processor_stack_bytes : requests.stack_bytes;
    plan.stacks = TRY(frames.allocate({.pages = plan.started * (plan.stack_stride() / kPageBytes),
                                       .use = MemoryUse::processor_stack,
                                       .below = requests.memory_below}));
    return {};
}

/// All that those need that are to be started.
Result<void> prepare_start(const Services& with, const LocalApic& apic, const Kernel& kernel,
                           ProcessorPlan& plan) {
    const auto avoid = TRY(kernel_pages(kernel.plan, with.arena));
    if (plan.mailbox.value != 0 && !is_free(plan.mailbox, avoid))
        return request_not_met(BATON_REQUEST_PROCESSORS, BATON_PROCESSORS_PARKED);
    TRY(choose_apic_mode(apic, kernel.requests.x2apic, avoid, plan));
    return allocate(with.frames(), kernel.requests, avoid, plan);
}

/// Why a kernel can't have others; null: it can.
const char* why_alone(const Kernel& kernel) {
    if (kernel.plan.without_paging)
        return "the kernel is 32-bit code";
    if (kernel.requests.keep_firmware)
        return "the firmware stays";
    return kernel.requests.takes_processors ? nullptr : "the kernel doesn't ask for them";
}

void describe(Log& log, const ProcessorPlan& plan) {
    const char* const how = plan.mailbox.value != 0 ? "the firmware's mailbox"
                            : plan.x2apic           ? "x2APIC"
                                                    : "xAPIC";
    log.line("%d processor%p, %d to be started by %s; trampoline at %x", plan.all.size(),
             plan.started, how, plan.trampoline.value);
}

} // namespace

Result<ProcessorPlan> plan_processors(const Services& with, const LocalApic& apic,
                                      const Kernel& kernel) {
    const auto found = TRY(with.platform.processors(with.arena));
    if (found.left_out != 0)
        with.log.warn("%d processor%p more than Baton lists: %d", found.left_out, kMostProcessors);
    ProcessorPlan plan{.all = TRY(order(found.list, apic.id, with.arena)),
                       .x2apic = apic.x2apic_is_on};
    if (kernel.requests.processors <= 1)
        return plan;
    const ProcessorPlan alone = plan;
    if (const char* const why = why_alone(kernel)) {
        with.log.warn("the other processors aren't started: %s", why);
        return alone;
    }
    plan.started = choose(plan.all, kernel.requests.processors);
    if (plan.started == 0)
        return plan;
    plan.mailbox = found.mailbox;
    const auto prepared = prepare_start(with, apic, kernel, plan);
    if (prepared) {
        describe(with.log, plan);
        return plan;
    }
    if (kernel.requests.processors_required)
        return std::unexpected(prepared.error());
    with.log.warn("the other processors aren't started: %e", prepared.error());
    for (ListedProcessor& processor : plan.all)
        processor.is_started = false;
    return alone;
}

} // namespace baton
