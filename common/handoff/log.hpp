// SPDX-License-Identifier: BSD-2-Clause
//
// Tells a person what happens and when, and keeps the time of each step for the kernel.
#pragma once

#include "core/text.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace baton {

/// Where lines of text go.
class LineSink {
  public:
    virtual void write_line(std::string_view text) = 0;

  protected:
    ~LineSink() = default;
};

/// A time-stamp counter.
struct Clock {
    uint64_t (*read)();
    uint64_t start; // times count from there
    uint64_t hz;    // 0: not known
};

/// A step that has ended. The name is a literal.
struct Step {
    std::string_view name;
    uint64_t tsc;
};

class Log {
  public:
    /// Lines are kept in `memory` as well, as long as there is room.
    Log(LineSink& sink, const Clock& clock, std::span<char> memory)
        : sink_(sink),
          clock_(clock),
          memory_(memory) {}

    /// Prints "[  1234 us] text".
    void line(const TextWriter& text);
    /// The same, behind "warning: ".
    void warn(const TextWriter& text);

    /// Prints how fast so many bytes were read since the clock was at `start`.
    void rate(std::string_view what, uint64_t bytes, uint64_t start);

    /// All lines so far, each with LF.
    std::string_view text() const { return {memory_.data(), used_}; }

    /// Records that the step `name` is done now.
    void step(std::string_view name);

    std::span<const Step> steps() const { return std::span(steps_).first(step_count_); }
    uint64_t tsc_hz() const { return clock_.hz; }
    uint64_t now() const { return clock_.read(); }
    static constexpr std::size_t kMaxSteps = 20;

  private:
    LineSink& sink_;
    Clock clock_;
    std::span<char> memory_;
    std::size_t used_ = 0;
    std::array<Step, kMaxSteps> steps_;
    std::size_t step_count_ = 0;
};

} // namespace baton
