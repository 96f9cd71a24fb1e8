// SPDX-License-Identifier: BSD-2-Clause
#include "verdict.hpp"

#include "console.hpp"

namespace conformance {

void Verdict::equal(std::string_view what, uint64_t expected, uint64_t found) {
    if (expected != found)
        fail({Kind::equal, what, expected, found});
}

void Verdict::expect(bool holds, std::string_view what, uint64_t found) {
    if (!holds)
        fail({Kind::expect, what, 0, found});
}

void Verdict::absent(std::string_view feature) {
    absent_ = feature;
    if (expectations_.insist_on(feature))
        fail({Kind::absent, feature, 0, 0});
}

void Verdict::fail(const Failure& failure) {
    if (failures_++ == 0)
        first_ = failure;
}

void Verdict::print_result(std::string_view number, std::string_view text) const {
    if (is_skipped()) {
        print_line("SKIP ", number, " ", text, ": no ", absent_);
        return;
    }
    if (!is_broken()) {
        print_line("PASS ", number, " ", text);
        return;
    }
    print("FAIL ");
    print(number);
    print(" ");
    print(text);
    print(": ");
    if (first_.kind == Kind::equal) {
        print(first_.what);
        print(": expected ");
        print(Hex{first_.expected});
        print(", found ");
        print(Hex{first_.found});
    } else if (first_.kind == Kind::expect) {
        print("expected ");
        print(first_.what);
        print(", found otherwise at ");
        print(Hex{first_.found});
    } else {
        print("expected ");
        print(first_.what);
        print(", found none");
    }
    if (failures_ > 1) {
        print(" (and ");
        print(Decimal{failures_ - 1});
        print(" more)");
    }
    print("\n");
}

} // namespace conformance
