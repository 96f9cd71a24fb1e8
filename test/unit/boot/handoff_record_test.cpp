// SPDX-License-Identifier: BSD-2-Clause
//
// HandoffRecord: what stage 2 gets.
#include "boot/handoff_record.hpp"
#include "support/planned.hpp"

#include <gtest/gtest.h>
#include <span>

namespace baton::test {
namespace {

constexpr uint64_t kKernel = 0xffff'ffff'8000'0000;
class HandoffRecordTest : public testing::Test {
  protected:
    FakeFrames frames_;
    // The last program header is the lowest segment.
    Planned planned_ = placed({{.vaddr = kKernel + 0x1000,
                                .memory_bytes = 0x900,
                                .flags = kR | kX,
                                .file_bytes = 0x900,
                                .offset = 0x333},
                               {.vaddr = kKernel,
                                .memory_bytes = 0x500,
                                .flags = kR | kW,
                                .file_bytes = 0x123,
                                .offset = 0x2000}},
                              frames_);
    Layout layout_ =
        plan_layout(planned_.plan(), {.physical_end = uint64_t{1} << 32, .direct_map = {}}).value();
    HandoffRecord record_ = HandoffRecord::make(2, 0, frames_, {}).value();
    ReportPorts ports_;
    std::vector<Display> displays_;
    bool five_level_ = false;
    EntryState entry_{.rdi = 0xffff'8000'0056'7000};

    const BatonHandoff& handoff() {
        record_.fill({.plan = planned_.plan(),
                      .layout = layout_,
                      .stack = {0x56'7000},
                      .page_table_root = {0x123'4000},
                      .five_level = five_level_,
                      .entry = entry_,
                      .acknowledgement = {0xffff'8000'0056'7800},
                      .ports = ports_,
                      .displays = displays_,
                      .after_fault = {},
                      .watchdog_seconds = 0,
                      .tsc_hz = 1'000'000});
        return *record_.record;
    }
    /// With this screen.
    const BatonHandoff& with(const BatonFramebuffer& screen) {
        displays_ = {{.framebuffer = screen, .edid = {}, .modes = {}}};
        return handoff();
    }
};

TEST_F(HandoffRecordTest, LiesBelow4GiBWithItsSegmentsAfterIt) {
    EXPECT_EQ(static_cast<const void*>(&handoff()), frames_.access(record_.memory.base));
    EXPECT_LE(record_.memory.pages().end(), k4GiB);
    EXPECT_EQ(handoff().segments, record_.memory.base.value + sizeof(BatonHandoff));
    EXPECT_EQ(handoff().segment_count, 2u);
    EXPECT_EQ(handoff().segment_entry_bytes, sizeof(BatonHandoffSegment));
}

TEST_F(HandoffRecordTest, BeginsWithMagicVersionAndSize) {
    EXPECT_EQ(handoff().magic, BATON_HANDOFF_MAGIC);
    EXPECT_EQ(handoff().version_major, BATON_HANDOFF_VERSION_MAJOR);
    EXPECT_EQ(handoff().version_minor, BATON_HANDOFF_VERSION_MINOR);
    EXPECT_EQ(handoff().size, sizeof(BatonHandoff));
}

TEST_F(HandoffRecordTest, TellsWhereEverythingIs) {
    EXPECT_EQ(handoff().page_table_root, 0x123'4000u);
    EXPECT_EQ(handoff().direct_map_base, layout_.direct_map.base.value);
    EXPECT_EQ(handoff().kernel_entry, kKernel + 0x1000);
    EXPECT_EQ(handoff().boot_info, 0xffff'8000'0056'7000u);
    EXPECT_EQ(handoff().time_stamps, 0u); // not known yet
    EXPECT_EQ(handoff().time_stamp_bytes, sizeof(BatonTimeStamp));
}

TEST_F(HandoffRecordTest, TheStackTopIsTheStacksEndAndAMultipleOf16) {
    EXPECT_EQ(handoff().kernel_stack_top, layout_.stack.end().value);
    EXPECT_EQ(handoff().kernel_stack_top % 16, 0u);
}

TEST_F(HandoffRecordTest, EachSegmentIsInPlaceAtItsVirtualAddress) {
    const auto* const segments =
        reinterpret_cast<const BatonHandoffSegment*>(frames_.access({handoff().segments}));
    EXPECT_EQ(segments[0].source_physical, BATON_SOURCE_IN_PLACE);
    EXPECT_EQ(segments[0].destination, kKernel);
    EXPECT_EQ(segments[0].file_bytes, 0x123u);
    EXPECT_EQ(segments[0].memory_bytes, 0x500u);
    EXPECT_EQ(segments[1].source_physical, BATON_SOURCE_IN_PLACE);
    EXPECT_EQ(segments[1].destination, kKernel + 0x1000);
    EXPECT_EQ(segments[1].file_bytes, 0x900u);
    EXPECT_EQ(segments[1].memory_bytes, 0x900u);
}

// The protocol's machine state, bits as in the Intel SDM 3A sections 2.5 and 2.2.1.
TEST_F(HandoffRecordTest, Cr0IsPgPeWpNeMpEt) {
    constexpr uint64_t kPe = 0x1, kMp = 0x2, kEt = 0x10, kNe = 0x20, kWp = 0x1'0000;
    constexpr uint64_t kPg = 0x8000'0000;
    EXPECT_EQ(handoff().cr0, kPg | kPe | kWp | kNe | kMp | kEt);
}

TEST_F(HandoffRecordTest, Cr4IsPaePgeOsfxsrOsxmmexcpt) {
    EXPECT_EQ(handoff().cr4, 0x20u | 0x80u | 0x200u | 0x400u);
}

TEST_F(HandoffRecordTest, FiveLevelPagingAddsLa57AndNothingElse) {
    const uint64_t cr4 = handoff().cr4;
    five_level_ = true;
    EXPECT_EQ(handoff().cr4, cr4 | 0x1000);
}

TEST_F(HandoffRecordTest, EferIsLmeLmaNxe) {
    EXPECT_EQ(handoff().efer, 0x100u | 0x400u | 0x800u);
}

TEST_F(HandoffRecordTest, PatIsThatOfPowerOnWithWriteCombiningInEntry5) {
    EXPECT_EQ(handoff().pat, 0x0007'0106'0007'0406u);
}

TEST_F(HandoffRecordTest, FaultsAreReportedNowhereUntilTheCallerSaysWhere) {
    EXPECT_EQ(handoff().serial_port, 0u);
    EXPECT_EQ(handoff().debug_port, 0u);
    EXPECT_EQ(handoff().after_fault, BATON_AFTER_FAULT_HALT);
    EXPECT_EQ(handoff().exit_port, 0u);
    EXPECT_EQ(handoff().exit_value, 0u);
    EXPECT_EQ(handoff().framebuffer_physical, 0u);
}

TEST_F(HandoffRecordTest, TheAcknowledgementIsTheWordInBootInfo) {
    EXPECT_EQ(handoff().acknowledgement, 0xffff'8000'0056'7800u);
    EXPECT_EQ(handoff().watchdog_seconds, 0u);
}

TEST_F(HandoffRecordTest, TheStacksGuardPageIsBelowItsBase) {
    EXPECT_EQ(handoff().kernel_stack_base, layout_.stack.base.value);
}

BatonFramebuffer screen() {
    BatonFramebuffer screen{};
    screen.base_physical = 0x8000'0000;
    screen.bytes = 640 * 4 * 480;
    screen.width_pixels = 600;
    screen.height_pixels = 480;
    screen.pitch_bytes = 640 * 4;
    screen.bits_per_pixel = 32;
    screen.red_shift = 16;
    screen.green_shift = 8;
    screen.red_bits = screen.green_bits = screen.blue_bits = 8;
    return screen;
}

TEST_F(HandoffRecordTest, NamesTheScreenThatStage2DrawsOn) {
    const BatonHandoff& record = with(screen());
    EXPECT_EQ(record.framebuffer_physical, 0x8000'0000u);
    EXPECT_EQ(record.framebuffer_width, 600u);
    EXPECT_EQ(record.framebuffer_height, 480u);
    EXPECT_EQ(record.framebuffer_pitch_bytes, 640u * 4);
    EXPECT_EQ(record.framebuffer_pixel_bytes, 4u);
    EXPECT_EQ(record.framebuffer_foreground, 0xff'ffffu);
    EXPECT_EQ(record.framebuffer_background, 0x10'1850u);
}

TEST_F(HandoffRecordTest, ColoursAreInTheFormatOfThePixels) {
    BatonFramebuffer format = screen();
    format.bits_per_pixel = 16; // 5 6 5
    format.red_shift = 11;
    format.green_shift = 5;
    format.red_bits = format.blue_bits = 5;
    format.green_bits = 6;
    EXPECT_EQ(with(format).framebuffer_pixel_bytes, 2u);
    EXPECT_EQ(with(format).framebuffer_foreground, 0xffffu);
    EXPECT_EQ(with(format).framebuffer_background, 2u << 11 | 6u << 5 | 10u);
    format.bits_per_pixel = 32; // 10 10 10
    format.red_shift = 20;
    format.green_shift = 10;
    format.red_bits = format.green_bits = format.blue_bits = 10;
    EXPECT_EQ(with(format).framebuffer_background, 0x40u << 20 | 0x60u << 10 | 0x140u);
}

TEST_F(HandoffRecordTest, RowsBeyondTheFramebuffersBytesAreLeftOut) {
    BatonFramebuffer small = screen();
    --small.bytes;
    EXPECT_EQ(with(small).framebuffer_height, 479u);
    small.pitch_bytes = 0;
    EXPECT_EQ(with(small).framebuffer_height, 0u);
}

} // namespace
} // namespace baton::test
