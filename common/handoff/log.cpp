// SPDX-License-Identifier: BSD-2-Clause
#include "handoff/log.hpp"

#include <algorithm>

namespace baton {

void Log::line(const TextWriter& text) {
    const uint64_t ticks_per_microsecond = clock_.hz / 1'000'000;
    const uint64_t ticks = now() - clock_.start;
    Text whole;
    whole.add('[')
        .decimal(ticks_per_microsecond == 0 ? 0 : ticks / ticks_per_microsecond, 7)
        .add(" us] ")
        .add(text.view());
    sink_.write_line(whole.view());
    const std::string_view line = whole.view();
    if (line.size() + 1 > memory_.size() - used_)
        return;
    std::copy(line.begin(), line.end(), memory_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += line.size();
    memory_[used_++] = '\n';
}

void Log::warn(const TextWriter& text) {
    line(Text().add("warning: ").add(text.view()));
}

void Log::rate(std::string_view what, uint64_t bytes, uint64_t start) {
    const uint64_t ticks = now() - start;
    Text text;
    text.add(what).size(bytes);
    const uint64_t microseconds = ticks / std::max<uint64_t>(clock_.hz / 1'000'000, 1);
    if (microseconds != 0)
        text.add(", ").decimal(bytes / microseconds).add(" MB/s");
    line(text);
}

void Log::step(std::string_view name) {
    if (step_count_ < steps_.size())
        steps_[step_count_++] = {name, now()};
}

} // namespace baton
