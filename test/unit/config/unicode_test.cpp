// SPDX-License-Identifier: BSD-2-Clause
#include "config/unicode.hpp"

#include "config/parsing.hpp"
#include "support/errors.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace baton::test {
namespace {

std::string utf8_of(std::span<const std::byte> bytes) {
    HeapArena arena;
    const auto text = to_utf8(bytes, arena);
    return text ? std::string(*text) : outcome(text);
}
std::string utf8_of(std::u16string_view text) {
    return utf8_of(as_utf16(text));
}
std::u16string utf16_of(std::string_view text) {
    HeapArena arena;
    const auto result = to_utf16(text, arena);
    EXPECT_EQ(outcome(result), "good");
    if (!result)
        return {};
    EXPECT_EQ(*(result->data() + result->size()), 0) << "the NUL behind it";
    return std::u16string(*result);
}

TEST(Unicode, EachLengthOfACharacterGoesBothWays) {
    constexpr std::u16string_view kWide =
        u"A\u00e4\u07ff\u0800\u20ac\ud7ff\ue000\uffff\U00010000\U0010ffff";
    constexpr std::string_view kNarrow =
        "A\xc3\xa4\xdf\xbf\xe0\xa0\x80\xe2\x82\xac\xed\x9f\xbf\xee\x80\x80"
        "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
    EXPECT_EQ(utf8_of(kWide), kNarrow);
    EXPECT_EQ(utf16_of(kNarrow), kWide);
}

TEST(Unicode, NothingBecomesNothing) {
    EXPECT_EQ(utf8_of(u""), "");
    EXPECT_EQ(utf16_of(""), u"");
}

TEST(Unicode, Utf16EndsAtANul) {
    EXPECT_EQ(utf8_of(std::u16string_view(u"ab\0cd", 5)), "ab");
}

TEST(Unicode, ALeadingByteOrderMarkIsDropped) {
    EXPECT_EQ(utf8_of(u"\ufeff"
                      u"a\ufeff"),
              "a\xef\xbb\xbf");
}

TEST(Unicode, AnOddByteIsDropped) {
    Buffer bytes = as_utf16(u"ab");
    bytes.push_back(std::byte{'c'});
    EXPECT_EQ(utf8_of(bytes), "ab");
    EXPECT_EQ(utf8_of(std::span(bytes).first(1)), "");
}

TEST(Unicode, BytesMayLieAtAnyAddress) {
    const ShiftedBytes odd(as_utf16(u"kernel=\u00e4"), 1);
    EXPECT_EQ(utf8_of(odd.view()), "kernel=\xc3\xa4");
}

TEST(Unicode, ALoneSurrogateIsReplaced) {
    constexpr char16_t kHigh = 0xd800;
    constexpr char16_t kLow = 0xdc00;
    EXPECT_EQ(utf8_of(std::u16string{u'a', kHigh}), "a\xef\xbf\xbd");
    EXPECT_EQ(utf8_of(std::u16string{kHigh, u'a'}), "\xef\xbf\xbd"
                                                    "a");
    EXPECT_EQ(utf8_of(std::u16string{kLow, kHigh, kLow}), "\xef\xbf\xbd\xf0\x90\x80\x80");
}

TEST(Unicode, MalformedUtf8IsReplacedByteByByte) {
    EXPECT_EQ(utf16_of("a\x80z"), u"a\ufffdz");                           // a trailing byte alone
    EXPECT_EQ(utf16_of("\xc3"), u"\ufffd");                               // cut short
    EXPECT_EQ(utf16_of("\xe2\x82"), u"\ufffd\ufffd");                     // cut short
    EXPECT_EQ(utf16_of("\xc3z"), u"\ufffdz");                             // not continued
    EXPECT_EQ(utf16_of("\xc0\x80"), u"\ufffd\ufffd");                     // overlong
    EXPECT_EQ(utf16_of("\xe0\x80\x80"), u"\ufffd\ufffd\ufffd");           // overlong
    EXPECT_EQ(utf16_of("\xed\xa0\x80"), u"\ufffd\ufffd\ufffd");           // a surrogate
    EXPECT_EQ(utf16_of("\xf4\x90\x80\x80"), u"\ufffd\ufffd\ufffd\ufffd"); // beyond the last
    EXPECT_EQ(utf16_of("\xff"), u"\ufffd");
}

TEST(Unicode, ASmallArenaIsAnError) {
    ArenaOf arena(3);
    EXPECT_TRUE(failed_with(to_utf8(as_utf16(u"abc"), *arena), ErrorCode::out_of_memory));
    EXPECT_TRUE(failed_with(to_utf16("abc", *arena), ErrorCode::out_of_memory));
}

TEST(Unicode, WhatUcs2CannotHaveIsReplaced) {
    const auto ucs2_of = [](std::string_view text) {
        std::u16string result;
        for (std::size_t at = 0; at < text.size();)
            result.push_back(take_ucs2(text, at));
        return result;
    };
    EXPECT_EQ(ucs2_of("k\xc3\xa4se \xe2\x82\xac"), u"k\u00e4se \u20ac");
    EXPECT_EQ(ucs2_of("a\xf0\x9f\x90\xa7z"), u"a\ufffdz") << "beyond the first plane";
    EXPECT_EQ(ucs2_of("a\xc3"), u"a\ufffd") << "cut off";
    EXPECT_EQ(ucs2_of("\xa4\xc3\xff z"), u"\ufffd\ufffd\ufffd z");
    EXPECT_EQ(ucs2_of("\xed\xa0\x80"), u"\ufffd\ufffd\ufffd") << "a surrogate";
    EXPECT_EQ(ucs2_of(std::string_view("a\0b", 3)), u"a\ufffd"
                                                    u"b")
        << "it would end the text";
}

} // namespace
} // namespace baton::test
