// SPDX-License-Identifier: BSD-2-Clause
//
// How a fuzz target says that something does not hold: libFuzzer keeps the input and ends.
#pragma once

#include "core/error.hpp"
#include "core/text.hpp"

#include <cstdlib>
#include <iostream>

namespace baton::fuzz {

/// `words` say what must hold.
inline void require(bool holds, const char* words) {
    if (holds)
        return;
    std::cerr << "baton: does not hold: " << words << '\n';
    std::abort();
}

/// A file may well be refused; but with one of the named errors, and a text for people.
template<class T>
void require_named(const Result<T>& result) {
    if (result)
        return;
    require(result.error().code < ErrorCode::count, "an error is one of the named ones");
    require(Text().error(result.error()).view().starts_with("error: "), "an error has a text");
}

inline void fail_with(const Error& error, const char* words) {
    std::cerr << "baton: " << Text().error(error).view() << '\n';
    require(false, words);
}
/// For what has all that it needs: arenas of the promised size, addresses that a plan has chosen.
template<class T>
T require_good(const Result<T>& result, const char* words) {
    if (!result)
        fail_with(result.error(), words);
    return *result;
}
inline void require_good(const Result<void>& result, const char* words) {
    if (!result)
        fail_with(result.error(), words);
}

} // namespace baton::fuzz
