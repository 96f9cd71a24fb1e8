// SPDX-License-Identifier: BSD-2-Clause
//
// Each wish: its values, its limits, and what "required" makes of one that can't be met.
#include "plan/wishes.hpp"

#include "elf/format.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"
#include "support/own_notes.hpp"

#include <array>
#include <gtest/gtest.h>
#include <list>
#include <string_view>
#include <utility>

namespace baton::test {
namespace {

using namespace std::string_view_literals;

constexpr uint32_t kRequired = BATON_WISH_REQUIRED;
constexpr uint64_t kMost = ~uint64_t{0};
constexpr uint64_t kGiB = uint64_t{1} << 30;

// What the macros of boot_info.h make, as a kernel has it.
BATON_WISH(BATON_WISH_STACK, BATON_WISH_REQUIRED, 256 * 1024, 0);
BATON_WISH_MODULE_FILE(BATON_WISH_REQUIRED, "/boot/initrd.img");

Buffer descriptor(uint32_t flags, uint64_t value0, uint64_t value1 = 0) {
    Buffer bytes;
    append(bytes, flags);
    append(bytes, value0);
    append(bytes, value1);
    return bytes;
}

Buffer module_descriptor(uint32_t flags, std::string_view path) {
    Buffer bytes;
    append(bytes, flags);
    for (const char character : path)
        append(bytes, character);
    return bytes;
}

Wishes with_room_for(std::span<WishedModule> modules) {
    Wishes wishes;
    wishes.modules = modules;
    return wishes;
}

class WishesTest : public testing::Test {
  protected:
    std::array<WishedModule, 2> modules_{};
    Wishes wishes_ = with_room_for(modules_);

    Result<void> take(uint32_t type, uint32_t flags, uint64_t value0, uint64_t value1 = 0) {
        return take_bytes(type, descriptor(flags, value0, value1));
    }
    Result<void> take_bytes(uint32_t type, const Buffer& bytes,
                            std::string_view owner = BATON_WISH_OWNER) {
        kept_.push_back(bytes); // views into it live on
        return take_note({.owner = owner, .type = type, .descriptor = kept_.back()}, wishes_);
    }
    void expect_good(uint32_t type, uint64_t value0, uint64_t value1 = 0, uint32_t flags = 0) {
        EXPECT_EQ(outcome(take(type, flags, value0, value1)), "good");
    }
    /// Not met: an error where it is required, and without any effect otherwise.
    void expect_not_met(uint32_t type, uint64_t value) {
        const auto taken = take(type, kRequired, value, 77);
        ASSERT_FALSE(taken);
        EXPECT_EQ(taken.error(), wish_not_met(type, value, 77).error());
        EXPECT_EQ(wishes_.left_out, 0u);
        expect_good(type, value, 77);
        EXPECT_EQ(wishes_.left_out, uint32_t{1} << type);
        wishes_.left_out = 0;
    }

