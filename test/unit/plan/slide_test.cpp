// SPDX-License-Identifier: BSD-2-Clause
//
// Where slide_to() and random_slide() put images.
#include "plan/slide.hpp"

#include "support/errors.hpp"
#include "support/random.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes, kLarge = kLargePageBytes, kHuge = kHugePageBytes;
constexpr uint64_t kDefault = 0xffff'ffff'8000'0000;
constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kLast2MiB = 0 - 2 * kMiB;

constexpr ImageExtent extent(uint64_t lowest, uint64_t bytes, uint64_t alignment = kPage) {
    return {.lowest = {lowest}, .pages = bytes / kPage, .alignment = alignment};
}

void expect_base(const ImageExtent& image, std::optional<VirtAddr> request, uint64_t base) {
    const auto slide = slide_to(image, request);
    ASSERT_TRUE(slide) << outcome(slide);
    EXPECT_EQ(image.lowest + *slide, VirtAddr{base});
}

TEST(SlideTo, TheDefaultIsTheTop2GiB) {
    EXPECT_EQ(kDefaultBase.value, kDefault);
    expect_base(extent(0, kPage), {}, kDefault);
    expect_base(extent(0x20'0000, 16 * kMiB), {}, kDefault);
    expect_base(extent(0xffff'8000'0000'0000, kPage), {}, kDefault);
}

TEST(SlideTo, AnImageLinkedAtTheDefaultStays) {
    const auto slide = slide_to(extent(kDefault, kPage, kLarge), {});
    ASSERT_TRUE(slide) << outcome(slide);
    EXPECT_EQ(*slide, 0u);
}

TEST(SlideTo, AnImageLinkedAboveTheDefaultSlidesDown) {
    expect_base(extent(0xffff'ffff'c000'0000, kPage), {}, kDefault);
}

TEST(SlideTo, TheSlideIsAMultipleOfTheAlignment) {
    expect_base(extent(0x20'1000, kPage, kLarge), {}, kDefault + 0x1000);
    expect_base(extent(0x3f'f000, kPage, kLarge), {}, kDefault + 0x1f'f000);
    for (const uint64_t lowest : {uint64_t{0}, uint64_t{0x1000}, uint64_t{0x1234'5000}}) {
        const auto slide = slide_to(extent(lowest, kPage, kHuge), {});
        ASSERT_TRUE(slide) << outcome(slide);
        EXPECT_EQ(*slide % kHuge, 0u);
    }
}

TEST(SlideTo, ARequestedBaseIsThatOfTheLowestPage) {
    expect_base(extent(0, kPage), {{0x1000'0000}}, 0x1000'0000);
    expect_base(extent(0x20'0000, kPage), {{0xffff'c000'0000'1000}}, 0xffff'c000'0000'1000);
    expect_base(extent(0x20'1000, kPage, kLarge), {{0x40'1000}}, 0x40'1000);
}

TEST(SlideTo, ARequestedBaseThatBreaksTheAlignmentIsMisaligned) {
    expect_error(slide_to(extent(0, kPage, kLarge), {{kDefault + kPage}}),
                 ErrorCode::base_misaligned, {kDefault + kPage, kLarge});
    expect_error(slide_to(extent(0x20'1000, kPage, kLarge), {{0x40'0000}}),
                 ErrorCode::base_misaligned, {0x40'0000, kLarge});
}

TEST(SlideTo, AnImageMustEndBelowTheEndOfTheAddressSpace) {
    expect_base(extent(0, 0x8000'0000 - kPage), {}, kDefault);
    expect_base(extent(0, kPage), {{0 - 2 * kPage}}, 0 - 2 * kPage);
    expect_error(slide_to(extent(0, 0x8000'1000), {}), ErrorCode::base_out_of_range,
                 {kDefault, 0x8'0001, kPage});
    expect_error(slide_to(extent(0, 2 * kPage), {{0 - kPage}}), ErrorCode::base_out_of_range,
                 {0 - kPage, 2, kPage});
    EXPECT_TRUE(failed_with(slide_to(extent(0, ~uint64_t{0} - 0xfff), {{kPage}}),
                            ErrorCode::base_out_of_range));
}

TEST(SlideTo, AnImageOfTheWholeAddressSpaceFitsNowhere) {
    constexpr ImageExtent kWhole{.lowest = {0}, .pages = uint64_t{1} << 52, .alignment = kPage};
    for (const std::optional<VirtAddr> request : {std::optional<VirtAddr>(), {{0}}, {{kPage}}})
        EXPECT_TRUE(failed_with(slide_to(kWhole, request), ErrorCode::base_out_of_range));
    expect_error(random_slide(kWhole, 1), ErrorCode::base_out_of_range,
                 {kDefault, uint64_t{1} << 52, kPage});
}

// With 4 GiB and more there is no such address from the default base on.
TEST(SlideTo, AnAlignmentThatNoAddressInTheTop2GiBHasIsOutOfRange) {
    for (unsigned bit = 32; bit < 64; ++bit)
        for (const uint64_t lowest : {uint64_t{0}, uint64_t{0x1000}}) {
            const uint64_t alignment = uint64_t{1} << bit;
            expect_error(slide_to(extent(lowest, kPage, alignment), {}),
                         ErrorCode::base_out_of_range, {kDefault, 1, alignment});
        }
}

TEST(RandomSlide, AnAlignmentThatNoAddressInTheTop2GiBHasIsOutOfRange) {
    for (unsigned bit = 32; bit < 64; ++bit)
        EXPECT_TRUE(failed_with(random_slide(extent(0x1000, kPage, uint64_t{1} << bit), 12345),
                                ErrorCode::base_out_of_range))
            << "alignment 2^" << bit;
}

TEST(RandomSlide, OfZeroIsTheDefault) {
    const ImageExtent image = extent(0x20'1000, 3 * kMiB, kLarge);
    EXPECT_EQ(random_slide(image, 0).value(), slide_to(image, {}).value());
}

TEST(RandomSlide, HasEachPlaceEquallyOften) {
    const ImageExtent image = extent(0, 16 * kMiB, 256 * kMiB);
    std::vector<int> hits(8);
    for (uint64_t random = 0; random < 8000; ++random) {
        const auto slide = random_slide(image, random);
        ASSERT_TRUE(slide) << outcome(slide);
        const uint64_t place = (*slide - kDefault) / (256 * kMiB);
        ASSERT_LT(place, hits.size());
        ++hits[place];
    }
    EXPECT_EQ(hits, std::vector<int>(8, 1000));
}

TEST(RandomSlide, LargeNumbersSpreadAlike) {
    Random random(3);
    const ImageExtent image = extent(0x1000, kMiB, kLarge);
    std::vector<int> hits(16); // by sixteenth of the 2 GiB
    for (int i = 0; i < 16'000; ++i)
        ++hits.at((image.lowest.value + random_slide(image, random.any()).value() - kDefault) /
                  (128 * kMiB));
    for (const int count : hits) {
        EXPECT_GT(count, 800);
        EXPECT_LT(count, 1200);
    }
}

TEST(RandomSlideProperty, StaysBetweenTheDefaultAndTheLast2MiB) {
    Random random(4);
    for (int i = 0; i < 20'000; ++i) {
        const uint64_t alignment = kPage << random.below(20);
        const ImageExtent image = extent(random.below(uint64_t{1} << 32) * kPage,
                                         (1 + random.below(0x6'0000)) * kPage, alignment);
        const auto slide = random_slide(image, random.any());
        if (!slide) { // it must be for want of room
            EXPECT_TRUE(failed_with(slide, ErrorCode::base_out_of_range)) << outcome(slide);
            const uint64_t base = image.lowest.value + slide_to(image, {}).value_or(0);
            ASSERT_TRUE(base < kDefault || image.pages * kPage >= kLast2MiB - base) << "case " << i;
            continue;
        }
        const uint64_t base = image.lowest.value + *slide;
        ASSERT_EQ(*slide % alignment, 0u) << "case " << i;
        ASSERT_GE(base, kDefault) << "case " << i;
        ASSERT_LT(base, kLast2MiB) << "case " << i;
        ASSERT_LE(image.pages * kPage, kLast2MiB - base) << "case " << i;
    }
}

TEST(RandomSlide, ReachesTheLastPlaceThereIs) {
    const ImageExtent image = extent(0, kPage);
    uint64_t highest = 0;
    const uint64_t places = (kLast2MiB - kDefault) / kPage;
    for (uint64_t random = places - 4; random < places + 4; ++random)
        highest = std::max(highest, random_slide(image, random).value());
    EXPECT_GE(highest, kLast2MiB - 2 * kPage); // a page at the most is left over
}

TEST(RandomSlide, AnImageThatFillsTheTop2GiBIsOutOfRange) {
    expect_error(random_slide(extent(0, 0x8000'0000 - 2 * kMiB), 5), ErrorCode::base_out_of_range,
                 {kDefault, (0x8000'0000 - 2 * kMiB) / kPage, kPage});
    const auto just_fits = random_slide(extent(0, 0x8000'0000 - 2 * kMiB - kPage), 5);
    ASSERT_TRUE(just_fits) << outcome(just_fits);
    EXPECT_EQ(*just_fits, kDefault);
}

} // namespace
} // namespace baton::test
