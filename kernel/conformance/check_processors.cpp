// SPDX-License-Identifier: BSD-2-Clause
//
// C: the processors. Those that are parked run once, and say what they have found.
#include "processors.hpp"

#include <algorithm>

namespace conformance {
namespace {

bool is_other_online(const BatonProcessor& processor) {
    return processor.state == BATON_PROCESSOR_ONLINE &&
           (processor.flags & BATON_PROCESSOR_BOOT) == 0;
}

bool is_any_online(const Context& context) {
    return std::ranges::any_of(context.view().processors(), is_other_online);
}

/// Calls `use(processor, seen, context with its registers)` for each that has run.
template<class Use>
void for_each_seen(Verdict& verdict, const Context& context, Use use) {
    run_processors(context);
    if (!is_any_online(context))
        verdict.absent("processors-online");
    for (const BatonProcessor& processor : context.view().processors())
        if (const Seen* const seen = is_other_online(processor) ? seen_by(processor) : nullptr)
            use(processor, *seen,
                Context{.entry = seen->entry,
                        .info = context.info,
                        .tables = context.tables,
                        .expectations = context.expectations,
                        .first_nonzero_in_bss = 0});
}

void check_list(Verdict& verdict, const Context& context) {
    const auto processors = context.view().processors();
    verdict.expect(!processors.empty(), "a processor");
    for (uint32_t i = 0; i < processors.size(); ++i) {
        const BatonProcessor& processor = processors[i];
        verdict.equal("number", i, processor.number);
        verdict.equal("flags", i == 0 ? BATON_PROCESSOR_BOOT : 0, processor.flags);
        for (uint32_t other = 0; other < i; ++other)
            verdict.expect(processors[other].apic_id != processor.apic_id, "an id of its own",
                           processor.apic_id);
    }
    if (processors.empty())
        return;
    verdict.equal("the boot processor's stack", context.info.stack_base, processors[0].stack_base);
    verdict.equal("its size", context.info.stack_bytes, processors[0].stack_bytes);
    verdict.equal("its APIC id", own_apic_id(), processors[0].apic_id);
}

void check_states(Verdict& verdict, const Context& context) {
    for (const BatonProcessor& processor : context.view().processors()) {
        const bool is_boot_processor = (processor.flags & BATON_PROCESSOR_BOOT) != 0;
        verdict.expect(processor.state >= BATON_PROCESSOR_ONLINE &&
                           processor.state <= BATON_PROCESSOR_FAULT,
                       "a state", processor.state);
        verdict.expect(!is_boot_processor || processor.state == BATON_PROCESSOR_ONLINE,
                       "a boot processor that is online", processor.state);
        const bool has_parked = !is_boot_processor && processor.state == BATON_PROCESSOR_ONLINE;
        verdict.equal("whether it has parked", has_parked, processor.parked_tsc != 0);
        if (!has_parked && !is_boot_processor) {
            verdict.equal("go", 0, processor.go);
            verdict.equal("argument", 0, processor.argument);
        }
    }
}

void check_stacks(Verdict& verdict, const Context& context) {
    if (!is_any_online(context))
        return verdict.absent("processors-online");
    for (const BatonProcessor& processor : context.view().processors())
        if (processor.state == BATON_PROCESSOR_ONLINE)
            check_stack(verdict, context, processor.stack_base, processor.stack_bytes);
}

void check_go_words(Verdict& verdict, const Context& context) {
    run_processors(context);
    if (!is_any_online(context))
        return verdict.absent("processors-online");
    unsigned runs = 0;
    for (const BatonProcessor& processor : context.view().processors()) {
        if (!is_other_online(processor))
            continue;
        const Seen* const seen = seen_by(processor);
        verdict.expect(seen != nullptr, "a processor that comes", processor.number);
        if (seen == nullptr)
            continue;
        verdict.equal("runs until then", ++runs, seen->runs);
        verdict.equal("rdi", reinterpret_cast<uint64_t>(&processor), seen->entry.rdi);
        verdict.expect(seen->entry.tsc > processor.parked_tsc, "a start after it has parked",
                       processor.parked_tsc);
    }
}

void check_stack_pointers(Verdict& verdict, const Context& context) {
    for_each_seen(verdict, context,
                  [&](const BatonProcessor& processor, const Seen& seen, const Context&) {
                      const uint64_t rsp = seen.entry.rsp;
                      verdict.equal("rsp", processor.stack_base + processor.stack_bytes - 8, rsp);
                      verdict.equal("(rsp + 8) % 16", 0, (rsp + 8) % 16);
                  });
}

void check_state(Verdict& verdict, const Context& context) {
    for_each_seen(verdict, context,
                  [&](const BatonProcessor&, const Seen& seen, const Context& its) {
                      check_registers(verdict, its);
                      verdict.equal("efer", read_msr(kMsrEfer), seen.efer);
                      verdict.equal("pat", read_msr(kMsrPat), seen.pat);
                      verdict.equal("fs base", 0, seen.fs_base);
                      verdict.equal("gs base", 0, seen.gs_base);
                  });
}

void check_descriptor_tables(Verdict& verdict, const Context& context) {
    uint64_t last = 0; // of the processor before
    for_each_seen(verdict, context,
                  [&](const BatonProcessor& processor, const Seen&, const Context& its) {
                      const uint64_t task = check_tables(verdict, its);
                      verdict.expect(task != last, "a TSS of its own", processor.number);
                      verdict.expect(its.entry.gdtr.base != context.entry.gdtr.base,
                                     "a GDT of its own", processor.number);
                      last = task;
                  });
}

constexpr uint64_t kApicIsOn = 1 << 11, kX2apicIsOn = 1 << 10;

void check_apics(Verdict& verdict, const Context& context) {
    const bool is_x2apic = (context.info.processor_flags & BATON_PROCESSORS_X2APIC) != 0;
    verdict.equal("x2APIC mode of the boot processor", is_x2apic,
                  (read_apic_base() & kX2apicIsOn) != 0);
    for_each_seen(verdict, context,
                  [&](const BatonProcessor& processor, const Seen& seen, const Context&) {
                      verdict.equal("APIC id", processor.apic_id, seen.apic_id);
                      verdict.equal("x2APIC mode", is_x2apic, (seen.apic_base & kX2apicIsOn) != 0);
                      verdict.expect((seen.apic_base & kApicIsOn) != 0, "a local APIC that is on",
                                     processor.number);
                  });
}

void check_memory_types(Verdict& verdict, const Context& context) {
    uint64_t own[std::size(Seen{}.memory_types)] = {};
    const uint64_t count = read_memory_types(own);
    for_each_seen(verdict, context, [&](const BatonProcessor&, const Seen& seen, const Context&) {
        verdict.equal("MTRRs", count, seen.memory_type_count);
        for (uint64_t i = 0; i < count; ++i)
            verdict.equal("an MTRR", own[i], seen.memory_types[i]);
    });
}

void expect_fault(Verdict& verdict, std::string_view what, const std::optional<Fault>& fault,
                  uint64_t error_code) {
    verdict.expect(fault.has_value(), what);
    if (!fault)
        return;
    verdict.equal(what, kPageFault, fault->vector);
    verdict.equal(what, error_code, fault->error_code);
}

void check_faults(Verdict& verdict, const Context& context) {
    for_each_seen(verdict, context, [&](const BatonProcessor&, const Seen& seen, const Context&) {
        if (!context.has_flag(BATON_FLAG_WRITE_EXECUTE))
            expect_fault(verdict, "#PF: write to code", seen.code_written,
                         kFaultPresent | kFaultWrite);
        expect_fault(verdict, "#PF: execute the stack", seen.stack_run,
                     kFaultPresent | kFaultFetch);
        expect_fault(verdict, "#PF: read below the stack", seen.below_stack, 0);
        expect_fault(verdict, "#PF: read above the stack", seen.above_stack, 0);
        expect_fault(verdict, "#PF: read page 0", seen.null_read, 0);
    });
}

constexpr Promise kPromises[] = {
    {"C1", "the boot processor is the first one, each has its number and its APIC id", check_list},
    {"C2", "each processor's state is known, and is true", check_states},
    {"C3", "each that is online has a stack, its neighbours are not mapped", check_stacks},
    {"C4", "a go word starts its processor, once, with its record", check_go_words},
    {"C5", "RSP is at the top of its own stack", check_stack_pointers},
    {"C6", "the other registers are as those of the boot processor at its entry", check_state},
    {"C7", "each has a GDT and a TSS of its own, and the IDT", check_descriptor_tables},
    {"C8", "each has the APIC id of its record, and the APIC mode that is told", check_apics},
    {"C9", "the MTRRs are those of the boot processor", check_memory_types},
    {"C10", "what the address space forbids faults on each processor", check_faults},
};

} // namespace

std::span<const Promise> processor_promises() {
    return kPromises;
}

} // namespace conformance
