// SPDX-License-Identifier: BSD-2-Clause
#include "core/text.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace baton::test {
namespace {

constexpr std::size_t kCapacity = kTextBytes;
constexpr uint64_t kMost = ~uint64_t{0};

std::string as_size(uint64_t bytes) {
    return std::string(Text().size(bytes).view());
}

TEST(Text, BeginsEmpty) {
    EXPECT_EQ(Text().view(), "");
}

TEST(Text, AddsTextsAndCharacters) {
    EXPECT_EQ(Text().add("one").add(' ').add("two").view(), "one two");
}

TEST(Text, AddsAnEmptyText) {
    EXPECT_EQ(Text().add("").add(std::string_view()).add("x").view(), "x");
}

TEST(Text, DecimalHasAllDigitsOfTheLargestNumber) {
    EXPECT_EQ(Text().decimal(0).view(), "0");
    EXPECT_EQ(Text().decimal(kMost).view(), "18446744073709551615");
}

TEST(Text, DecimalIsRightAlignedInItsColumns) {
    EXPECT_EQ(Text().decimal(42, 5).view(), "   42");
    EXPECT_EQ(Text().decimal(42, 2).view(), "42");
    EXPECT_EQ(Text().decimal(12345, 2).view(), "12345");
    EXPECT_EQ(Text().decimal(0, 3).view(), "  0");
}

TEST(Text, HexIsLowerCaseWithAtLeastItsDigits) {
    EXPECT_EQ(Text().hex(0).view(), "0x0");
    EXPECT_EQ(Text().hex(0xabcdef).view(), "0xabcdef");
    EXPECT_EQ(Text().hex(0x12, 8).view(), "0x00000012");
    EXPECT_EQ(Text().hex(0x12345, 2).view(), "0x12345");
    EXPECT_EQ(Text().hex(kMost, 16).view(), "0xffffffffffffffff");
}

TEST(Text, SizesHaveTheLargestUnitThatTheyFill) {
    EXPECT_EQ(as_size(0), "0 B");
    EXPECT_EQ(as_size(1023), "1023 B");
    EXPECT_EQ(as_size(uint64_t{12} << 10), "12 KiB");
    EXPECT_EQ(as_size(uint64_t{1} << 20), "1 MiB");
    EXPECT_EQ(as_size(uint64_t{2} << 30), "2 GiB");
    EXPECT_EQ(as_size(uint64_t{3} << 40), "3 TiB");
}

TEST(Text, SizesHaveOneDigitOfAFraction) {
    EXPECT_EQ(as_size(1536), "1.5 KiB");
    EXPECT_EQ(as_size((uint64_t{3} << 20) / 2), "1.5 MiB");
    EXPECT_EQ(as_size(1025), "1 KiB");
}

TEST(Text, SizesNeverSayMoreThanThereIs) {
    EXPECT_EQ(as_size((uint64_t{1} << 20) - 1), "1023.9 KiB");
    EXPECT_EQ(as_size(kMost), "16777215.9 TiB");
}

TEST(Text, CountsInTheSingularAndInThePlural) {
    EXPECT_EQ(Text().count(0, "frame").view(), "0 frames");
    EXPECT_EQ(Text().count(1, "frame").view(), "1 frame");
    EXPECT_EQ(Text().count(2, "more segment").view(), "2 more segments");
    EXPECT_EQ(Text().count(11, "frame").view(), "11 frames");
}

TEST(Text, HasArgumentsOfEachKindInAFormat) {
    const uint8_t small = 200;
    EXPECT_EQ(Text().put("nothing").view(), "nothing");
    EXPECT_EQ(
        Text().put("%d, %4d and %x, %8x", small, 7, uint64_t{0xfedcba9876543210}, 0xab).view(),
        "200,    7 and 0xfedcba9876543210, 0x000000ab");
    EXPECT_EQ(Text()
                  .put("%z of %v, %s%c", 3072, std::string_view("textual").substr(0, 4),
                       small > 3 ? "large" : "small", '!')
                  .view(),
              "3 KiB of text, large!");
    EXPECT_EQ(Text().put("%d frame%p, %d frame%p, %d frame%p", 0, 1, 2).view(),
              "0 frames, 1 frame, 2 frames");
    const Error error(ErrorCode::elf_too_small, {1, 2});
    EXPECT_EQ(Text().put("left out: %e", error).view(),
              Text().add("left out: ").error(error).view());
}

TEST(Text, HasManyArgumentsInAFormat) {
    EXPECT_EQ(Text().put("%d%d%d%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6, 7, 8, 9).view(), "123456789");
}

TEST(Text, FillsItsBufferToTheLastCharacter) {
    const std::string whole(kCapacity, 'x');
    EXPECT_EQ(Text().add(whole).view(), whole);
    EXPECT_EQ(Text().add(whole).add("").view(), whole);
}

TEST(Text, WhatDoesNotFitIsCutOffWithThreeDots) {
    const std::string cut = std::string(kCapacity - 3, 'x') + "...";
    EXPECT_EQ(Text().add(std::string(kCapacity + 1, 'x')).view(), cut);
    EXPECT_EQ(Text().add(std::string(kCapacity, 'x')).add('y').view(), cut);
    EXPECT_EQ(Text().add(std::string(kCapacity - 2, 'x')).add("yyyyyy").view(), cut);
}

TEST(Text, IsCutOffBetweenCharacters) {
    for (std::size_t before = kCapacity - 8; before < kCapacity; ++before) {
        Text text;
        text.add(std::string(before, 'x')).add("\xe2\x82\xac\xc3\xa4").add("and more of it");
        const std::string_view view = text.view();
        EXPECT_EQ(view.size(), kCapacity);
        EXPECT_TRUE(view.ends_with("...")) << before;
        const std::size_t end = view.find_last_not_of('.') + 1;
        const bool is_whole = end <= before ||
                              view.substr(before, end - before) == "\xe2\x82\xac" ||
                              view.substr(before, end - before) == "\xe2\x82\xac\xc3\xa4";
        EXPECT_TRUE(is_whole) << before << ' ' << end;
    }
}

TEST(Text, StaysCutOffWhateverComesAfter) {
    Text text;
    text.add(std::string(2 * kCapacity, 'x'));
    const std::string cut(text.view());
    text.add("more").decimal(kMost, 20).hex(kMost).error(Error(ErrorCode::file_empty));
    EXPECT_EQ(text.view(), cut);
}

TEST(Text, AnErrorHasNameSentenceAndLabelledNumbers) {
    const std::string sentence(describe(ErrorCode::elf_too_small).sentence);
    EXPECT_EQ(Text().error(Error(ErrorCode::elf_too_small, {16, 64})).view(),
              "error: elf_too_small: " + sentence + " (file size 0x10, needed 0x40)");
}

TEST(Text, AnErrorWithoutNumbersHasNoParentheses) {
    const std::string sentence(describe(ErrorCode::file_empty).sentence);
    EXPECT_EQ(Text().error(Error(ErrorCode::file_empty)).view(), "error: file_empty: " + sentence);
}

TEST(Text, AnErrorsSubjectStandsBeforeTheSentence) {
    const std::string sentence(describe(ErrorCode::file_empty).sentence);
    EXPECT_EQ(Text().error(Error(ErrorCode::file_empty).about("/initrd.img")).view(),
              "error: file_empty: /initrd.img: " + sentence);
}

TEST(Text, AnErrorShowsAllFiveNumbers) {
    const Error error(ErrorCode::segments_overlap, {1, 2, 3, 4, 5});
    const std::string line(Text().error(error).view());
    EXPECT_TRUE(line.ends_with(" (program header 0x1, p_vaddr 0x2, p_memsz 0x3, "
                               "other program header 0x4, other p_vaddr 0x5)"))
        << line;
}

} // namespace
} // namespace baton::test
