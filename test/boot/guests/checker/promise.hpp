// SPDX-License-Identifier: BSD-2-Clause
//
// A promise of the boot protocol, and what becomes of it on the debug console.
#pragma once

#include <cstddef>
#include <cstdint>

/// A string literal: its length is known without strlen, which this program doesn't have.
struct Text {
    template<std::size_t kBytes>
    // NOLINTNEXTLINE(google-explicit-constructor): so that a literal can be passed as a Text
    constexpr Text(const char (&literal)[kBytes]) : first(literal),
                                                    length(kBytes - 1) {}

    const char* first;
    std::size_t length;
};

/// How many promises were kept, and how many were not.
struct Tally {
    unsigned kept = 0;
    unsigned broken = 0;
};

/// Collects expectations under a name. Prints "FAIL name: …" for the first few that don't hold, and
/// "PASS name" at its end when all did.
class Promise {
  public:
    Promise(Tally& tally, Text name) : tally_(tally), name_(name) {}
    Promise(const Promise&) = delete;
    Promise& operator=(const Promise&) = delete;
    ~Promise();

    /// `what` says what should hold; the numbers are printed when it doesn't.
    void expect(bool holds, Text what, uint64_t number = 0, uint64_t other = 0) {
        if (!holds) [[unlikely]]
            broken(what, number, other);
    }
    /// `what` names a value that should be `wanted`.
    void expect_equal(uint64_t value, uint64_t wanted, Text what) {
        expect(value == wanted, what, value, wanted);
    }

  private:
    void broken(Text what, uint64_t number, uint64_t other);

    Tally& tally_;
    Text name_;
    unsigned failures_ = 0;
};

void print(Text text);
void print_hex(uint64_t value);
