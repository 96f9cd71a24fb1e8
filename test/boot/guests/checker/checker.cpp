// SPDX-License-Identifier: BSD-2-Clause
//
// Checks from the inside what the boot protocol promises of a kernel's segments and of the address
// space around them. It is position independent, so that a test can put it at the start of the
// longest executable segment of any kernel it makes.
#include "context.hpp"
#include "cpu.hpp"

namespace {

constexpr uint16_t kDebugExit = 0xf4; // isa-debug-exit: QEMU ends with status 2 * value + 1
constexpr uint32_t kSuccess = 0x10;
constexpr uint32_t kFailure = 0x11;

void check_everything(Context& context) {
    check_address_space(context);
    check_segments(context);
    check_segment_pages(context);
}

/// As memory is after a warm reset of a machine that has run for a while: not zero.
void leave_rubbish_and_reset(const Context& context) {
    constexpr uint16_t kResetControl = 0xcf9; // of the chipset
    constexpr uint8_t kHardReset = 0x06;
    fill_usable_memory(context);
    fill_segments(context);
    print("checker: resetting\n");
    out8(kResetControl, kHardReset);
    halt();
}

/// Whether this is the first time, which it is not the next time.
bool is_first_time() {
    constexpr uint8_t kFreeIndex = 0x7e;
    constexpr uint8_t kMark = 0x5a;
    if (read_cmos(kFreeIndex) == kMark)
        return false;
    write_cmos(kFreeIndex, kMark);
    return true;
}

} // namespace

// From the linker script and from entry.asm.
extern "C" const Parameters checker_parameters;
extern "C" const std::byte checker_start[];

/// Called by entry.asm.
extern "C" [[noreturn]] void run_checker(const BatonBootInfo& info) {
    Tally tally;
    Context context{.info = info,
                    .parameters = checker_parameters,
                    .checker_start = reinterpret_cast<uint64_t>(checker_start),
                    .tables = PageTables(read_cr3(), info.direct_map_base),
                    .tally = tally};
    if (checker_parameters.has(kResetOnce) && is_first_time())
        leave_rubbish_and_reset(context);
    check_everything(context);
    if (checker_parameters.has(kFillUsable)) {
        fill_usable_memory(context);
        check_everything(context);
    }
    print("checker: kept ");
    print_hex(tally.kept);
    print(", broken ");
    print_hex(tally.broken);
    print("\n");
    if (checker_parameters.has(kFaultAtEnd))
        asm volatile("ud2");
    out32(kDebugExit, tally.broken == 0 ? kSuccess : kFailure);
    halt();
}
