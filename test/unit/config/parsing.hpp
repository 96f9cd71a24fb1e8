// SPDX-License-Identifier: BSD-2-Clause
//
// What the tests of the parsers share: a sink that keeps its remarks, and arenas.
#pragma once

#include "config/boot_entry.hpp"
#include "core/arena.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"
#include "tools/baton/heap_arena.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {

/// Remarks as texts: "KIND LINE:COLUMN KEY".
class Remarks final : public RemarkSink {
  public:
    void remark(const Remark& remark) override {
        constexpr std::string_view kKinds[] = {"unknown", "unused", "repeated", "replaced",
                                               "no setting"};
        texts.push_back(std::string(kKinds[static_cast<int>(remark.kind)]) + ' ' +
                        std::to_string(remark.position.line) + ':' +
                        std::to_string(remark.position.column) + ' ' + std::string(remark.key));
    }
    std::vector<std::string> texts;
};

/// An arena of a size that may be too small.
class ArenaOf {
  public:
    explicit ArenaOf(uint64_t bytes) : memory_(bytes), arena_(memory_) {}
    Arena& operator*() { return arena_; }

  private:
    Buffer memory_;
    Arena arena_;
};

/// parse() in arenas from 0 bytes on: out_of_memory until one is large enough.
template<class Parse>
void expect_memory_to_be_checked(Parse parse) {
    for (uint64_t size = 0;; ++size) {
        ArenaOf arena(size);
        const auto result = parse(*arena);
        if (result) {
            EXPECT_GT(size, 0u);
            return;
        }
        ASSERT_EQ(result.error().code, ErrorCode::out_of_memory);
    }
}

inline Buffer as_utf16(std::u16string_view text) {
    Buffer bytes;
    for (const char16_t unit : text)
        append(bytes, unit);
    return bytes;
}

inline Buffer as_bytes(std::string_view text) {
    Buffer bytes;
    for (const char character : text)
        append(bytes, character);
    return bytes;
}

/// The modules as "PATH=STRING", one after the other with a bar between them.
inline std::string modules_of(const BootEntry& entry) {
    std::string text;
    for (const BootModule& module : entry.modules) {
        text += text.empty() ? "" : "|";
        text += std::string(module.path) + "=" + std::string(module.string);
    }
    return text;
}

/// The result must be this error, with all its numbers.
template<class T>
void expect_failure(const Result<T>& result, const Error& expected) {
    EXPECT_EQ(outcome(result), outcome(Result<T>(std::unexpected(expected))));
    if (!result) {
        EXPECT_EQ(result.error(), expected);
    }
}

/// The error of a value that a setting doesn't have: `usage` is the setting and those that it has.
inline Error bad_setting(std::string_view usage, uint64_t line, uint64_t column) {
    return Error(ErrorCode::boot_setting_unknown, {line, column}).about(usage);
}

} // namespace baton::test
