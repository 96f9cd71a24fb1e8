// SPDX-License-Identifier: BSD-2-Clause
//
// The conformance kernel: checks every promise of docs/boot-protocol.md that can be checked from
// inside, and prints a line for each. The promises are tables, one for each group, in check_*.cpp.

#include "console.hpp"
#include "context.hpp"
#include "exceptions.hpp"
#include "image_contents.hpp"
#include "own_image.hpp"
#include "power.hpp"
#include "processor.hpp"

namespace conformance {
namespace {

struct Tally {
    unsigned kept = 0;
    unsigned broken = 0;
    unsigned skipped = 0;
};

void check(Tally& tally, const Context& context, std::span<const Promise> promises) {
    for (const Promise& promise : promises) {
        Verdict verdict(context.expectations);
        promise.check(verdict, context);
        verdict.print_result(promise.number, promise.text);
        if (verdict.is_broken())
            ++tally.broken;
        else if (verdict.is_skipped())
            ++tally.skipped;
        else
            ++tally.kept;
    }
}

void check_everything(Tally& tally, const Context& context) {
    check(tally, context, state_promises());
    check(tally, context, record_promises());
    check(tally, context, memory_map_promises());
    check(tally, context, image_promises());
    check(tally, context, address_space_promises());
    check(tally, context, protection_promises());
    check(tally, context, device_promises());
    check(tally, context, firmware_promises());
    check(tally, context, trust_promises());
    check(tally, context, hypervisor_promises());
    check(tally, context, processor_promises());
    check(tally, context, request_promises());
    check(tally, context, expectation_promises());
}

void fill(uint64_t address, uint64_t bytes) {
    constexpr uint64_t kRubbish = 0xcccc'cccc'cccc'cccc; // as code: INT3
    uint64_t words = bytes / sizeof kRubbish;
    asm volatile("rep stosq" : "+D"(address), "+c"(words) : "a"(kRubbish) : "memory");
}

/// What is usable may be overwritten. If the loader still needs some of it, or the kernel's own
/// memory is among it, the second round of checks tells.
void fill_usable_memory(const Context& context) {
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        if (range.type != BATON_MEMORY_USABLE)
            continue;
        fill(context.info.direct_map_base + range.base_physical, range.bytes);
    }
}

/// As memory is after a warm reset of a machine that has run for a while: not zero. The second time
/// it does nothing.
void leave_rubbish_and_reset(const Context& context) {
    constexpr uint16_t kCmosIndex = 0x70, kCmosData = 0x71; // of the real-time clock
    constexpr uint8_t kFreeByte = 0x7e, kMark = 0x5a;
    out8(kCmosIndex, kFreeByte);
    if (in8(kCmosData) == kMark)
        return;
    out8(kCmosData, kMark);
    fill_usable_memory(context);
    for (const elf::ProgramHeader& header : own_image::added_program_headers())
        if ((header.p_flags & elf::PF_W) != 0)
            fill(header.p_vaddr, header.p_memsz);
    print_line("conformance: resetting");
    constexpr uint16_t kResetControl = 0xcf9; // of the chipset
    constexpr uint8_t kHardReset = 0x06;
    out8(kResetControl, kHardReset);
    halt_forever();
}

/// The loader's IDT still reports it.
void cause_fault(const Context& context) {
    asm volatile("lidt %0; ud2" : : "m"(context.entry.idtr));
}

void print_tally(const Tally& tally) {
    print_line("conformance: ", Decimal{tally.kept}, " kept, ", Decimal{tally.broken}, " broken, ",
               Decimal{tally.skipped}, " skipped");
}

[[noreturn]] void finish(const Tally& tally) {
    print_tally(tally);
    power_off(tally.broken == 0 ? Outcome::success : Outcome::failure);
}

/// B1, without which nothing else can be checked.
void expect_valid_record(Tally& tally, const BatonBootInfo* info) {
    constexpr std::string_view kText = "RDI points to a BootInfo: magic, version, size";
    const Expectations nothing({});
    Verdict verdict(nothing);
    verdict.expect(info != nullptr, "a pointer");
    if (info != nullptr) {
        verdict.equal("magic", BATON_BOOT_INFO_MAGIC, info->magic);
        verdict.expect(info->version >= BATON_BOOT_INFO_VERSION, "version", info->version);
        verdict.expect(info->size >= sizeof *info, "size", info->size);
    }
    verdict.print_result("B1", kText);
    if (verdict.is_broken()) {
        ++tally.broken;
        finish(tally);
    }
    ++tally.kept;
}

} // namespace
} // namespace conformance

/// In .data: entry.asm writes to it before .bss has been looked at.
[[gnu::section(".data")]] conformance::EntryState entry_state = {};

/// Called by entry.asm. Until .bss has been looked at, nothing may be written there.
extern "C" [[noreturn]] void conformance_main() {
    using namespace conformance;
    const uint64_t first_nonzero = first_nonzero_byte_in_bss();
    initialise_console();
    print_line("\nBaton's conformance kernel"); // the firmware may have left a line unfinished

    Tally tally;
    const auto* info = reinterpret_cast<const BatonBootInfo*>(entry_state.rdi);
    expect_valid_record(tally, info);
    constexpr uint64_t kLa57 = 1 << 12;
    const unsigned levels = (entry_state.cr4 & kLa57) != 0 ? 5 : 4;
    Context context{.entry = entry_state,
                    .info = *info,
                    .tables = PageTables(entry_state.cr3, levels, info->direct_map_base),
                    .expectations = Expectations({}),
                    .first_nonzero_in_bss = first_nonzero};
    if (info->command_line != 0)
        context.expectations = Expectations(context.text_at(info->command_line));

    if (context.expectations.has_option("dirty-reset"))
        leave_rubbish_and_reset(context);
    install_exception_handlers();
    check_everything(tally, context);
    baton_acknowledge(info);
    context.has_acknowledged = true;
    if (context.expectations.has_option("fill")) {
        fill_usable_memory(context);
        print_line("conformance: usable memory filled, once more");
        check_everything(tally, context);
    }
    if (context.expectations.has_option("fault")) {
        print_tally(tally);
        cause_fault(context);
    }
    finish(tally);
}
