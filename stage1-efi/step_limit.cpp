// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/step_limit.hpp"

#include "cpu/instructions.hpp"

namespace baton {
namespace {

// There is one firmware, and one watchdog. Files, which most calls are about, know neither.
constinit EFI_BOOT_SERVICES* limited_by = nullptr; // null: nothing is limited
constinit uint64_t limit_seconds = 0;
constinit uint64_t limited_since = 0; // by the TSC

/// 0 is for ever. Firmware without a watchdog says so, and then there is none.
void set_timer(uint64_t seconds) {
    constexpr UINT64 kCode = 0x1'0000; // the first that isn't the firmware's own
    limit_seconds = seconds;
    limited_since = cpu::read_tsc();
    limited_by->SetWatchdogTimer(seconds, kCode, 0, nullptr);
}

} // namespace

void start_step_limit(const efi::Firmware& firmware) {
    limited_by = firmware.boot();
    set_timer(kStepSeconds);
}

void end_step_limit() {
    if (limited_by != nullptr)
        set_timer(0);
    limited_by = nullptr;
}

void renew_step_limit(uint64_t bytes) {
    constexpr uint64_t kMoment = uint64_t{1} << 30; // some tenths of a second, of 300
    const uint64_t seconds = kStepSeconds + bytes / kSlowestBytesPerSecond;
    if (limited_by != nullptr &&
        (seconds > limit_seconds || cpu::read_tsc() - limited_since > kMoment))
        set_timer(seconds);
}

} // namespace baton
