// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/template_text.hpp"

#include <gtest/gtest.h>

namespace baton::tool {
namespace {

TEST(TemplateText, EachNameOfAValueIsReplaced) {
    EXPECT_EQ(filled_in("@A@ and @B@@A@", {{"A", "one"}, {"B", "two"}}), "one and twoone");
    EXPECT_EQ(filled_in("a@A@b", {{"A", ""}}), "ab");
    EXPECT_EQ(filled_in("", {{"A", "one"}}), "");
}

TEST(TemplateText, OtherAtSignsStay) {
    EXPECT_EQ(filled_in("cc -o $@ x@A@ @", {{"A", "one"}}), "cc -o $@ xone @");
    EXPECT_EQ(filled_in("@note @B@", {{"A", "one"}}), "@note @B@");
    EXPECT_EQ(filled_in("@@A@@", {{"A", "one"}}), "@one@");
}

TEST(TemplateText, WhatIsFilledInIsNotLookedAtAgain) {
    EXPECT_EQ(filled_in("@A@@B@", {{"A", "@B@"}, {"B", "two"}}), "@B@two");
}

TEST(TemplateText, AProjectsNameIsOneOfFilesAndOfCMake) {
    for (const char* const good : {"hello", "my-os", "Os_64", "a"})
        EXPECT_TRUE(is_project_name(good)) << good;
    for (const char* const bad :
         {"", "-x", "_x", "6os", "my os", "c++", "a/b", ".", "..", "é", "a$b"})
        EXPECT_FALSE(is_project_name(bad)) << bad;
    EXPECT_TRUE(is_project_name(std::string(64, 'a')));
    EXPECT_FALSE(is_project_name(std::string(65, 'a')));
}

TEST(TemplateText, AWordOfAShellIsQuotedIfItHasToBe) {
    EXPECT_EQ(shell_word("../my-os_2"), "../my-os_2");
    EXPECT_EQ(shell_word("a $b"), "'a $b'");
    EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_word(""), "''");
}

TEST(TemplateText, APathWithSyntaxInItCannotBeQuoted) {
    EXPECT_TRUE(can_be_quoted("/opt/it's a (path) & more, 50% x=y@z ~!{}^/bin/baton"));
    for (const char* const bad : {"/a\"b", "/a\\b", "/a$b", "/a`b", "/a#b", "/a;b", "/a\nb"})
        EXPECT_FALSE(can_be_quoted(bad)) << bad;
}

} // namespace
} // namespace baton::tool
