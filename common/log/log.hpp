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
    /// For whoever sits at the machine.
    virtual void write_line(std::string_view text) = 0;
    /// For who wants to know more.
    virtual void write_log_line(std::string_view text) { write_line(text); }
    /// For who debugs this machine, and nobody else.
    virtual void write_private_line(std::string_view text) { write_log_line(text); }

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
    /// Lines are kept in `memory` as well, as long as they fit.
    Log(LineSink& sink, const Clock& clock, std::span<char> memory)
        : sink_(sink),
          clock_(clock),
          memory_(memory) {}

    /// Prints "[  1234 us] text", unless it is quiet.
    void line(const TextWriter& text);
    template<class... Arguments>
    [[gnu::always_inline]] void line(TextFormatFor<Arguments...> format,
                                     const Arguments&... arguments) {
        line_words(format.text, TextArgument<Arguments>::word(arguments)...);
    }
    void line_words(const char* format, ...);
    /// The same where only who debugs this machine sees it: a number that is secret.
    void private_line(const TextWriter& text);
    /// The same, after "warning: ", for everybody.
    void warn(const TextWriter& text);
    template<class... Arguments>
    [[gnu::always_inline]] void warn(TextFormatFor<Arguments...> format,
                                     const Arguments&... arguments) {
        warn_words(format.text, TextArgument<Arguments>::word(arguments)...);
    }
    void warn_words(const char* format, ...);

    /// Lines are only kept from now on, but for warnings.
    void be_quiet(bool quiet) { quiet_ = quiet; }

    /// Prints how many bytes were read since the clock was at `start`, and how fast, where the time
    /// is known and long enough to say.
    void rate(std::string_view what, uint64_t bytes, uint64_t start);

    /// All lines so far, each with LF.
    std::string_view text() const { return {memory_.data(), used_}; }
    /// Where text() is, and will be.
    std::span<const char> memory() const { return memory_; }

    /// Records that the step `name` is done now.
    void step(const char* name);

    std::span<const Step> steps() const { return std::span(steps_).first(step_count_); }
    uint64_t tsc_hz() const { return clock_.hz; }
    uint64_t now() const { return clock_.read(); }
    static constexpr std::size_t kMaxSteps = 20;

  private:
    enum class Line : uint8_t { ordinary, secret, warning }; // which of LineSink's it is

    void write(std::string_view kind, std::string_view text, Line is);

    LineSink& sink_;
    Clock clock_;
    std::span<char> memory_;
    std::size_t used_ = 0;
    bool quiet_ = false;
    std::array<Step, kMaxSteps> steps_;
    std::size_t step_count_ = 0;
};

} // namespace baton
