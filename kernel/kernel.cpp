// SPDX-License-Identifier: BSD-2-Clause
//
// The example kernel: prints what the loader gave it, checks each promise of the boot protocol,
// draws a picture and powers off. Start an operating system from here.

#include "checks.hpp"
#include "console.hpp"
#include "cpu.hpp"
#include "exceptions.hpp"
#include "power.hpp"
#include "report.hpp"
#include "screen.hpp"

namespace {

[[noreturn]] void finish(const CheckList& checks) {
    if (checks.failures() == 0) {
        print_line("kernel: PASS");
        power_off(Outcome::success);
    }
    print_line("kernel: checks failed: ", Decimal{checks.failures()});
    power_off(Outcome::failure);
}

void draw_pictures(const baton::BootInfoView& boot) {
    for (const BatonFramebuffer& screen : boot.framebuffers()) {
        if (!draw_picture(screen)) {
            print_line("No picture: a pixel of ", Decimal{screen.bits_per_pixel}, " bits");
        }
    }
}

} // namespace

/// Called by _start.
extern "C" [[noreturn]] void kernel_main(const BatonBootInfo* info, uint64_t entry_rsp) {
    const uint64_t start_tsc = read_tsc();
    const uint64_t first_nonzero = first_nonzero_in_bss();

    initialise_console();
    print_line("\nBaton's example kernel"); // the firmware may have left a line unfinished
    install_exception_handlers();

    CheckList checks;
    check_record(checks, info);
    if (checks.failures() != 0) {
        finish(checks);
    }
    baton_acknowledge(info); // from here on it is no watchdog's business
    const baton::BootInfoView boot(*info);
    print_report(boot, start_tsc);

    check_bss(checks, first_nonzero);
    check_image(checks, boot);
    check_stack(checks, boot, entry_rsp);
    check_registers(checks, boot);
    check_protection(checks, boot);
    check_contents(checks, boot, start_tsc);

    if (checks.failures() == 0) {
        draw_pictures(boot);
    }
    finish(checks);
}
