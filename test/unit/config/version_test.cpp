// SPDX-License-Identifier: BSD-2-Clause
#include "config/version.hpp"

#include "support/random.hpp"

#include <algorithm>
#include <compare>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

void expect_order(std::string_view a, std::string_view b, std::weak_ordering order) {
    EXPECT_TRUE(compare_versions(a, b) == order) << a << " and " << b;
    EXPECT_TRUE(compare_versions(b, a) == (0 <=> order)) << b << " and " << a;
}
void expect_less(std::string_view a, std::string_view b) {
    expect_order(a, b, std::weak_ordering::less);
}
void expect_equivalent(std::string_view a, std::string_view b) {
    expect_order(a, b, std::weak_ordering::equivalent);
}

TEST(Version, TheExamplesOfTheSpecificationHold) {
    expect_equivalent("11", "11");
    expect_equivalent("systemd-123", "systemd-123");
    expect_less("bar-123", "foo-123");
    expect_less("123", "123a");
    expect_less("123", "123.a");
    expect_less("123.a", "123.b");
    expect_less("123.a", "123a");
    expect_equivalent("11\xce\xb1", "11\xce\xb2");
    expect_less("B", "a");
    expect_less("", "0");
    expect_less("0", "0.");
    expect_less("0", "0.0");
    expect_less("~", "0");
    expect_less("~", "");
    expect_equivalent("1_", "1");
    expect_equivalent("_1", "1");
    expect_less("1_", "1.2");
    expect_less("1.3.3", "1_2_3");
    expect_equivalent("1+", "1");
    expect_equivalent("+1", "1");
    expect_less("1+", "1.2");
    expect_less("1.3.3", "1+2+3");
}

TEST(Version, TheChainOfTheSpecificationIsInOrder) {
    constexpr std::string_view kChain[] = {"122.1",   "123~rc1-1", "123",     "123-a",
                                           "123-a.1", "123-1",     "123-1.1", "123^post1",
                                           "123.a-1", "123.1-1",   "123a-1",  "124-1"};
    for (std::size_t i = 0; i < std::size(kChain); ++i) {
        expect_equivalent(kChain[i], kChain[i]);
        for (std::size_t j = i + 1; j < std::size(kChain); ++j)
            expect_less(kChain[i], kChain[j]);
    }
}

TEST(Version, NumbersCompareAsNumbersOfAnyLength) {
    expect_less("9", "10");
    expect_less("6.9.12", "6.10.1");
    expect_equivalent("007", "7");
    expect_equivalent("000", "0");
    expect_less("99999999999999999999999999999998", "99999999999999999999999999999999");
    expect_less("99999999999999999999999999999999", "100000000000000000000000000000000");
}

TEST(Version, ALongerWordIsHigher) {
    expect_less("rc", "rcs");
    expect_less("a1", "ab");
}

TEST(Version, ATildeIsLowerThanTheEnd) {
    expect_less("6.1~rc1", "6.1");
    expect_less("6.1~rc1", "6.1~rc2");
}

TEST(Version, ACaretIsHigherThanTheEnd) {
    expect_less("6.1", "6.1^20240101");
    expect_less("6.1^20240101", "6.1.1");
    expect_less("6.1-1", "6.1^1");
}

TEST(Version, SeparatorsAloneComeToAnEnd) {
    expect_equivalent("___", "");
    expect_equivalent("~-^.", "~-^.");
    expect_less("-", "--");
    expect_less("-_", "-a");
}

constexpr std::string_view kAlphabet = "01aB-.~^_";

/// All pairs must agree with one order: what std::sort needs, or it leaves its array.
void expect_one_order(std::vector<std::string> texts) {
    std::ranges::stable_sort(texts, [](const std::string& a, const std::string& b) {
        return compare_versions(a, b) < 0;
    });
    std::vector<std::size_t> rank(texts.size());
    for (std::size_t i = 1; i < texts.size(); ++i)
        rank[i] = rank[i - 1] + (compare_versions(texts[i - 1], texts[i]) < 0 ? 1 : 0);
    for (std::size_t i = 0; i < texts.size(); ++i)
        for (std::size_t j = 0; j < texts.size(); ++j)
            ASSERT_TRUE(compare_versions(texts[i], texts[j]) == (rank[i] <=> rank[j]))
                << texts[i] << " and " << texts[j];
}

TEST(Version, IsAnOrderOfAllShortTexts) {
    std::vector<std::string> texts = {""};
    for (std::size_t i = 0; texts[i].size() < 3; ++i)
        for (const char character : kAlphabet)
            texts.push_back(texts[i] + character);
    expect_one_order(texts);
}

TEST(Version, IsAnOrderOfLongerTexts) {
    Random random(7);
    std::vector<std::string> texts(1000);
    for (std::string& text : texts)
        for (uint64_t count = random.below(12); count != 0; --count)
            text += kAlphabet[random.below(kAlphabet.size())];
    expect_one_order(texts);
}

TEST(Version, WhatMeansNothingAfterASeparatorMeansNothing) {
    expect_equivalent("1~_", "1~");
    expect_equivalent("1-_a", "1-a");
}

} // namespace
} // namespace baton::test
