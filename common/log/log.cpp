// SPDX-License-Identifier: BSD-2-Clause
#include "log/log.hpp"

#include <algorithm>

namespace baton {

void Log::write(std::string_view kind, std::string_view text, Line is) {
    const uint64_t ticks_per_microsecond = clock_.hz / 1'000'000;
    const uint64_t ticks = now() - clock_.start;
    Text whole;
    whole.add('[')
        .decimal(ticks_per_microsecond == 0 ? 0 : ticks / ticks_per_microsecond, 7)
        .add(" us] ")
        .add(kind)
        .add(text);
    const std::string_view line = whole.view();
    if (is == Line::warning)
        sink_.write_line(line);
    else if (!quiet_ && is == Line::secret)
        sink_.write_private_line(line);
    else if (!quiet_)
        sink_.write_log_line(line);
    if (line.size() + 1 > memory_.size() - used_)
        return;
    std::copy(line.begin(), line.end(), memory_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ += line.size();
    memory_[used_++] = '\n';
}

void Log::line(const TextWriter& text) {
    write({}, text.view(), Line::ordinary);
}

void Log::private_line(const TextWriter& text) {
    write({}, text.view(), Line::secret);
}

void Log::warn(const TextWriter& text) {
    write("warning: ", text.view(), Line::warning);
}

void Log::rate(std::string_view what, uint64_t bytes, uint64_t start) {
    const uint64_t end = now();
    const uint64_t ticks_per_microsecond = clock_.hz / 1'000'000;
    const uint64_t microseconds =
        end < start || ticks_per_microsecond == 0 ? 0 : (end - start) / ticks_per_microsecond;
    Text text;
    text.add(what).size(bytes);
    if (microseconds != 0 && bytes >= microseconds)
        text.add(", ").decimal(bytes / microseconds).add(" MB/s");
    else if (microseconds != 0 && bytes * 1000 >= microseconds)
        text.add(", ").decimal(bytes * 1000 / microseconds).add(" KB/s");
    line(text);
}

void Log::step(std::string_view name) {
    if (step_count_ < steps_.size())
        steps_[step_count_++] = {name, now()};
}

} // namespace baton