  private:
    std::list<Buffer> kept_;
};

TEST(WishName, IsThatOfItsEnumerator) {
    EXPECT_EQ(wish_name(BATON_WISH_PROTOCOL), "PROTOCOL");
    EXPECT_EQ(wish_name(BATON_WISH_MODULE), "MODULE");
    EXPECT_EQ(wish_name(BATON_WISH_KERNEL_FILE), "KERNEL_FILE");
    EXPECT_EQ(wish_name(BATON_WISH_5_LEVEL_PAGING), "5_LEVEL_PAGING");
    EXPECT_EQ(wish_name(BATON_WISH_WATCHDOG), "WATCHDOG");
    for (const uint32_t type : {0u, BATON_WISH_WATCHDOG + 1u, 0xffff'ffffu})
        EXPECT_EQ(wish_name(type), "") << type;
}

TEST(WishNotMet, IsAboutTheWish) {
    EXPECT_EQ(wish_not_met(BATON_WISH_STACK, 1, 2).error(),
              Error(ErrorCode::wish_not_met, {BATON_WISH_STACK, 1, 2}).about("STACK"));
}

TEST_F(WishesTest, WithoutAnyThereAreTheDefaults) {
    EXPECT_EQ(wishes_.stack_bytes, 64u * 1024);
    EXPECT_FALSE(wishes_.kaslr || wishes_.symbols || wishes_.refuse_write_execute);
    EXPECT_FALSE(wishes_.runtime_map || wishes_.framebuffer.required);
    EXPECT_EQ(wishes_.framebuffer.width, 0u);
    EXPECT_EQ(wishes_.framebuffer.height, 0u);
    EXPECT_EQ(wishes_.five_level, BATON_FIVE_LEVEL_NEVER);
    EXPECT_FALSE(wishes_.direct_map || wishes_.base);
    EXPECT_TRUE(wishes_.wished_modules().empty() && wishes_.build_id.empty());
    EXPECT_EQ(wishes_.unknown_count, 0u);
}

TEST_F(WishesTest, ProtocolIsMetUpToTheVersionOfThisLoader) {
    expect_good(BATON_WISH_PROTOCOL, 0, 0, kRequired);
    expect_good(BATON_WISH_PROTOCOL, BATON_BOOT_INFO_VERSION, 0, kRequired);
    expect_not_met(BATON_WISH_PROTOCOL, BATON_BOOT_INFO_VERSION + 1);
    expect_not_met(BATON_WISH_PROTOCOL, kMost);
}

TEST_F(WishesTest, AStackIsRoundedUpToPages) {
    for (const auto& [wished, bytes] :
         {std::pair{uint64_t{1}, uint64_t{4096}}, std::pair{uint64_t{4096}, uint64_t{4096}},
          std::pair{uint64_t{4097}, uint64_t{8192}}, std::pair{kGiB - 1, kGiB},
          std::pair{kGiB, kGiB}}) {
        expect_good(BATON_WISH_STACK, wished);
        EXPECT_EQ(wishes_.stack_bytes, bytes) << wished;
    }
}

TEST_F(WishesTest, AStackHasBetweenAByteAndAGibibyte) {
    for (const uint64_t bytes : {uint64_t{0}, kGiB + 1, kMost}) {
        expect_not_met(BATON_WISH_STACK, bytes);
        EXPECT_EQ(wishes_.stack_bytes, 64u * 1024);
    }
}

TEST_F(WishesTest, AWatchdogWaitsBetweenASecondAndAnHour) {
    EXPECT_EQ(wishes_.watchdog_seconds, 0u);
    for (const uint64_t seconds : {uint64_t{0}, uint64_t{3601}, uint64_t{1} << 32, kMost}) {
        expect_not_met(BATON_WISH_WATCHDOG, seconds);
        EXPECT_EQ(wishes_.watchdog_seconds, 0u);
    }
    expect_good(BATON_WISH_WATCHDOG, 3600, 0, kRequired);
    EXPECT_EQ(wishes_.watchdog_seconds, 3600u);
    EXPECT_TRUE(wishes_.watchdog_required);
    expect_good(BATON_WISH_WATCHDOG, 1);
    EXPECT_EQ(wishes_.watchdog_seconds, 1u);
    EXPECT_FALSE(wishes_.watchdog_required);
}

TEST_F(WishesTest, AFramebufferHasWidthAndHeight) {
    expect_good(BATON_WISH_FRAMEBUFFER, 1920, 1080, kRequired);
    EXPECT_EQ(wishes_.framebuffer.width, 1920u);
    EXPECT_EQ(wishes_.framebuffer.height, 1080u);
    EXPECT_TRUE(wishes_.framebuffer.required);
    expect_good(BATON_WISH_FRAMEBUFFER, 640, 480);
    EXPECT_EQ(wishes_.framebuffer.width, 640u);
    EXPECT_EQ(wishes_.framebuffer.height, 480u);
    EXPECT_FALSE(wishes_.framebuffer.required);
}

struct Switch {
    uint32_t type;
    bool Wishes::* value;
    bool Wishes::* required;
};

TEST_F(WishesTest, SwitchesAreOnOrOffAndRequiredOnlyIfOn) {
    const Switch switches[] = {
        {BATON_WISH_KASLR, &Wishes::kaslr, &Wishes::kaslr_required},
        {BATON_WISH_SYMBOLS, &Wishes::symbols, &Wishes::symbols_required},
        {BATON_WISH_RUNTIME_MAP, &Wishes::runtime_map, &Wishes::runtime_map_required},
        {BATON_WISH_KERNEL_FILE, &Wishes::kernel_file, &Wishes::kernel_file_required},
    };
    for (const Switch& with : switches)
        for (const uint64_t value : {uint64_t{1}, uint64_t{0}, kMost, uint64_t{0}})
            for (const uint32_t flags : {0u, kRequired}) {
                expect_good(with.type, value, 0, flags);
                EXPECT_EQ(wishes_.*with.value, value != 0) << with.type;
                EXPECT_EQ(wishes_.*with.required, value != 0 && flags != 0) << with.type;
            }
}

TEST_F(WishesTest, WriteExecuteIsRefusedOrNot) {
    expect_good(BATON_WISH_REFUSE_WRITE_EXECUTE, 1);
    EXPECT_TRUE(wishes_.refuse_write_execute);
    expect_good(BATON_WISH_REFUSE_WRITE_EXECUTE, 0, 0, kRequired);
    EXPECT_FALSE(wishes_.refuse_write_execute);
}

TEST_F(WishesTest, FiveLevelPagingHasThreeValues) {
    for (const auto value :
         {BATON_FIVE_LEVEL_REQUIRED, BATON_FIVE_LEVEL_IF_THERE, BATON_FIVE_LEVEL_NEVER}) {
        expect_good(BATON_WISH_5_LEVEL_PAGING, value, 0, kRequired);
        EXPECT_EQ(wishes_.five_level, value);
    }
    for (const uint64_t value : {uint64_t{3}, uint64_t{1} << 32, kMost}) {
        expect_not_met(BATON_WISH_5_LEVEL_PAGING, value);
        EXPECT_EQ(wishes_.five_level, BATON_FIVE_LEVEL_NEVER);
    }
}

TEST_F(WishesTest, ADirectMapIsAtAMultipleOf1GiBInTheUpperHalf) {
    for (const uint64_t base : {0xffff'8000'0000'0000, 0xffff'c000'4000'0000, uint64_t{0} - kGiB}) {
        expect_good(BATON_WISH_DIRECT_MAP, base, 0, kRequired);
        EXPECT_EQ(wishes_.direct_map, VirtAddr{base});
        EXPECT_TRUE(wishes_.direct_map_required);
    }
    expect_good(BATON_WISH_DIRECT_MAP, 0xffff'a000'0000'0000);
    EXPECT_FALSE(wishes_.direct_map_required);
    for (const uint64_t base :
         {uint64_t{0}, kGiB, uint64_t{0x7fff'c000'0000}, uint64_t{0xffff'8000'0000'1000},
          uint64_t{0xffff'8000'2000'0000}, kMost}) {
        expect_not_met(BATON_WISH_DIRECT_MAP, base);
        EXPECT_EQ(wishes_.direct_map, VirtAddr{0xffff'a000'0000'0000});
    }
}

TEST_F(WishesTest, ABaseIsAtAPage) {
    for (const uint64_t base : {uint64_t{0}, uint64_t{0x1000}, uint64_t{0xffff'ffff'c000'0000}}) {
        expect_good(BATON_WISH_BASE, base, 0, kRequired);
        EXPECT_EQ(wishes_.base, VirtAddr{base});
        EXPECT_TRUE(wishes_.base_required);
        expect_good(BATON_WISH_BASE, base);
        EXPECT_FALSE(wishes_.base_required);
    }
    expect_not_met(BATON_WISH_BASE, 0xffff'ffff'c000'0001);
    EXPECT_EQ(wishes_.base, VirtAddr{0xffff'ffff'c000'0000});
}

TEST_F(WishesTest, OfTwoOfOneTypeTheLaterOneHolds) {
    expect_good(BATON_WISH_STACK, 8192);
    expect_good(BATON_WISH_STACK, 4096);
    EXPECT_EQ(wishes_.stack_bytes, 4096u);
    expect_good(BATON_WISH_KASLR, 1, 0, kRequired);
    expect_good(BATON_WISH_KASLR, 0);
    EXPECT_FALSE(wishes_.kaslr || wishes_.kaslr_required);
}

TEST_F(WishesTest, AnUnknownTypeIsCountedUnlessItIsRequired) {
    for (const uint32_t type : {0u, BATON_WISH_WATCHDOG + 1u, 1000u, 0xffff'ffffu}) {
        expect_good(type, 1);
        expect_error(take(type, kRequired, 1), ErrorCode::wish_unknown, {type});
    }
    EXPECT_EQ(wishes_.unknown_count, 4u);
}

TEST_F(WishesTest, AnUnknownTypeMayHaveAnyDescriptorThatBeginsWithItsFlags) {
    for (const uint32_t type : {0u, BATON_WISH_WATCHDOG + 1u, 0xffff'ffffu})
        for (const std::size_t bytes : {4u, 5u, 19u, 20u, 100u}) {
            EXPECT_EQ(outcome(take_bytes(type, Buffer(bytes))), "good") << type << ' ' << bytes;
            Buffer required(bytes);
            required[0] = std::byte{1};
            expect_error(take_bytes(type, required), ErrorCode::wish_unknown, {type});
        }
}

TEST_F(WishesTest, OtherFlagsMeanNothing) {
    EXPECT_EQ(outcome(take(BATON_WISH_STACK, 0xffff'fffe, 0)), "good");
    EXPECT_EQ(outcome(take(1000, 0xffff'fffe, 0)), "good");
}

TEST_F(WishesTest, ADescriptorThatIsTooShortIsMalformed) {
    for (uint32_t type = BATON_WISH_PROTOCOL; type <= BATON_WISH_WATCHDOG; ++type)
        for (std::size_t bytes = 0; bytes < 20; ++bytes)
            if (type != BATON_WISH_MODULE || bytes < 5)
                expect_error(take_bytes(type, Buffer(bytes)), ErrorCode::wish_malformed,
                             {type, bytes, type == BATON_WISH_MODULE ? 5u : 20u});
    for (std::size_t bytes = 0; bytes < 4; ++bytes)
        expect_error(take_bytes(1000, Buffer(bytes)), ErrorCode::wish_malformed, {1000, bytes, 4});
}

TEST_F(WishesTest, ALongerDescriptorIsThatOfALaterVersion) {
    Buffer bytes = descriptor(0, 8192);
    bytes.resize(28, std::byte{0xff});
    EXPECT_EQ(outcome(take_bytes(BATON_WISH_STACK, bytes)), "good");
    EXPECT_EQ(wishes_.stack_bytes, 8192u);
}

TEST_F(WishesTest, AlignmentOfADescriptorDoesNotMatter) {
    for (std::size_t shift = 1; shift < 8; ++shift) {
        const ShiftedBytes bytes(descriptor(0, shift * 4096), shift);
        ASSERT_TRUE(take_note({BATON_WISH_OWNER, BATON_WISH_STACK, bytes.view()}, wishes_));
        EXPECT_EQ(wishes_.stack_bytes, shift * 4096);
    }
}

TEST_F(WishesTest, NotesOfOtherOwnersHaveNoEffect) {
    for (const std::string_view owner :
         {"GNU"sv, "baton"sv, "Baton2"sv, "Bato"sv, ""sv, "Baton\0"sv}) {
        EXPECT_TRUE(take_bytes(BATON_WISH_STACK, descriptor(kRequired, 0), owner)) << owner;
        EXPECT_TRUE(take_bytes(1000, Buffer(1), owner)) << owner;
    }
    EXPECT_EQ(wishes_.stack_bytes, 64u * 1024);
    EXPECT_EQ(wishes_.unknown_count, 0u);
}

TEST_F(WishesTest, ModulesAreKeptInTheirOrder) {
    ASSERT_TRUE(take_bytes(BATON_WISH_MODULE, module_descriptor(0, "/first\0"sv)));
    ASSERT_TRUE(take_bytes(BATON_WISH_MODULE, module_descriptor(kRequired, "\\second"sv)));
    ASSERT_EQ(wishes_.wished_modules().size(), 2u);
    EXPECT_EQ(wishes_.wished_modules()[0].path, "/first");
    EXPECT_FALSE(wishes_.wished_modules()[0].required);
    EXPECT_EQ(wishes_.wished_modules()[1].path, "\\second");
    EXPECT_TRUE(wishes_.wished_modules()[1].required);
}

TEST_F(WishesTest, AModulesPathEndsAtItsFirstNul) {
    ASSERT_TRUE(take_bytes(BATON_WISH_MODULE, module_descriptor(0, "/a\0b\0"sv)));
    EXPECT_EQ(wishes_.wished_modules()[0].path, "/a");
}

TEST_F(WishesTest, AModuleWithoutAPathIsMalformed) {
    for (const std::string_view path : {""sv, "\0"sv, "\0/a"sv})
        expect_error(take_bytes(BATON_WISH_MODULE, module_descriptor(0, path)),
                     ErrorCode::wish_malformed, {BATON_WISH_MODULE, 4 + path.size(), 5});
    EXPECT_TRUE(wishes_.wished_modules().empty());
}

TEST_F(WishesTest, MoreModulesThanThereIsRoomForAreAnError) {
    for (int i = 0; i < 2; ++i)
        ASSERT_TRUE(take_bytes(BATON_WISH_MODULE, module_descriptor(0, "/m")));
    expect_error(take_bytes(BATON_WISH_MODULE, module_descriptor(0, "/m")),
                 ErrorCode::wished_modules_too_many, {2});
    EXPECT_EQ(wishes_.wished_modules().size(), 2u);
    EXPECT_EQ(kMaxWishedModules, 64u);
}

TEST_F(WishesTest, TheBuildIdIsThatOfGnu) {
    const Buffer id(20, std::byte{0xab});
    ASSERT_TRUE(take_bytes(1, Buffer(16), "GNU")); // ABI tag
    EXPECT_TRUE(wishes_.build_id.empty());
    ASSERT_TRUE(take_bytes(elf::NT_GNU_BUILD_ID, id, "GNU"));
    EXPECT_EQ(Buffer(wishes_.build_id.begin(), wishes_.build_id.end()), id);
    ASSERT_TRUE(take_bytes(elf::NT_GNU_BUILD_ID, Buffer(4), "Go"));
    EXPECT_EQ(wishes_.build_id.size(), 20u);
}

TEST_F(WishesTest, TheMacrosOfTheHeaderMakeNotesThatAreUnderstood) {
    for (const OwnNotes& segment : own_notes()) {
        EXPECT_EQ(outcome(take_notes({segment.bytes, segment.alignment, 0}, wishes_)), "good");
    }
    EXPECT_EQ(wishes_.stack_bytes, 256u * 1024);
    ASSERT_EQ(wishes_.wished_modules().size(), 1u);
    EXPECT_EQ(wishes_.wished_modules()[0].path, "/boot/initrd.img");
    EXPECT_TRUE(wishes_.wished_modules()[0].required);
}

TEST_F(WishesTest, ABadNoteEndsTheNotesWithItsError) {
    const auto notes = [](uint32_t descriptor_bytes, uint64_t stack_bytes) {
        Buffer bytes;
        append(bytes, elf::Elf64_Nhdr{6, descriptor_bytes, BATON_WISH_STACK});
        append(bytes, std::array{'B', 'a', 't', 'o', 'n', '\0', '\0', '\0'});
        const Buffer wish = descriptor(kRequired, stack_bytes);
        bytes.insert(bytes.end(), wish.begin(), wish.end());
        return bytes;
    };
    EXPECT_EQ(outcome(take_notes({notes(20, 8192), 4, 5}, wishes_)), "good");
    EXPECT_EQ(wishes_.stack_bytes, 8192u);
    EXPECT_TRUE(failed_with(take_notes({notes(20, 0), 4, 5}, wishes_), ErrorCode::wish_not_met));
    expect_error(take_notes({notes(21, 4096), 4, 5}, wishes_), ErrorCode::note_malformed,
                 {5, 0, 6, 21});
}

} // namespace
} // namespace baton::test
