// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/step_limit.hpp"

namespace baton {
namespace {

// There is one firmware, and one watchdog. Files, which most calls are about, know neither.
constinit EFI_BOOT_SERVICES* limited_by = nullptr; // null: nothing is limited

/// 0 is for ever. Firmware without a watchdog says so, and then there is none.
[[gnu::noinline]] void set_timer(EFI_BOOT_SERVICES* boot, uint64_t seconds) {
    constexpr UINT64 kCode = 0x1'0000; // the first that isn't the firmware's own
    boot->SetWatchdogTimer(seconds, kCode, 0, nullptr);
}

void limit(uint64_t seconds) {
    if (limited_by != nullptr)
        set_timer(limited_by, seconds);
}

} // namespace

void start_step_limit(const efi::Firmware& firmware) {
    limited_by = firmware.boot();
    limit(kStepSeconds);
}

void end_step_limit() {
    limit(0);
    limited_by = nullptr;
}

CallLimit::CallLimit(uint64_t bytes) {
    limit(kCallSeconds + bytes / kSlowestBytesPerSecond);
}

CallLimit::~CallLimit() {
    limit(kStepSeconds);
}

} // namespace baton
