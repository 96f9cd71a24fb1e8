// SPDX-License-Identifier: BSD-2-Clause
//
// Errors are values: a code with a stable name, a sentence a person can act on, and the numbers.
// errors.def has them all.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace baton {

enum class ErrorCode : uint16_t {
#define BATON_ERROR_GROUP(title)
#define BATON_ERROR(name, labels, sentence, cause, fix) name,
#include "core/errors.def"
#undef BATON_ERROR
#undef BATON_ERROR_GROUP
    count, // not an error: how many there are
};

inline constexpr std::size_t kErrorNumbers = 5;

/// What an error says more than its code.
struct ErrorDetails {
    std::array<uint64_t, kErrorNumbers> numbers{}; // in the order of the labels of its description
    std::array<char, 64> subject{}; // what it is about, NUL-terminated: a symbol, a path; or empty

    bool operator==(const ErrorDetails&) const = default;
};

/// An error, as small as a number, so that a Result is returned in registers. Its details are in a
/// table of those of the last errors that were made: after kKeptErrors more errors with details,
/// its own are gone, and it has numbers that are 0 and no subject.
class alignas(4) Error {
  public:
    explicit constexpr Error(ErrorCode error_code) : code(error_code) {}
    /// Always inline: then the numbers of a list are passed in registers, and of a short list no
    /// zeros for what it leaves out. In a function of its own, GCC doesn't see the list's numbers.
    [[gnu::always_inline]] Error(ErrorCode error_code, std::initializer_list<uint64_t> numbers)
        : Error(numbers.size() <= 1   ? make(error_code, at(numbers, 0))
                : numbers.size() == 2 ? make(error_code, at(numbers, 0), at(numbers, 1))
                                      : make(error_code, at(numbers, 0), at(numbers, 1),
                                             at(numbers, 2), at(numbers, 3), at(numbers, 4))) {}

    /// The same error with a subject, cut off to what fits, between two characters of
    /// UTF-8.
    Error about(std::string_view name) const;

    const std::array<uint64_t, kErrorNumbers>& numbers() const { return details().numbers; }
    /// A NUL follows it.
    std::string_view subject() const { return details().subject.data(); }
    bool operator==(const Error& other) const;

    ErrorCode code;

  private:
    static Error make(ErrorCode code, uint64_t a);
    static Error make(ErrorCode code, uint64_t a, uint64_t b);
    static Error make(ErrorCode code, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
    static uint64_t at(std::initializer_list<uint64_t> numbers, std::size_t index) {
        return index < numbers.size() ? numbers.begin()[index] : 0;
    }
    static Error with(ErrorCode code, const ErrorDetails& details);
    const ErrorDetails& details() const;

    uint16_t serial_ = 0; // of its details; 0: it has none
};

// A tool may keep what it says of several files.
inline constexpr std::size_t kKeptErrors = __STDC_HOSTED__ == 1 ? 64 : 8;

/// The texts of an error.
struct ErrorDescription {
    /// `code` is one of the enumerators but `count`. The first time, all texts are unpacked.
    explicit ErrorDescription(ErrorCode code);

    std::string_view name;                                // stable: tests and tools look for it
    std::array<std::string_view, kErrorNumbers> labels{}; // of the numbers; empty: there is none
    std::string_view sentence;                            // what is wrong, and what to do
};

inline ErrorDescription describe(ErrorCode code) {
    return ErrorDescription(code);
}

template<class T>
using Result = std::expected<T, Error>;

/// The value of a Result; where it has none, the function that this stands in returns its error.
/// It is an expression (GCC's and Clang's statement expressions), so that a step is one line:
///     const LoadPlan plan = TRY(plan_load(image, slide, bits, arena));
#define TRY(expression)                                                                            \
    __extension__({                                                                                \
        auto result_of_try = (expression);                                                         \
        if (!result_of_try)                                                                        \
            return ::std::unexpected<::baton::Error>(result_of_try.error());                       \
        *std::move(result_of_try);                                                                 \
    })

/// `return fail(ErrorCode::…, {number, …});` in a function that returns a Result.
constexpr std::unexpected<Error> fail(ErrorCode code) {
    return std::unexpected(Error(code));
}
[[gnu::always_inline]] inline std::unexpected<Error> fail(ErrorCode code,
                                                          std::initializer_list<uint64_t> numbers) {
    return std::unexpected(Error(code, numbers));
}

} // namespace baton
