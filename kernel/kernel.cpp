// SPDX-License-Identifier: BSD-2-Clause
//
// The example kernel: prints what the loader gave it, checks each promise of the boot protocol,
// draws a picture and powers off, with "wait-for-key=SECONDS" on its command line when a key is
// pressed or after so many seconds (0: never). Start an operating system from here.

#include "checks.hpp"
#include "console.hpp"
#include "cpu.hpp"
#include "exceptions.hpp"
#include "keyboard.hpp"
#include "power.hpp"
#include "report.hpp"
#include "screen.hpp"

#include <optional>

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
        constexpr uint32_t kTextRows = 8; // the picture is in the middle
        draw_text(screen, "Baton's example kernel", 1, kTextRows);
        draw_text(screen, "PASS", 6, kTextRows);
    }
}

/// The number in a command line after "wait-for-key="; nothing if that isn't in it.
std::optional<uint64_t> seconds_to_wait(std::string_view command_line) {
    constexpr std::string_view kWord = "wait-for-key=";
    while (!command_line.starts_with(kWord)) {
        if (command_line.empty()) {
            return {};
        }
        command_line.remove_prefix(1);
    }
    command_line.remove_prefix(kWord.size());
    uint64_t seconds = 0;
    for (const char digit : command_line) {
        if (digit < '0' || digit > '9') {
            break;
        }
        seconds = seconds * 10 + static_cast<uint64_t>(digit - '0');
    }
    return seconds;
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
        const auto seconds =
            seconds_to_wait(reinterpret_cast<const char*>(boot.record().command_line));
        if (seconds) {
            print_line("Press a key to end");
            wait_for_key(*seconds * boot.record().tsc_hz);
        }
    }
    finish(checks);
}
