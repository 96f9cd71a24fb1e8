// SPDX-License-Identifier: BSD-2-Clause
#include "config/path.hpp"

#include "config/parsing.hpp"
#include "support/errors.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace baton::test {
namespace {

constexpr TextPosition kPosition = {7, 9};

std::string normalised(std::string_view path) {
    HeapArena arena;
    const auto result = normalise_path(path, kPosition, arena);
    return result ? std::string(*result) : outcome(result);
}

void expect_refused(std::string_view path, const Error& error) {
    HeapArena arena;
    expect_failure(normalise_path(path, kPosition, arena), error);
}

TEST(Path, EitherSeparatorBecomesABackslash) {
    EXPECT_EQ(normalised("/baton/kernel.elf"), "\\baton\\kernel.elf");
    EXPECT_EQ(normalised("\\baton\\kernel.elf"), "\\baton\\kernel.elf");
    EXPECT_EQ(normalised("/baton\\kernel.elf"), "\\baton\\kernel.elf");
}

TEST(Path, EveryPathCountsFromTheRoot) {
    EXPECT_EQ(normalised("kernel.elf"), "\\kernel.elf");
    EXPECT_EQ(normalised("k"), "\\k");
}

TEST(Path, NeedlessPartsAreLeftOut) {
    EXPECT_EQ(normalised("//a///b/"), "\\a\\b");
    EXPECT_EQ(normalised("./a/./b/."), "\\a\\b");
}

TEST(Path, DotsInsideNamesStay) {
    EXPECT_EQ(normalised("/.a/b../...c/..d"), "\\.a\\b..\\...c\\..d");
}

TEST(Path, BlanksAndOtherLettersStay) {
    EXPECT_EQ(normalised("/my os/gr\xc3\xbcn"), "\\my os\\gr\xc3\xbcn");
}

TEST(Path, NothingIsRefused) {
    for (const std::string_view path : {"", "/", "\\", ".", "/./"})
        expect_refused(path, Error(ErrorCode::boot_path_empty, {7, 9}));
}

TEST(Path, GoingUpIsRefused) {
    for (const std::string_view path : {"..", "/a/../b", "a\\..", "../a"})
        expect_refused(path, Error(ErrorCode::boot_path_goes_up, {7, 9}));
}

TEST(Path, ControlCharactersAreRefused) {
    expect_refused("/a\tb", Error(ErrorCode::boot_path_bad_character, {7, 9, '\t'}));
    expect_refused("/a\x7f", Error(ErrorCode::boot_path_bad_character, {7, 9, 0x7f}));
}

TEST(Path, HasALimit) {
    const std::string longest(kMaxPathBytes, 'a');
    EXPECT_EQ(normalised(longest), "\\" + longest);
    expect_refused(longest + "a",
                   Error(ErrorCode::boot_path_too_long, {7, 9, kMaxPathBytes + 1, kMaxPathBytes}));
}

} // namespace
} // namespace baton::test
