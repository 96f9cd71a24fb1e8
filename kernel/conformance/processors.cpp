// SPDX-License-Identifier: BSD-2-Clause
#include "processors.hpp"

#include "console.hpp"
#include "image_contents.hpp"
#include "own_image.hpp"

#include <algorithm>

/// Of the processor that has come last. In .data, as the other one.
[[gnu::section(".data")]] conformance::EntryState processor_state = {};

extern "C" [[gnu::visibility("hidden")]] void processor_start(BatonProcessor*); // entry.asm

namespace conformance {
namespace {

// Intel SDM 3A section 12.11: fixed ranges, then pairs for variable ones.
constexpr uint32_t kFixed[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                               0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
constexpr uint32_t kVariable = 0x200;
constexpr uint32_t kHasMtrr = 1 << 12; // CPUID 1 EDX

unsigned runs = 0;
uint64_t most_skew = 0;

/// It has its own stack, and the loader's segments and tables.
void look(const BatonProcessor& processor, Seen& seen) {
    seen.entry = processor_state;
    seen.efer = read_msr(kMsrEfer);
    seen.pat = read_msr(kMsrPat);
    seen.fs_base = read_msr(kMsrFsBase);
    seen.gs_base = read_msr(kMsrGsBase);
    seen.apic_base = read_apic_base();
    seen.apic_id = own_apic_id();
    seen.memory_type_count = read_memory_types(seen.memory_types);
    install_exception_handlers();
    seen.code_written = try_access(Access::write, own_image::entry());
    seen.stack_run = try_access(Access::execute, processor.stack_base);
    seen.below_stack = try_access(Access::read, processor.stack_base - 1);
    seen.above_stack = try_access(Access::read, processor.stack_base + processor.stack_bytes);
    seen.null_read = try_access(Access::read, 0);
}

/// By how much its TSC is before or after what it must be.
void remember_skew(uint64_t before, uint64_t tsc, uint64_t after) {
    const uint64_t skew = tsc < before ? before - tsc : tsc > after ? tsc - after : 0;
    most_skew = std::max(most_skew, skew);
}

} // namespace

uint32_t own_apic_id() {
    constexpr uint64_t kX2apic = 1 << 10;
    constexpr uint32_t kMsrX2apicId = 0x802;
    if ((read_apic_base() & kX2apic) != 0)
        return static_cast<uint32_t>(read_msr(kMsrX2apicId));
    return cpuid(1).ebx >> 24;
}

uint64_t read_memory_types(std::span<uint64_t> types) {
    if ((cpuid(1).edx & kHasMtrr) == 0)
        return 0;
    uint64_t count = 0;
    types[count++] = read_msr(kMsrMtrrDefType);
    for (const uint32_t msr : kFixed)
        types[count++] = read_msr(msr);
    const uint32_t ranges = read_msr(kMsrMtrrCap) & 0xff;
    for (uint32_t i = 0; i < 2 * ranges && count < types.size(); ++i)
        types[count++] = read_msr(kVariable + i);
    return count;
}

void run_processors(const Context& context) {
    constexpr uint64_t kMostTicks = 20'000'000'000; // of the TSC
    if (runs != 0)
        return;
    for (uint32_t i = 0; i < context.info.processor_count; ++i) {
        BatonProcessor* const processor = baton_processor(&context.info, i);
        const uint64_t before = read_tsc();
        if (baton_start_processor(processor, processor_start, 0) == 0)
            continue;
        while (seen_by(*processor) == nullptr && read_tsc() - before < kMostTicks)
            asm volatile("pause");
        if (const Seen* const seen = seen_by(*processor))
            remember_skew(before, seen->entry.tsc, read_tsc());
    }
    if (runs != 0)
        print_line("conformance: ", Decimal{runs}, " processors came; their TSCs differ by ",
                   Decimal{most_skew}, " ticks at least");
}

const Seen* seen_by(const BatonProcessor& processor) {
    const uint64_t seen = *static_cast<const volatile uint64_t*>(&processor.argument);
    return reinterpret_cast<const Seen*>(seen);
}

} // namespace conformance

/// Called by entry.asm. What it leaves on the stack stays there.
extern "C" [[noreturn]] void conformance_processor(BatonProcessor* processor) {
    using namespace conformance;
    Seen seen{};
    seen.runs = ++runs;
    look(*processor, seen);
    *static_cast<volatile uint64_t*>(&processor->argument) = reinterpret_cast<uint64_t>(&seen);
    halt_forever();
}
