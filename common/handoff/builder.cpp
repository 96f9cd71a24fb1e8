// SPDX-License-Identifier: BSD-2-Clause
#include "handoff/builder.hpp"

namespace baton {

/// Whether a step went well. Its error is kept.
bool HandoffBuilder::done(const Result<void>& step, std::string_view name) {
    if (step)
        log().step(name);
    else
        error_ = step.error().subject[0] != 0 ? step.error() : step.error().about(entry().kernel);
    return step.has_value();
}

Result<void> HandoffBuilder::build() {
    const bool built =
        done(read_headers(), "kernel headers read") && done(plan_kernel(), "kernel planned") &&
        done(find_modules(), "modules found") && done(load_kernel(), "kernel loaded") &&
        done(load_modules(), "modules loaded") && done(plan_memory(), "memory planned") &&
        done(load_stage2(), "stage 2 loaded") && done(prepare_watchdog(), "watchdog prepared") &&
        done(build_page_tables(), "page tables built") && done(make_records(), "records made") &&
        done(make_handoff_record(), "handoff made");
    if (!built)
        return std::unexpected(*error_);
    return {};
}

Result<const BatonHandoff*> HandoffBuilder::leave() {
    if (!done(leave_firmware(), "firmware left"))
        return std::unexpected(*error_);
    complete_records();
    return handoff_;
}

} // namespace baton
