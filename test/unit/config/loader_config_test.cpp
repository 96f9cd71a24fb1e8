// SPDX-License-Identifier: BSD-2-Clause
#include "config/loader_config.hpp"

#include "config/parsing.hpp"
#include "support/errors.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

TEST(LoaderConfig, NamesTheDefault) {
    Remarks remarks;
    const auto config = parse_loader_config("# mine\r\ndefault  my-os-*.conf \r\n", remarks);
    ASSERT_EQ(outcome(config), "good");
    EXPECT_EQ(config->default_pattern, "my-os-*.conf");
    EXPECT_TRUE(remarks.texts.empty());
}

TEST(LoaderConfig, MayBeEmpty) {
    Remarks remarks;
    const auto config = parse_loader_config("", remarks);
    ASSERT_EQ(outcome(config), "good");
    EXPECT_EQ(config->default_pattern, "");
}

TEST(LoaderConfig, OtherKeysAreIgnoredWithARemark) {
    Remarks remarks;
    const auto config = parse_loader_config("timeout 3\ncolour red\nconsole-mode max\n", remarks);
    ASSERT_EQ(outcome(config), "good");
    EXPECT_EQ(remarks.texts, (std::vector<std::string>{"unused 1:1 timeout", "unknown 2:1 colour",
                                                       "unused 3:1 console-mode"}));
}

TEST(LoaderConfig, TheLastDefaultCounts) {
    Remarks remarks;
    const auto config = parse_loader_config("default a\ndefault b\n", remarks);
    ASSERT_EQ(outcome(config), "good");
    EXPECT_EQ(config->default_pattern, "b");
    EXPECT_EQ(remarks.texts, std::vector<std::string>{"replaced 1:1 default"});
}

TEST(LoaderConfig, HasToBePlainText) {
    Remarks remarks;
    expect_failure(parse_loader_config("default \x01", remarks),
                   Error(ErrorCode::boot_text_not_plain, {1, 9, 1}));
}

} // namespace
} // namespace baton::test
