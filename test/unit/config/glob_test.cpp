// SPDX-License-Identifier: BSD-2-Clause
#include "config/glob.hpp"

#include <gtest/gtest.h>
#include <string>

namespace baton::test {
namespace {

TEST(Glob, PlainTextMatchesItself) {
    EXPECT_TRUE(matches_glob("", ""));
    EXPECT_TRUE(matches_glob("my-os", "my-os"));
    EXPECT_FALSE(matches_glob("my-os", "my-o"));
    EXPECT_FALSE(matches_glob("my-o", "my-os"));
    EXPECT_FALSE(matches_glob("", "a"));
}

TEST(Glob, CaseDoesNotMatter) {
    EXPECT_TRUE(matches_glob("My-OS*", "mY-os-1"));
    EXPECT_TRUE(matches_glob("[A-C]x", "bX"));
    EXPECT_TRUE(matches_glob("[a-c]x", "BX"));
}

TEST(Glob, AStarStandsForAnyCharacters) {
    EXPECT_TRUE(matches_glob("*", ""));
    EXPECT_TRUE(matches_glob("*", "anything"));
    EXPECT_TRUE(matches_glob("a*", "a"));
    EXPECT_TRUE(matches_glob("a*c*e", "abcde"));
    EXPECT_TRUE(matches_glob("*ab", "aab"));
    EXPECT_TRUE(matches_glob("**b**", "abc"));
    EXPECT_FALSE(matches_glob("a*c", "abcd"));
    EXPECT_FALSE(matches_glob("*x*", "abc"));
}

TEST(Glob, AQuestionMarkStandsForOneCharacter) {
    EXPECT_TRUE(matches_glob("a?c", "abc"));
    EXPECT_FALSE(matches_glob("a?c", "ac"));
    EXPECT_FALSE(matches_glob("?", ""));
    EXPECT_TRUE(matches_glob("a?c", "a\xc3\xa4"
                                    "c"));
    EXPECT_TRUE(matches_glob("?", "\xf0\x9f\x98\x80"));
}

TEST(Glob, ASetStandsForOneOfItsCharacters) {
    EXPECT_TRUE(matches_glob("v[0-9].[13]", "v6.3"));
    EXPECT_FALSE(matches_glob("v[0-9].[13]", "v6.2"));
    EXPECT_TRUE(matches_glob("[!0-9]", "x"));
    EXPECT_FALSE(matches_glob("[^0-9]", "5"));
    EXPECT_TRUE(matches_glob("[]]", "]"));
    EXPECT_TRUE(matches_glob("[!]]", "x"));
    EXPECT_TRUE(matches_glob("[a-]", "-"));
    EXPECT_TRUE(matches_glob("[-a]", "-"));
    EXPECT_FALSE(matches_glob("[a]", ""));
}

TEST(Glob, AnOpenBracketAloneStandsForItself) {
    EXPECT_TRUE(matches_glob("a[b", "a[b"));
    EXPECT_TRUE(matches_glob("[", "["));
    EXPECT_TRUE(matches_glob("[]", "[]"));
    EXPECT_TRUE(matches_glob("[!]", "[!]"));
}

TEST(Glob, ABackslashTakesAMeaningAway) {
    EXPECT_TRUE(matches_glob("a\\*b", "a*b"));
    EXPECT_FALSE(matches_glob("a\\*b", "axb"));
    EXPECT_TRUE(matches_glob("\\[a]", "[a]"));
    EXPECT_TRUE(matches_glob("a\\", "a\\"));
}

TEST(Glob, TheSuffixIsPartOfTheText) {
    EXPECT_TRUE(matches_glob("my-*.conf", "my-os", ".conf"));
    EXPECT_TRUE(matches_glob("my-os.*", "my-os", ".conf"));
    EXPECT_FALSE(matches_glob("my-os", "my-os", ".conf"));
}

TEST(Glob, ManyStarsTakeNoExponentialTime) {
    std::string pattern;
    for (int i = 0; i < 200; ++i)
        pattern += "*a";
    EXPECT_FALSE(matches_glob(pattern + "b", std::string(4000, 'a')));
}

} // namespace
} // namespace baton::test
