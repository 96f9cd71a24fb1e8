// SPDX-License-Identifier: BSD-2-Clause
//
// Makes a failed expectation about a Result readable: the error prints as its line of text.
#pragma once

#include "core/error.hpp"
#include "core/text.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <initializer_list>
#include <ostream>
#include <string>

namespace baton {

inline std::ostream& operator<<(std::ostream& out, const Error& error) {
    return out << Text().error(error).view();
}

namespace test {

/// "good", or the error as people read it.
template<class T>
std::string outcome(const Result<T>& result) {
    return result ? "good" : std::string(Text().error(result.error()).view());
}

/// The result must be this error, with all its numbers.
template<class T>
void expect_error(const Result<T>& result, ErrorCode code,
                  std::initializer_list<uint64_t> numbers = {}) {
    const Error expected(code, numbers);
    EXPECT_EQ(outcome(result), Text().error(expected).view());
    if (!result) {
        EXPECT_EQ(result.error(), expected);
    }
}

template<class T>
bool failed_with(const Result<T>& result, ErrorCode code) {
    return !result && result.error().code == code;
}

} // namespace test
} // namespace baton
