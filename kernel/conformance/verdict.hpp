// SPDX-License-Identifier: BSD-2-Clause
//
// What came out of the check of one promise, and the line that says so:
//     PASS S4 the other general registers are 0
//     FAIL S4 the other general registers are 0: rax: expected 0x0, found 0x5 (and 2 more)
//     SKIP D2 a display's EDID is valid: no edid
#pragma once

#include "expectations.hpp"

#include <cstdint>
#include <string_view>

namespace conformance {

/// A check calls its members as often as it likes; the first thing that is wrong is printed.
class Verdict {
  public:
    explicit Verdict(const Expectations& expectations) : expectations_(expectations) {}

    /// `what` names a number.
    void equal(std::string_view what, uint64_t expected, uint64_t found);
    /// `what` says what should hold; `found` is the number in which it doesn't: an address, a
    /// value.
    void expect(bool holds, std::string_view what, uint64_t found = 0);
    /// There is nothing to check, for want of `feature`: a failure if the test insists on it.
    void absent(std::string_view feature);

    bool is_broken() const { return failures_ != 0; }
    bool is_skipped() const { return failures_ == 0 && !absent_.empty(); }
    void print_result(std::string_view number, std::string_view text) const;

  private:
    enum class Kind { equal, expect, absent };
    struct Failure {
        Kind kind;
        std::string_view what;
        uint64_t expected;
        uint64_t found;
    };

    void fail(const Failure& failure);

    const Expectations& expectations_;
    std::string_view absent_;
    Failure first_{};
    unsigned failures_ = 0;
};

} // namespace conformance
