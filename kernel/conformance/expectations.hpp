// SPDX-License-Identifier: BSD-2-Clause
//
// What the test that started this kernel insists on, from the kernel's command line:
//     expect=la57,modules:2,no-framebuffer
// A name is a feature that must be there, name:N one that must be there N times, no-name one that
// must not be there. The words `dirty-reset`, `fault`, `fill` and `search` beside it are options
// (conformance.cpp, check_record.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace conformance {

struct Expectation {
    std::string_view name;
    std::optional<uint64_t> count; // not said: any but 0
    bool absent;

    bool is_met_by(uint64_t found, uint64_t tolerance) const {
        if (absent)
            return found == 0;
        return count ? found <= *count && *count - found <= tolerance : found != 0;
    }
};

class Expectations {
  public:
    /// `command_line` is kept, not copied.
    explicit Expectations(std::string_view command_line) : command_line_(command_line) {}

    /// Whether one of the words of the command line is `word`.
    bool has_option(std::string_view word) const;
    /// Whether a feature must be there.
    bool insist_on(std::string_view feature) const;

    /// Calls `visit(const Expectation&)` for each of the list.
    template<class Visit>
    void for_each(Visit visit) const {
        std::string_view rest = list();
        while (!rest.empty())
            visit(parse(take(rest, ',')));
    }

  private:
    /// The text before the first `separator`, which is cut off of `rest` along with it.
    static std::string_view take(std::string_view& rest, char separator);
    static Expectation parse(std::string_view text);
    /// What follows "expect=".
    std::string_view list() const;

    std::string_view command_line_;
};

} // namespace conformance
