// SPDX-License-Identifier: BSD-2-Clause
//
// Tells a person what happens and when, and keeps the time of each step for the kernel.
#pragma once

#include "core/text.hpp"
#include "stage1-efi/console.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace baton {

/// A step that has ended. The name is a literal.
struct Step {
    std::string_view name;
    uint64_t tsc;
};

class Log {
  public:
    /// `start` is the TSC at stage 1's first instruction: times count from there.
    /// Lines are kept in `memory` as well, as long as there is room.
    Log(Console& console, uint64_t start, uint64_t tsc_hz, std::span<char> memory)
        : console_(console),
          start_(start),
          tsc_hz_(tsc_hz),
          memory_(memory) {}

    /// Prints "[  1234 us] text".
    void line(const TextWriter& text);

    /// Prints how fast so many bytes were read in so many ticks of the TSC.
    void rate(std::string_view what, uint64_t bytes, uint64_t ticks);

    /// All lines so far, each with LF.
    std::string_view text() const { return {memory_.data(), used_}; }

    /// Records that the step `name` is done now.
    void step(std::string_view name);

    std::span<const Step> steps() const { return std::span(steps_).first(step_count_); }
    uint64_t tsc_hz() const { return tsc_hz_; }
    static constexpr std::size_t kMaxSteps = 20;

  private:
    Console& console_;
    uint64_t start_;
    uint64_t tsc_hz_;
    std::span<char> memory_;
    std::size_t used_ = 0;
    std::array<Step, kMaxSteps> steps_;
    std::size_t step_count_ = 0;
};

} // namespace baton
