// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/start_info.hpp"

#include "support/errors.hpp"
#include "support/physical_memory.hpp"

#include <memory>
#include <string>

namespace baton::test {
namespace {

class StartReading : public testing::Test {
  protected:
    Islands memory_;
    std::unique_ptr<StartInfo> info_ = std::make_unique<StartInfo>();
    StartReader reader_{memory_, *info_};
};

TEST_F(StartReading, RemembersWhereItHasRead) {
    memory_.put(0x1000, Buffer(16));
    EXPECT_EQ(outcome(reader_.read({0x1004}, 12)), "good");
    ASSERT_EQ(info_->structures.entries().size(), 1u);
    EXPECT_EQ(info_->structures.entries()[0], (PhysRange{{0x1004}, 12}));
}

TEST_F(StartReading, RefusesWhatIsNotThere) {
    memory_.put(0x1000, Buffer(16));
    expect_error(reader_.read({0x1004}, 13), ErrorCode::start_info_out_of_reach, {0x1004, 13});
    expect_error(reader_.record<uint64_t>({0x900}), ErrorCode::start_info_out_of_reach, {0x900, 8});
}

TEST_F(StartReading, NoBytesNeedNoMemory) {
    EXPECT_EQ(outcome(reader_.read({0}, 0)), "good");
}

TEST_F(StartReading, ReadsTextUpToItsNul) {
    for (const std::size_t length : {0, 1, 2, 255, 256, 257, 1000}) {
        const std::string text(length, 'x');
        memory_.put_text(0x1000, text);
        const auto found = reader_.text({0x1000});
        ASSERT_EQ(outcome(found), "good");
        EXPECT_EQ(*found, text);
        EXPECT_EQ(info_->structures.entries().back(), (PhysRange{{0x1000}, length + 1}));
    }
}

TEST_F(StartReading, NoAddressIsNoText) {
    const auto found = reader_.text({0});
    ASSERT_EQ(outcome(found), "good");
    EXPECT_TRUE(found->empty());
    EXPECT_TRUE(info_->structures.entries().empty());
}

TEST_F(StartReading, RefusesTextWithoutAnEnd) {
    memory_.put(0x1000, Buffer(kLongestStartText + 1, std::byte{'x'}));
    expect_error(reader_.text({0x1000}), ErrorCode::start_text_endless,
                 {0x1000, kLongestStartText});
    memory_.put(0x1000, Buffer(5, std::byte{'x'}));
    EXPECT_TRUE(failed_with(reader_.text({0x1000}), ErrorCode::start_info_out_of_reach));
}

TEST_F(StartReading, RefusesMoreThanItHasRoomFor) {
    StartList<int, 2> list;
    EXPECT_EQ(outcome(list.add(1)), "good");
    EXPECT_EQ(outcome(list.add(2)), "good");
    expect_error(list.add(3), ErrorCode::start_info_too_long, {2});
    EXPECT_EQ(list.entries().size(), 2u);
    EXPECT_EQ(list.entries()[1], 2);
}

TEST_F(StartReading, RefusesAModuleThatEndsBeforeItBegins) {
    EXPECT_EQ(outcome(add_start_module(*info_, 0x2000, 0x2000, "empty")), "good");
    expect_error(add_start_module(*info_, 0x2000, 0x1fff, {}), ErrorCode::start_module_malformed,
                 {1, 0x2000, 0x1fff});
    const uint64_t beyond = kPhysicalAddressEnd + 1;
    expect_error(add_start_module(*info_, 0x2000, beyond, {}), ErrorCode::start_module_malformed,
                 {1, 0x2000, beyond});
}

BatonFramebuffer screen() {
    BatonFramebuffer framebuffer{};
    framebuffer.base_physical = 0xfd00'0000;
    framebuffer.width_pixels = 640;
    framebuffer.height_pixels = 480;
    framebuffer.pitch_bytes = 2560;
    framebuffer.bits_per_pixel = 32;
    framebuffer.red_shift = 16;
    framebuffer.green_shift = 8;
    framebuffer.red_bits = framebuffer.green_bits = framebuffer.blue_bits = 8;
    return framebuffer;
}

TEST(StartScreen, HasTheBytesOfItsRows) {
    const auto found = usable_framebuffer(screen());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes, 2560u * 480u);
    EXPECT_EQ(found->red_shift, 16);
}

TEST(StartScreen, LeavesOutWhatCannotBeDrawnIn) {
    const auto is_usable_with = [](auto change) {
        BatonFramebuffer framebuffer = screen();
        change(framebuffer);
        return usable_framebuffer(framebuffer).has_value();
    };
    EXPECT_TRUE(is_usable_with([](auto&) {}));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.base_physical = 0; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.base_physical = kPhysicalAddressEnd - 4096; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.width_pixels = 0; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.height_pixels = 0; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.width_pixels = 641; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.bits_per_pixel = 0; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.bits_per_pixel = 15; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.bits_per_pixel = 64; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.red_bits = 0; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.red_shift = 25; }));
    EXPECT_FALSE(is_usable_with([](auto& f) { f.blue_shift = 255; }));
}

} // namespace
} // namespace baton::test
