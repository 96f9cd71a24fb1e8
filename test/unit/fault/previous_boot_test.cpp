// SPDX-License-Identifier: BSD-2-Clause
//
// What is believed of a boot's crash record, and what isn't.
#include "fault/previous_boot.hpp"

#include "core/checksum.hpp"
#include "support/bytes.hpp"
#include "support/fake_frames.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

constexpr uint32_t kBootServicesData = 4;

BatonCrashRecord words(uint32_t state, std::string_view text = {}) {
    BatonCrashRecord words{};
    words.magic = BATON_CRASH_RECORD_MAGIC;
    words.size = sizeof words;
    words.state = state;
    words.vector = 14;
    words.rip = 0xffff'ffff'8000'0123;
    words.text_bytes = static_cast<uint32_t>(text.size());
    std::copy(text.begin(), text.end(), words.text);
    return words;
}

void seal(BatonCrashRecord& words) {
    words.checksum = checksum(std::as_bytes(std::span(&words, 1))
                                  .first(offsetof(BatonCrashRecord, text) + words.text_bytes)
                                  .subspan(offsetof(BatonCrashRecord, size)));
}

/// A memory of two frames: one for crash record, one for the kernel's acknowledgement.
class RecalledBoot : public testing::Test {
  protected:
    RecalledBoot() {
        place_ = *frames_.allocate({});
        word_ = *frames_.allocate({}) + 0x478;
    }

    void leave(BatonCrashRecord words) {
        seal(words);
        std::memcpy(frames_.access(place_), &words, sizeof words);
    }
    void leave_unsealed(const BatonCrashRecord& words) {
        std::memcpy(frames_.access(place_), &words, sizeof words);
    }
    void acknowledge(uint32_t value) { std::memcpy(frames_.access(word_), &value, sizeof value); }

    /// A map in which both frames have this type.
    PreviousBoot recall(uint32_t type = kEfiConventionalMemory,
                        std::span<const PhysRange> occupied = {}) {
        Buffer map;
        for (const PhysRange& block : frames_.blocks())
            append(map, EfiMemoryDescriptor{.type = type,
                                            .padding = 0,
                                            .physical_start = block.base.value,
                                            .virtual_start = 0,
                                            .number_of_pages = 1,
                                            .attribute = kEfiMemoryWb});
        return recall_boot({.crash_record = place_},
                           {.map = EfiMemoryMap(map, sizeof(EfiMemoryDescriptor)),
                            .occupied = occupied,
                            .frames = frames_});
    }

    FakeFrames frames_;
    PhysAddr place_{};
    PhysAddr word_{};
};

TEST_F(RecalledBoot, TellsHowFarStage2Came) {
    leave(words(BATON_CRASH_RECORD_HANDED_OVER));
    EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_HANDED_OVER);
    leave(words(BATON_CRASH_RECORD_KERNEL_ENTERED));
    const PreviousBoot boot = recall();
    EXPECT_EQ(boot.state, BATON_PREVIOUS_BOOT_KERNEL_ENTERED);
    EXPECT_EQ(boot.vector, 0u);
    EXPECT_EQ(boot.rip, 0u);
    EXPECT_EQ(boot.text(), "");
}

TEST_F(RecalledBoot, TellsTheFaultWithItsReport) {
    leave(words(BATON_CRASH_RECORD_FAULT, "baton: fault\nstep\n"));
    const PreviousBoot boot = recall();
    EXPECT_EQ(boot.state, BATON_PREVIOUS_BOOT_FAULT);
    EXPECT_EQ(boot.vector, 14u);
    EXPECT_EQ(boot.rip, 0xffff'ffff'8000'0123u);
    EXPECT_EQ(boot.text(), "baton: fault\nstep\n");
}

TEST_F(RecalledBoot, HasAReportOfAnyLengthThatFits) {
    const std::string text(BATON_CRASH_RECORD_TEXT_BYTES, 'x');
    leave(words(BATON_CRASH_RECORD_FAULT, text));
    EXPECT_EQ(recall().text(), text);
}

TEST_F(RecalledBoot, IsToldOnce) {
    leave(words(BATON_CRASH_RECORD_FAULT, "once"));
    EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_FAULT);
    EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_STARTED);
    for (std::size_t i = 0; i < sizeof(BatonCrashRecord); ++i)
        ASSERT_EQ(frames_.access(place_)[i], std::byte{0}) << i;
}

