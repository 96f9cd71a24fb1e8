// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/log.hpp"

#include "stage1-efi/cpu.hpp"

namespace baton {

void Log::line(const Text& text) {
    const uint64_t ticks_per_microsecond = tsc_hz_ / 1'000'000;
    const uint64_t ticks = cpu::read_tsc() - start_;
    Text whole;
    whole.add('[')
        .decimal(ticks_per_microsecond == 0 ? 0 : ticks / ticks_per_microsecond, 7)
        .add(" us] ")
        .add(text.view());
    console_.write_line(whole.view());
}

void Log::step(std::string_view name) {
    if (step_count_ < steps_.size())
        steps_[step_count_++] = {name, cpu::read_tsc()};
}

} // namespace baton
