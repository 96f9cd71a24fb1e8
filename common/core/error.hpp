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

/// An error and its numbers, in the order of the labels of its description.
struct Error {
    ErrorCode code;
    std::array<uint64_t, kErrorNumbers> numbers{};
    std::array<char, 64> subject{}; // what it is about, NUL-terminated: a symbol, a path; or empty

    constexpr explicit Error(ErrorCode error_code, std::initializer_list<uint64_t> values = {})
        : code(error_code) {
        std::size_t i = 0;
        for (uint64_t value : values)
            if (i < kErrorNumbers)
                numbers[i++] = value;
    }
    /// The same error with a subject, cut off to what fits, between two characters of
    /// UTF-8.
    constexpr Error about(std::string_view name) const {
        Error error = *this;
        error.subject = {};
        std::size_t length = name.size();
        if (length >= error.subject.size())
            for (length = error.subject.size() - 1; length != 0 && (name[length] & 0xc0) == 0x80;)
                --length;
        for (std::size_t i = 0; i < length; ++i)
            error.subject[i] = name[i];
        return error;
    }
    constexpr bool operator==(const Error&) const = default;
};

/// The texts of an error, which live as long as this object.
struct ErrorDescription {
    /// `code` is one of the enumerators but `count`.
    explicit ErrorDescription(ErrorCode code);
    ~ErrorDescription() = default;
    ErrorDescription(const ErrorDescription&) = delete;
    ErrorDescription& operator=(const ErrorDescription&) = delete;

    std::string_view name;                                // stable: tests and tools look for it
    std::array<std::string_view, kErrorNumbers> labels{}; // of the numbers; empty: there is none
    std::string_view sentence;                            // what is wrong, and what to do

    static constexpr std::size_t kMostText = 384;
    std::array<char, kMostText> text;
};

inline ErrorDescription describe(ErrorCode code) {
    return ErrorDescription(code);
}

template<class T>
using Result = std::expected<T, Error>;

/// An error on its way through functions that return a Result of something else.
struct PassedOn {
    const Error& error;

    template<class T>
    constexpr operator Result<T>() const { // NOLINT(google-explicit-constructor): for TRY
        return Result<T>(std::unexpect, error);
    }
};

/// The value of a Result; where it has none, the function that this stands in returns its error.
/// It is an expression (GCC's and Clang's statement expressions), so that a step is one line:
///     const LoadPlan plan = TRY(plan_load(image, slide, bits, arena));
#define TRY(expression)                                                                            \
    __extension__({                                                                                \
        auto result_of_try = (expression);                                                         \
        if (!result_of_try)                                                                        \
            return ::baton::PassedOn{result_of_try.error()};                                       \
        *std::move(result_of_try);                                                                 \
    })

/// `return fail(ErrorCode::…, {number, …});` in a function that returns a Result.
constexpr std::unexpected<Error> fail(ErrorCode code,
                                      std::initializer_list<uint64_t> numbers = {}) {
    return std::unexpected(Error(code, numbers));
}

} // namespace baton
