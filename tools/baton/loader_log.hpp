// SPDX-License-Identifier: BSD-2-Clause
//
// What the loader's lines on a console say of how a boot goes, while it goes on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace baton::tool {

/// Why what was to be booted is not: a sentence, and the loader's error.
struct Refusal {
    std::string sentence;
    std::string error; // "error: NAME: …"; empty: there is none
};

/// Reads a console as it grows. The kernel's own lines, once it runs, do no harm.
class LoaderLog {
  public:
    /// `has_entry`: the loader is to boot a boot entry, so that anything else is a refusal.
    explicit LoaderLog(bool has_entry) : has_entry_(has_entry) {}

    void take(std::string_view text);
    /// The console has ended.
    void end();

    /// Set as soon as it is sure: the loader goes on with something else, has gone back to what
    /// started it, or stands still.
    const std::optional<Refusal>& refusal() const { return refusal_; }
    /// The last one on a line of its own; empty: none.
    const std::string& error() const { return error_; }
    bool loader_started() const { return started_; }
    bool kernel_entered() const { return entered_; }

  private:
    void take_line(std::string_view line);
    void take_log_line(std::string_view text);
    void refuse(std::string sentence, std::string_view error);

    bool has_entry_;
    std::string line_; // the part that is there
    std::string error_;
    std::optional<Refusal> refusal_;
    bool started_ = false;
    bool booting_ = false;
    bool entered_ = false;
};

} // namespace baton::tool
