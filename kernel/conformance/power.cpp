// SPDX-License-Identifier: BSD-2-Clause
//
// The end of the run. In QEMU that is the device isa-debug-exit, which makes a written value v the
// exit status 2 v + 1. A real machine is powered off through ACPI, which this example leaves out.

#include "power.hpp"

#include "console.hpp"
#include "cpu.hpp"

namespace {

constexpr uint16_t kExitPort = 0xf4;
constexpr uint32_t kExitSuccess = 0x10; // QEMU exits with 33
constexpr uint32_t kExitFailure = 0x11; // QEMU exits with 35

/// One or two seconds. QEMU may run the guest on for a while before it ends.
void wait_for_end() {
    constexpr uint64_t kTicks = uint64_t{1} << 32;
    for (const uint64_t start = read_tsc(); read_tsc() - start < kTicks;)
        asm volatile("pause");
}

} // namespace

void power_off(Outcome outcome) {
    out32(kExitPort, outcome == Outcome::success ? kExitSuccess : kExitFailure);
    wait_for_end();
    print_line("kernel: no isa-debug-exit device at port 0xf4, halted");
    halt_forever();
}
