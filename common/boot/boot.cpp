// SPDX-License-Identifier: BSD-2-Clause
#include "boot/boot.hpp"

#include "boot/leave.hpp"

namespace baton {
namespace {

/// About the kernel, where it is about nothing else.
std::unexpected<Error> about_kernel(const BootInput& input, const Error& error) {
    return std::unexpected(!error.subject().empty() ? error : error.about(input.entry.kernel));
}

/// The kernel's record, for as many memory ranges as there may be.
Result<void> make_record(const BootInput& input, PreparedBoot& boot) {
    FrameSource& frames = input.platform.frames();
    const std::size_t ranges = TRY(input.platform.reserve_memory_map()) + boot.also_there.size();
    FrameArena arena(frames);
    boot.map_buffer = TRY(arena.scratch<TypedRange>(ranges));
    boot.record =
        TRY(boot.kernel.protocol->write({.kernel = boot.kernel,
                                         .modules = boot.modules,
                                         .layout = boot.memory.layout,
                                         .page_table_root = boot.tables.root,
                                         .displays = boot.memory.displays,
                                         .identity = boot.tables.identity,
                                         .watchdog_disarm = boot.stage2.disarm(),
                                         .machine = boot.machine,
                                         .processors = boot.processors.all,
                                         .x2apic = boot.processors.x2apic,
                                         .random = input.random,
                                         .previous = input.previous,
                                         .command_line = input.entry.command_line,
                                         .path = input.path,
                                         .tsc_hz = input.log.tsc_hz(),
                                         .firmware_map_bytes = input.platform.firmware_map_bytes(),
                                         .log_memory = input.log.memory()},
                                        ranges, frames));
    input.log.line("%v at %x", boot.kernel.protocol->record_name(), boot.record->address().value);
    return {};
}

/// What the firmware's memory map doesn't say, or will not be so any more.
Result<std::span<const TypedRange>> beside_the_map(const Kernel& kernel, const MemoryPlan& memory,
                                                   const ProcessorPlan& processors, Arena& arena) {
    const auto ranges =
        TRY(arena.array<TypedRange>(memory.displays.size() + kernel.plan.regions.size() +
                                    memory.tables.size() + 1 + processors.started));
    std::size_t count = 0;
    for (const Display& display : memory.displays)
        ranges[count++] = {
            .range = {{display.framebuffer.base_physical}, display.framebuffer.bytes},
            .type = BATON_MEMORY_FRAMEBUFFER};
    for (const Region& region : kernel.plan.regions)
        if (region.is_moved())
            ranges[count++] =
                FrameBlock{region.frames(), MemoryUse::kernel, name_of(MemoryUse::kernel)}.typed();
    for (const TypedRange& range : memory.tables)
        ranges[count++] = range;
    if (!memory.guard.empty())
        ranges[count++] = {.range = memory.guard, .type = BATON_MEMORY_RESERVED};
    for (uint32_t i = 0; i < processors.started && processors.guard_bytes != 0; ++i)
        ranges[count++] = {.range = processors.guard(i), .type = BATON_MEMORY_RESERVED};
    return ranges.first(count);
}

void make_handoff(const BootInput& input, PreparedBoot& boot) {
    EntryState state = boot.record->entry_state();
    state.without_reports |= input.entry.strict == Switch::on;
    const VirtAddr acknowledgement = boot.record->acknowledgement();
    boot.stage2.handoff.fill(
        {.plan = boot.kernel.plan,
         .layout = boot.memory.layout,
         .stack = boot.memory.stack,
         .page_table_root = boot.tables.root,
         .five_level = boot.kernel.five_level,
         .entry = state,
         .acknowledgement = acknowledgement,
         .ports = boot.tables.ports,
         .displays = boot.memory.displays,
         .after_fault = input.entry.after_fault,
         .watchdog_seconds = boot.stage2.watchdog ? boot.kernel.requests.watchdog_seconds : 0,
         .tsc_hz = input.log.tsc_hz(),
         .processors = &boot.processors,
         .kernel_record = boot.record,
         .processors_required = boot.kernel.requests.processors_required});
    // The record lies in the direct map as in physical memory.
    if (acknowledgement.value != 0)
        boot.stage2.block.crash_record().acknowledgement_physical =
            acknowledgement.value - boot.memory.layout.direct_map.base.value;
}

/// Where what stands in the way of a kernel at p_paddr is seen once it is to be loaded, it is
/// elsewhere, unless it requires that place.
Result<Kernel> place_and_load(const Services& with, const BootInput& input, OpenKernel& open,
                              const KernelPlan& plan) {
    Requests& requests = open.requests;
    const auto kernel = load_kernel(with, input.entry, open, plan);
    if (kernel || kernel.error().code != ErrorCode::destination_not_free || !requests.physical ||
        requests.physical_required)
        return kernel;
    leave_out_request(BATON_REQUEST_PHYSICAL, with.log);
    requests.physical = false;
    const KernelPlan other = TRY(plan_kernel(with, input.entry, open, input.random));
    return load_kernel(with, input.entry, open, other);
}

/// What of the machine is to be masked before the kernel runs.
InterruptPlan choose_interrupts(const Services& with, const Requests& requests,
                                std::span<const PhysRange> memory) {
    const InterruptChoice choice{.masked = requests.mask_interrupts,
                                 .local_apic = requests.local_apic,
                                 .iommus_off = requests.stop_iommus};
    if (!choice.masked)
        return {};
    const InterruptPlan plan = with.platform.find_interrupts(choice, memory);
    with.log.line("interrupt controllers and IOMMUs to mask: %d device%p%s", plan.count,
                  plan.local_apic ? ", and the local APIC" : "");
    if (plan.left_out)
        with.log.warn("the device at %x can't be reached: its interrupts stay as they are",
                      plan.left_out->value);
    return plan;
}

Result<PreparedBoot> prepare(const BootInput& input, Arena& arena) {
    const Services with{input.platform, input.log, arena};
    const BootEntry& entry = input.entry;

    OpenKernel open = TRY(open_kernel(with, entry, input.processor));
    input.log.step("kernel headers read");
    const KernelPlan plan = TRY(plan_kernel(with, entry, open, input.random));
    input.log.step("kernel planned");
    const auto files = TRY(find_modules(with, entry, open.requests));
    input.log.step("modules found");
    const Kernel kernel = TRY(place_and_load(with, input, open, plan));
    input.log.step("kernel loaded");
    const auto modules = TRY(load_modules(with, files, kernel.requests));
    input.log.step("modules loaded");
    const ProcessorPlan processors = TRY(plan_processors(with, input.processor.apic, kernel));
    const MemoryPlan memory = TRY(plan_memory(with, kernel, processors));
    input.log.step("memory planned");
    const Stage2 alone = TRY(load_stage2(with, input.stage2, kernel.plan, processors));
    input.log.step("stage 2 loaded");
    const Stage2 stage2 = TRY(choose_watchdog(with, alone, kernel.requests));
    input.log.step("watchdog prepared");
    const PageTables tables = TRY(build_page_tables(with, kernel, memory, processors, stage2,
                                                    input.ports, input.processor.huge_pages));
    input.log.step("page tables built");
    PreparedBoot boot{.kernel = kernel,
                      .modules = modules,
                      .processors = processors,
                      .memory = memory,
                      .stage2 = stage2,
                      .tables = tables,
                      .machine = TRY(input.platform.facts(arena)),
                      .record = nullptr,
                      .interrupts = choose_interrupts(with, kernel.requests, memory.memory),
                      .also_there = TRY(beside_the_map(kernel, memory, processors, arena)),
                      .map_buffer = {}};
    TRY(make_record(input, boot));
    input.log.step("records made");
    make_handoff(input, boot);
    input.log.step("handoff made");
    return boot;
}

/// With larger records where the firmware's memory map has grown.
Result<void> leave(const BootInput& input, PreparedBoot& boot) {
    constexpr unsigned kTries = 4;
    for (unsigned tries = 1;; ++tries) {
        const auto left =
            leave_firmware(input.platform, *boot.record, boot.also_there, boot.map_buffer);
        if (left || left.error().code != ErrorCode::memory_map_too_long || tries == kTries)
            return left;
        input.log.line("the firmware's memory map has grown: the records are made again");
        boot.record->wipe_secrets();
        TRY(make_record(input, boot));
        make_handoff(input, boot);
    }
}

/// The record of a kernel that is called with boot services.
Result<void> complete_beside_firmware(const BootInput& input, PreparedBoot& boot) {
    boot.record->set_memory_map(
        TRY(read_memory_map(input.platform, boot.also_there, boot.map_buffer)));
    describe_place(
        input.log, input.entry, false,
        Text().put("the firmware stays; entering the kernel at %x", boot.kernel.plan.entry.value));
    boot.record->complete({.firmware_map = {},
                           .event_log = input.platform.event_log(),
                           .runtime_mapped = false,
                           .log = input.log.text(),
                           .steps = input.log.steps()});
    input.platform.stay(boot.kernel.plan.regions);
    input.random.forget();
    return {};
}

} // namespace

Result<PreparedBoot> prepare_boot(const BootInput& input, Arena& arena) {
    auto prepared = prepare(input, arena);
    if (!prepared)
        return about_kernel(input, prepared.error());
    return prepared;
}

Result<void> finish_boot(const BootInput& input, PreparedBoot& boot) {
    const bool stays = boot.kernel.requests.keep_firmware;
    const bool leaves_record = input.entry.crash_record != Switch::off && !stays;
    input.platform.prepare_to_leave(
        leaves_record ? std::optional(boot.stage2.block.crash_record_physical()) : std::nullopt);
    if (stays)
        return complete_beside_firmware(input, boot);
    input.log.line("leaving the firmware");
    if (const auto left = leave(input, boot); !left)
        return about_kernel(input, left.error());
    input.log.step("firmware left");

    // The firmware is gone: nothing here can fail.
    input.random.forget();
    bool runtime_mapped = false;
    if (boot.memory.runtime_map) {
        const uint64_t status =
            input.platform.map_runtime_services(boot.memory.layout.direct_map.base);
        runtime_mapped = status == 0;
        if (!runtime_mapped)
            input.log.warn("runtime services keep their physical addresses: status %x", status);
    }
    describe_place(
        input.log, input.entry, boot.kernel.kaslr,
        Text().add("firmware left; entering the kernel at ").hex(boot.kernel.plan.entry.value));
    boot.record->complete({.firmware_map = input.platform.firmware_map(),
                           .event_log = input.platform.event_log(),
                           .runtime_mapped = runtime_mapped,
                           .log = input.log.text(),
                           .steps = input.log.steps()});
    boot.stage2.handoff.record->time_stamps = boot.record->stage2_time_stamps().value;
    if (boot.interrupts.choice.masked)
        input.platform.mask_interrupts(boot.interrupts);
    if (boot.stage2.watchdog)
        input.platform.start_watchdog(*boot.stage2.watchdog);
    return {};
}

} // namespace baton
