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

void Log::line_words(const char* format, ...) { // NOLINT(cert-dcl50-cpp)
    va_list words;
    va_start(words, format);
    line(Text().put_list(format, words));
    va_end(words);
}

void Log::warn_words(const char* format, ...) { // NOLINT(cert-dcl50-cpp)
    va_list words;
    va_start(words, format);
    warn(Text().put_list(format, words));
    va_end(words);
}

void Log::rate(std::string_view what, uint64_t bytes, uint64_t start) {
    const uint64_t end = now();
    const uint64_t ticks_per_microsecond = clock_.hz / 1'000'000;
    const uint64_t microseconds =
        end < start || ticks_per_microsecond == 0 ? 0 : (end - start) / ticks_per_microsecond;
    Text text;
    text.put("%v%z", what, bytes);
    if (microseconds != 0 && bytes >= microseconds)
        text.put(", %d MB/s", bytes / microseconds);
    else if (microseconds != 0 && bytes * 1000 >= microseconds)
        text.put(", %d KB/s", bytes * 1000 / microseconds);
    line(text);
}

void Log::step(const char* name) {
    if (step_count_ < steps_.size())
        steps_[step_count_++] = {name, now()};
}

} // namespace baton