TEST_F(RecalledBoot, IsLostWithMemory) {
    const PreviousBoot boot = recall(); // of poisoned memory
    EXPECT_EQ(boot.state, BATON_PREVIOUS_BOOT_STARTED);
    EXPECT_EQ(boot.text(), "");
    EXPECT_EQ(frames_.access(place_)[0], FakeFrames::kPoison) << "what isn't ours was wiped";
}

TEST_F(RecalledBoot, IsNotBelievedWithAnyByteChanged) {
    BatonCrashRecord whole = words(BATON_CRASH_RECORD_FAULT, "text");
    seal(whole);
    for (std::size_t i = 0; i < offsetof(BatonCrashRecord, text) + whole.text_bytes; ++i) {
        BatonCrashRecord changed = whole;
        reinterpret_cast<std::byte*>(&changed)[i] ^= std::byte{1};
        leave_unsealed(changed);
        EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_STARTED) << i;
    }
}

TEST_F(RecalledBoot, IsNotBelievedWithLengthsThatItCannotHave) {
    BatonCrashRecord large = words(BATON_CRASH_RECORD_FAULT);
    large.size = sizeof large + 8;
    leave(large);
    EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_STARTED);
    for (const uint32_t bytes : {BATON_CRASH_RECORD_TEXT_BYTES + 1, ~uint32_t{0}}) {
        BatonCrashRecord longer = words(BATON_CRASH_RECORD_FAULT);
        longer.text_bytes = bytes;
        leave_unsealed(longer);
        EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_STARTED) << bytes;
    }
}

TEST_F(RecalledBoot, IsNotLookedForInMemoryThatIsNotFree) {
    leave(words(BATON_CRASH_RECORD_FAULT));
    EXPECT_EQ(recall(kBootServicesData).state, BATON_PREVIOUS_BOOT_STARTED);
    const std::array occupied{PhysRange{place_ + 0x800, 16}};
    EXPECT_EQ(recall(kEfiConventionalMemory, occupied).state, BATON_PREVIOUS_BOOT_STARTED);
    EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_FAULT) << "it was there";
}

TEST_F(RecalledBoot, IsNotLookedForWhereThereIsNoMemory) {
    // FakeFrames fails at an access to what it has not handed out.
    const PhysAddr here = place_;
    for (const uint64_t nowhere :
         {uint64_t{0}, here.value + 8, here.value - kPageBytes, here.value + 2 * kPageBytes,
          kPhysicalAddressEnd, ~uint64_t{0}, ~uint64_t{0} - kPageBytes + 1}) {
        place_ = {nowhere};
        EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_STARTED) << nowhere;
    }
}

TEST_F(RecalledBoot, OfALaterVersionsStateIsNotKnown) {
    leave(words(77));
    EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_STARTED);
}

TEST_F(RecalledBoot, KnowsAKernelThatAcknowledged) {
    BatonCrashRecord entered = words(BATON_CRASH_RECORD_KERNEL_ENTERED);
    entered.acknowledgement_physical = word_.value;
    acknowledge(BATON_ACKNOWLEDGED);
    leave(entered);
    EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_ACKNOWLEDGED);
    acknowledge(0);
    leave(entered);
    EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_KERNEL_ENTERED);
}

TEST_F(RecalledBoot, LooksForAnAcknowledgementInFreeMemoryAlone) {
    acknowledge(BATON_ACKNOWLEDGED);
    BatonCrashRecord entered = words(BATON_CRASH_RECORD_KERNEL_ENTERED);
    const uint64_t page = align_down(word_.value, kPageBytes);
    for (const uint64_t nowhere :
         {uint64_t{0}, page + kPageBytes, page + kPageBytes - 2, ~uint64_t{0} - kPageBytes}) {
        entered.acknowledgement_physical = nowhere;
        leave(entered);
        EXPECT_EQ(recall().state, BATON_PREVIOUS_BOOT_KERNEL_ENTERED) << nowhere;
    }
    entered.acknowledgement_physical = word_.value;
    leave(entered);
    const std::array occupied{PhysRange{word_, 4}};
    EXPECT_EQ(recall(kEfiConventionalMemory, occupied).state, BATON_PREVIOUS_BOOT_KERNEL_ENTERED);
}

