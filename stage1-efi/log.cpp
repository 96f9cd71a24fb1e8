// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/log.hpp"

#include "stage1-efi/cpu.hpp"

#include <algorithm>

namespace baton {

void Log::line(const TextWriter& text) {
    const uint64_t ticks_per_microsecond = tsc_hz_ / 1'000'000;
    const uint64_t ticks = cpu::read_tsc() - start_;
    Text whole;
    whole.add('[')
        .decimal(ticks_per_microsecond == 0 ? 0 : ticks / ticks_per_microsecond, 7)
        .add(" us] ")
        .add(text.view());
    console_.write_line(whole.view());
    const std::string_view line = whole.view();
    if (line.size() + 1 > memory_.size() - used_)
        return;
    std::copy(line.begin(), line.end(), memory_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += line.size();
    memory_[used_++] = '\n';
}

void Log::rate(std::string_view what, uint64_t bytes, uint64_t ticks) {
    Text text;
    text.add(what).size(bytes);
    const uint64_t microseconds = ticks / std::max<uint64_t>(tsc_hz_ / 1'000'000, 1);
    if (microseconds != 0)
        text.add(", ").decimal(bytes / microseconds).add(" MB/s");
    line(text);
}

void Log::step(std::string_view name) {
    if (step_count_ < steps_.size())
        steps_[step_count_++] = {name, cpu::read_tsc()};
}

} // namespace baton
