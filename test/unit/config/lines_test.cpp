// SPDX-License-Identifier: BSD-2-Clause
#include "config/lines.hpp"

#include "config/parsing.hpp"
#include "support/errors.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

/// Each line as "LINE:COLUMN:COLUMN KEY=VALUE".
std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> result;
    KeyLines lines(text);
    for (KeyLine line; lines.next(line);)
        result.push_back(std::to_string(line.key_position.line) + ':' +
                         std::to_string(line.key_position.column) + ':' +
                         std::to_string(line.value_position.column) + ' ' + std::string(line.key) +
                         '=' + std::string(line.value));
    return result;
}

using Lines = std::vector<std::string>;

TEST(KeyLines, AKeyAndItsValueAreSeparatedByBlanks) {
    EXPECT_EQ(lines_of("title My OS\nversion\t \t1\n"),
              (Lines{"1:1:7 title=My OS", "2:1:11 version=1"}));
}

TEST(KeyLines, BlanksAroundALineDoNotCount) {
    EXPECT_EQ(lines_of("  \t title   a  b \t \n"), Lines{"1:5:13 title=a  b"});
}

TEST(KeyLines, ALineEndsInLfOrCrLfOrNothing) {
    EXPECT_EQ(lines_of("a 1\r\nb 2\nc 3"), (Lines{"1:1:3 a=1", "2:1:3 b=2", "3:1:3 c=3"}));
    EXPECT_EQ(lines_of("a 1\r"), Lines{"1:1:3 a=1"});
}

TEST(KeyLines, BlankLinesAndCommentsAreSkippedAndCounted) {
    EXPECT_EQ(lines_of("\n# a comment\n \t\n\t# another\r\n\r\nkey value # not a comment\n"),
              Lines{"6:1:5 key=value # not a comment"});
}

TEST(KeyLines, AByteOrderMarkIsSkipped) {
    EXPECT_EQ(lines_of("\xef\xbb\xbftitle a"), Lines{"1:1:7 title=a"});
    EXPECT_EQ(lines_of("\xef\xbb\xbf# comment\n"), Lines{});
    EXPECT_EQ(lines_of("\xef\xbb\xbf"), Lines{});
}

TEST(KeyLines, AKeyMayStandAlone) {
    EXPECT_EQ(lines_of("title\nkernel  \n"), (Lines{"1:1:6 title=", "2:1:9 kernel="}));
}

TEST(KeyLines, NothingHasNoLines) {
    EXPECT_EQ(lines_of(""), Lines{});
    EXPECT_EQ(lines_of("\n\n\n"), Lines{});
}

TEST(ConfigText, PlainTextIsGood) {
    EXPECT_EQ(outcome(check_config_text("")), "good");
    EXPECT_EQ(outcome(check_config_text("\xef\xbb\xbftitle\tGr\xc3\xbc\xc3\x9f"
                                        "e\r\nkernel a\n")),
              "good");
}

TEST(ConfigText, ControlCharactersAreRefusedWithTheirPlace) {
    using namespace std::string_view_literals;
    expect_failure(check_config_text("title a\nk\0e"sv),
                   Error(ErrorCode::boot_text_not_plain, {2, 2, 0}));
    expect_failure(check_config_text("\xff\xfet\0i\0"sv),
                   Error(ErrorCode::boot_text_not_plain, {1, 4, 0}));
    expect_failure(check_config_text("a\rb\n"sv),
                   Error(ErrorCode::boot_text_not_plain, {1, 2, '\r'}));
    expect_failure(check_config_text("\n\n\x7f"sv),
                   Error(ErrorCode::boot_text_not_plain, {3, 1, 0x7f}));
}

TEST(ConfigText, LinesHaveALimit) {
    const std::string longest(kMaxConfigLineBytes, 'a');
    EXPECT_EQ(outcome(check_config_text("\n" + longest + "\r\n")), "good");
    expect_failure(
        check_config_text("\n" + longest + "b\n"),
        Error(ErrorCode::boot_line_too_long, {2, kMaxConfigLineBytes + 1, kMaxConfigLineBytes}));
}

TEST(ConfigText, FilesHaveALimit) {
    const std::string longest(kMaxConfigBytes, '\n');
    EXPECT_EQ(outcome(check_config_text(longest)), "good");
    expect_failure(check_config_text(longest + "\n"),
                   Error(ErrorCode::boot_text_too_long, {kMaxConfigBytes + 1, kMaxConfigBytes}));
}

TEST(ConfigText, ComparesWithoutCase) {
    EXPECT_TRUE(equal_ignoring_case("X64", "x64"));
    EXPECT_FALSE(equal_ignoring_case("x64", "x64 "));
    EXPECT_FALSE(equal_ignoring_case("[", "{"));
    EXPECT_TRUE(ends_with_ignoring_case("A.CONF", ".conf"));
    EXPECT_FALSE(ends_with_ignoring_case("conf", ".conf"));
}

} // namespace
} // namespace baton::test