TEST_F(RecalledBoot, HasNothingButTextInItsText) {
    leave(words(BATON_CRASH_RECORD_FAULT, std::string_view("a\0\x1b[2J\xff\n~", 9)));
    EXPECT_EQ(recall().text(), "a??[2J?\n~");
}

TEST_F(RecalledBoot, ThatGaveUpHasItsErrorForAText) {
    const PreviousBoot boot =
        recall_boot({.error = "error: not_elf: \x07"},
                    {.map = EfiMemoryMap({}, 0), .occupied = {}, .frames = frames_});
    EXPECT_EQ(boot.state, BATON_PREVIOUS_BOOT_FAILED);
    EXPECT_EQ(boot.text(), "error: not_elf: ?");
}

TEST_F(RecalledBoot, IsDescribedInALine) {
    const auto line = [](PreviousBoot boot) {
        Text text;
        describe(text, boot);
        return std::string(text.view());
    };
    EXPECT_EQ(line({}), "previous boot: not known");
    EXPECT_EQ(line({.state = BATON_PREVIOUS_BOOT_FAILED}), "previous boot: gave up");
    EXPECT_EQ(line({.state = BATON_PREVIOUS_BOOT_STARTED}),
              "previous boot: left the firmware; what came then is lost");
    EXPECT_EQ(line({.state = BATON_PREVIOUS_BOOT_HANDED_OVER}),
              "previous boot: ended in stage 2 without a report");
    EXPECT_EQ(line({.state = BATON_PREVIOUS_BOOT_KERNEL_ENTERED}),
              "previous boot: entered the kernel, which has not acknowledged");
    EXPECT_EQ(line({.state = BATON_PREVIOUS_BOOT_ACKNOWLEDGED}),
              "previous boot: entered the kernel, which has acknowledged");
    EXPECT_EQ(line({.state = BATON_PREVIOUS_BOOT_FAULT, .vector = 6, .rip = 0x12}),
              "previous boot: fault, vector 6, rip 0x12");
}

class BootMarks : public testing::Test {
  protected:
    std::array<std::byte, kBootMarkBytes> memory_{};
};

TEST_F(BootMarks, AreReadAsTheyWereWritten) {
    for (const std::string& error : {std::string(), std::string("error: e")}) {
        const BootMark mark{.crash_record = {0x12'3456'7000}, .error = error};
        const Bytes content = write_boot_mark(mark, memory_);
        EXPECT_EQ(content.size(), 16 + error.size());
        const auto read = parse_boot_mark(content);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->crash_record, mark.crash_record);
        EXPECT_EQ(read->error, error);
    }
}

TEST_F(BootMarks, CutOffAnErrorThatIsTooLong) {
    const std::string error(2 * kBootMarkBytes, 'e');
    const Bytes content = write_boot_mark({.error = error}, memory_);
    EXPECT_EQ(content.size(), kBootMarkBytes);
    ASSERT_TRUE(parse_boot_mark(content));
    EXPECT_EQ(parse_boot_mark(content)->error, std::string(kBootMarkBytes - 16, 'e'));
}

TEST_F(BootMarks, OfAnotherVersionOrLengthAreNotRead) {
    const Bytes content = write_boot_mark({.error = "error"}, memory_);
    for (std::size_t size = 0; size < content.size(); ++size)
        EXPECT_FALSE(parse_boot_mark(content.first(size))) << size;
    EXPECT_FALSE(parse_boot_mark(Bytes(memory_).first(content.size() + 1)));
    memory_[0] ^= std::byte{3};
    EXPECT_FALSE(parse_boot_mark(content));
}

} // namespace
} // namespace baton::test
