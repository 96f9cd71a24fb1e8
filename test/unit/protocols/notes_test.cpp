// SPDX-License-Identifier: BSD-2-Clause
//
// Each request: its values, its limits, and what "required" makes of one that can't be met.
#include "protocols/baton/notes.hpp"

#include "core/limits.hpp"
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

constexpr uint32_t kRequired = BATON_REQUEST_REQUIRED;
constexpr uint64_t kMost = ~uint64_t{0};
constexpr uint64_t kGiB = uint64_t{1} << 30;

// What the macros of boot_info.h make, as a kernel has it.
BATON_REQUEST(BATON_REQUEST_STACK, BATON_REQUEST_REQUIRED, 256 * 1024, 0);
BATON_REQUEST_MODULE_FILE(BATON_REQUEST_REQUIRED, "/boot/initrd.img");

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

Requests with_room_for(std::span<RequestedModule> modules) {
    Requests requests;
    requests.modules = modules;
    return requests;
}

class RequestsTest : public testing::Test {
  protected:
    std::array<RequestedModule, 2> modules_{};
    Requests requests_ = with_room_for(modules_);

    Result<void> take(uint32_t type, uint32_t flags, uint64_t value0, uint64_t value1 = 0) {
        return take_bytes(type, descriptor(flags, value0, value1));
    }
    Result<void> take_bytes(uint32_t type, const Buffer& bytes,
                            std::string_view owner = BATON_REQUEST_OWNER) {
        kept_.push_back(bytes); // views into it live on
        return take_note({.owner = owner, .type = type, .descriptor = kept_.back()}, requests_);
    }
    void expect_good(uint32_t type, uint64_t value0, uint64_t value1 = 0, uint32_t flags = 0) {
        EXPECT_EQ(outcome(take(type, flags, value0, value1)), "good");
    }
    /// Not met: an error where it is required, and without any effect otherwise.
    void expect_not_met(uint32_t type, uint64_t value) {
        const auto taken = take(type, kRequired, value, 77);
        ASSERT_FALSE(taken);
        EXPECT_EQ(taken.error(), request_not_met(type, value, 77).error());
        EXPECT_EQ(requests_.left_out, 0u);
        expect_good(type, value, 77);
        EXPECT_EQ(requests_.left_out, uint32_t{1} << type);
        requests_.left_out = 0;
    }

  private:
    std::list<Buffer> kept_;
};

TEST(RequestName, IsThatOfItsEnumerator) {
    EXPECT_EQ(request_name(BATON_REQUEST_PROTOCOL), "PROTOCOL");
    EXPECT_EQ(request_name(BATON_REQUEST_MODULE), "MODULE");
    EXPECT_EQ(request_name(BATON_REQUEST_KERNEL_FILE), "KERNEL_FILE");
    EXPECT_EQ(request_name(BATON_REQUEST_5_LEVEL_PAGING), "5_LEVEL_PAGING");
    EXPECT_EQ(request_name(BATON_REQUEST_WATCHDOG), "WATCHDOG");
    EXPECT_EQ(request_name(BATON_REQUEST_IDENTITY), "IDENTITY");
    EXPECT_EQ(request_name(BATON_REQUEST_PROCESSORS), "PROCESSORS");
    for (const uint32_t type : {0u, BATON_REQUEST_PROCESSORS + 1u, 0xffff'ffffu})
        EXPECT_EQ(request_name(type), "") << type;
}

TEST(RequestNotMet, IsAboutTheRequest) {
    EXPECT_EQ(request_not_met(BATON_REQUEST_STACK, 1, 2).error(),
              Error(ErrorCode::request_not_met, {BATON_REQUEST_STACK, 1, 2}).about("STACK"));
}

TEST_F(RequestsTest, WithoutAnyThereAreTheDefaults) {
    EXPECT_EQ(requests_.stack_bytes, 64u * 1024);
    EXPECT_FALSE(requests_.kaslr || requests_.symbols || requests_.refuse_write_execute);
    EXPECT_FALSE(requests_.runtime_map || requests_.framebuffer.required);
    EXPECT_EQ(requests_.framebuffer.width, 0u);
    EXPECT_EQ(requests_.framebuffer.height, 0u);
    EXPECT_EQ(requests_.five_level, BATON_FIVE_LEVEL_NEVER);
    EXPECT_FALSE(requests_.direct_map || requests_.base);
    EXPECT_TRUE(requests_.requested_modules().empty() && requests_.build_id.empty());
    EXPECT_EQ(requests_.unknown_count, 0u);
}

TEST_F(RequestsTest, ProtocolIsMetUpToTheVersionOfThisLoader) {
    expect_good(BATON_REQUEST_PROTOCOL, 0, 0, kRequired);
    expect_good(BATON_REQUEST_PROTOCOL, BATON_BOOT_INFO_VERSION, 0, kRequired);
    expect_not_met(BATON_REQUEST_PROTOCOL, BATON_BOOT_INFO_VERSION + 1);
    expect_not_met(BATON_REQUEST_PROTOCOL, kMost);
}

TEST_F(RequestsTest, AStackIsRoundedUpToPages) {
    for (const auto& [requested, bytes] :
         {std::pair{uint64_t{1}, uint64_t{4096}}, std::pair{uint64_t{4096}, uint64_t{4096}},
          std::pair{uint64_t{4097}, uint64_t{8192}}, std::pair{kGiB - 1, kGiB},
          std::pair{kGiB, kGiB}}) {
        expect_good(BATON_REQUEST_STACK, requested);
        EXPECT_EQ(requests_.stack_bytes, bytes) << requested;
    }
}

TEST_F(RequestsTest, AStackHasBetweenAByteAndAGibibyte) {
    for (const uint64_t bytes : {uint64_t{0}, kGiB + 1, kMost}) {
        expect_not_met(BATON_REQUEST_STACK, bytes);
        EXPECT_EQ(requests_.stack_bytes, 64u * 1024);
    }
}

TEST_F(RequestsTest, AWatchdogWaitsBetweenASecondAndAnHour) {
    EXPECT_EQ(requests_.watchdog_seconds, 0u);
    for (const uint64_t seconds : {uint64_t{0}, uint64_t{3601}, uint64_t{1} << 32, kMost}) {
        expect_not_met(BATON_REQUEST_WATCHDOG, seconds);
        EXPECT_EQ(requests_.watchdog_seconds, 0u);
    }
    expect_good(BATON_REQUEST_WATCHDOG, 3600, 0, kRequired);
    EXPECT_EQ(requests_.watchdog_seconds, 3600u);
    EXPECT_TRUE(requests_.watchdog_required);
    expect_good(BATON_REQUEST_WATCHDOG, 1);
    EXPECT_EQ(requests_.watchdog_seconds, 1u);
    EXPECT_FALSE(requests_.watchdog_required);
}

TEST_F(RequestsTest, SegmentsGoToTheirPhysicalAddressesIfRequested) {
    EXPECT_FALSE(requests_.physical);
    expect_good(BATON_REQUEST_PHYSICAL, 1, 0, kRequired);
    EXPECT_TRUE(requests_.physical);
    EXPECT_TRUE(requests_.physical_required);
    expect_good(BATON_REQUEST_PHYSICAL, 0, 0, kRequired);
    EXPECT_FALSE(requests_.physical);
    EXPECT_FALSE(requests_.physical_required);
}

TEST_F(RequestsTest, LowerMemoryOf1MibOr4GibCanBeAtItsPhysicalAddress) {
    EXPECT_EQ(requests_.identity_bytes, 0u);
    for (const uint64_t bytes : {uint64_t{0}, kPageBytes, kGiB, 4 * kGiB + 1, kMost}) {
        expect_not_met(BATON_REQUEST_IDENTITY, bytes);
        EXPECT_EQ(requests_.identity_bytes, 0u);
    }
    expect_good(BATON_REQUEST_IDENTITY, uint64_t{1} << 20);
    EXPECT_EQ(requests_.identity_bytes, uint64_t{1} << 20);
    EXPECT_FALSE(requests_.identity_required);
    expect_good(BATON_REQUEST_IDENTITY, 4 * kGiB, 0, kRequired);
    EXPECT_EQ(requests_.identity_bytes, 4 * kGiB);
    EXPECT_TRUE(requests_.identity_required);
}

TEST_F(RequestsTest, OtherProcessorsAreStartedWithStacks) {
    EXPECT_EQ(requests_.processors, 1u);
    expect_not_met(BATON_REQUEST_PROCESSORS, 2);
    expect_not_met(BATON_REQUEST_PROCESSORS, kMost);
    EXPECT_EQ(requests_.processors, 1u);
    expect_good(BATON_REQUEST_PROCESSORS, BATON_PROCESSORS_PARKED);
    EXPECT_EQ(requests_.processors, kMostProcessors);
    EXPECT_EQ(requests_.processor_stack_bytes, 0u);
    EXPECT_FALSE(requests_.processors_required);
    expect_good(BATON_REQUEST_PROCESSORS, BATON_PROCESSORS_PARKED, 4097, kRequired);
    EXPECT_EQ(requests_.processor_stack_bytes, 8192u);
    EXPECT_TRUE(requests_.processors_required);
    expect_good(BATON_REQUEST_PROCESSORS, BATON_PROCESSORS_PARKED, kGiB);
    EXPECT_FALSE(take(BATON_REQUEST_PROCESSORS, kRequired, BATON_PROCESSORS_PARKED, kGiB + 1));
    expect_good(BATON_REQUEST_PROCESSORS, BATON_PROCESSORS_NONE, 0, kRequired);
    EXPECT_EQ(requests_.processors, 1u);
    EXPECT_FALSE(requests_.processors_required);
}

TEST_F(RequestsTest, AFramebufferHasWidthAndHeight) {
    expect_good(BATON_REQUEST_FRAMEBUFFER, 1920, 1080, kRequired);
    EXPECT_EQ(requests_.framebuffer.width, 1920u);
    EXPECT_EQ(requests_.framebuffer.height, 1080u);
    EXPECT_TRUE(requests_.framebuffer.required);
    expect_good(BATON_REQUEST_FRAMEBUFFER, 640, 480);
    EXPECT_EQ(requests_.framebuffer.width, 640u);
    EXPECT_EQ(requests_.framebuffer.height, 480u);
    EXPECT_FALSE(requests_.framebuffer.required);
}

struct Switch {
    uint32_t type;
    bool Requests::* value;
    bool Requests::* required;
};

TEST_F(RequestsTest, SwitchesAreOnOrOffAndRequiredOnlyIfOn) {
    const Switch switches[] = {
        {BATON_REQUEST_KASLR, &Requests::kaslr, &Requests::kaslr_required},
        {BATON_REQUEST_SYMBOLS, &Requests::symbols, &Requests::symbols_required},
        {BATON_REQUEST_RUNTIME_MAP, &Requests::runtime_map, &Requests::runtime_map_required},
        {BATON_REQUEST_KERNEL_FILE, &Requests::kernel_file, &Requests::kernel_file_required},
    };
    for (const Switch& with : switches)
        for (const uint64_t value : {uint64_t{1}, uint64_t{0}, kMost, uint64_t{0}})
            for (const uint32_t flags : {0u, kRequired}) {
                expect_good(with.type, value, 0, flags);
                EXPECT_EQ(requests_.*with.value, value != 0) << with.type;
                EXPECT_EQ(requests_.*with.required, value != 0 && flags != 0) << with.type;
            }
}

TEST_F(RequestsTest, WriteExecuteIsRefusedOrNot) {
    expect_good(BATON_REQUEST_REFUSE_WRITE_EXECUTE, 1);
    EXPECT_TRUE(requests_.refuse_write_execute);
    expect_good(BATON_REQUEST_REFUSE_WRITE_EXECUTE, 0, 0, kRequired);
    EXPECT_FALSE(requests_.refuse_write_execute);
}

TEST_F(RequestsTest, FiveLevelPagingHasThreeValues) {
    for (const auto value :
         {BATON_FIVE_LEVEL_REQUIRED, BATON_FIVE_LEVEL_IF_THERE, BATON_FIVE_LEVEL_NEVER}) {
        expect_good(BATON_REQUEST_5_LEVEL_PAGING, value, 0, kRequired);
        EXPECT_EQ(requests_.five_level, value);
    }
    for (const uint64_t value : {uint64_t{3}, uint64_t{1} << 32, kMost}) {
        expect_not_met(BATON_REQUEST_5_LEVEL_PAGING, value);
        EXPECT_EQ(requests_.five_level, BATON_FIVE_LEVEL_NEVER);
    }
}

TEST_F(RequestsTest, ADirectMapIsAtAMultipleOf1GiBInTheUpperHalf) {
    for (const uint64_t base : {0xffff'8000'0000'0000, 0xffff'c000'4000'0000, uint64_t{0} - kGiB}) {
        expect_good(BATON_REQUEST_DIRECT_MAP, base, 0, kRequired);
        EXPECT_EQ(requests_.direct_map, VirtAddr{base});
        EXPECT_TRUE(requests_.direct_map_required);
    }
    expect_good(BATON_REQUEST_DIRECT_MAP, 0xffff'a000'0000'0000);
    EXPECT_FALSE(requests_.direct_map_required);
    for (const uint64_t base :
         {uint64_t{0}, kGiB, uint64_t{0x7fff'c000'0000}, uint64_t{0xffff'8000'0000'1000},
          uint64_t{0xffff'8000'2000'0000}, kMost}) {
        expect_not_met(BATON_REQUEST_DIRECT_MAP, base);
        EXPECT_EQ(requests_.direct_map, VirtAddr{0xffff'a000'0000'0000});
    }
}

TEST_F(RequestsTest, ABaseIsAtAPage) {
    for (const uint64_t base : {uint64_t{0}, uint64_t{0x1000}, uint64_t{0xffff'ffff'c000'0000}}) {
        expect_good(BATON_REQUEST_BASE, base, 0, kRequired);
        EXPECT_EQ(requests_.base, VirtAddr{base});
        EXPECT_TRUE(requests_.base_required);
        expect_good(BATON_REQUEST_BASE, base);
        EXPECT_FALSE(requests_.base_required);
    }
    expect_not_met(BATON_REQUEST_BASE, 0xffff'ffff'c000'0001);
    EXPECT_EQ(requests_.base, VirtAddr{0xffff'ffff'c000'0000});
}

TEST_F(RequestsTest, OfTwoOfOneTypeTheLaterOneHolds) {
    expect_good(BATON_REQUEST_STACK, 8192);
    expect_good(BATON_REQUEST_STACK, 4096);
    EXPECT_EQ(requests_.stack_bytes, 4096u);
    expect_good(BATON_REQUEST_KASLR, 1, 0, kRequired);
    expect_good(BATON_REQUEST_KASLR, 0);
    EXPECT_FALSE(requests_.kaslr || requests_.kaslr_required);
}

TEST_F(RequestsTest, AnUnknownTypeIsCountedUnlessItIsRequired) {
    for (const uint32_t type : {0u, BATON_REQUEST_PROCESSORS + 1u, 1000u, 0xffff'ffffu}) {
        expect_good(type, 1);
        expect_error(take(type, kRequired, 1), ErrorCode::request_unknown, {type});
    }
    EXPECT_EQ(requests_.unknown_count, 4u);
}

TEST_F(RequestsTest, AnUnknownTypeMayHaveAnyDescriptorThatBeginsWithItsFlags) {
    for (const uint32_t type : {0u, BATON_REQUEST_PROCESSORS + 1u, 0xffff'ffffu})
        for (const std::size_t bytes : {4u, 5u, 19u, 20u, 100u}) {
            EXPECT_EQ(outcome(take_bytes(type, Buffer(bytes))), "good") << type << ' ' << bytes;
            Buffer required(bytes);
            required[0] = std::byte{1};
            expect_error(take_bytes(type, required), ErrorCode::request_unknown, {type});
        }
}

TEST_F(RequestsTest, OtherFlagsMeanNothing) {
    EXPECT_EQ(outcome(take(BATON_REQUEST_STACK, 0xffff'fffe, 0)), "good");
    EXPECT_EQ(outcome(take(1000, 0xffff'fffe, 0)), "good");
}

TEST_F(RequestsTest, ADescriptorThatIsTooShortIsMalformed) {
    for (uint32_t type = BATON_REQUEST_PROTOCOL; type <= BATON_REQUEST_PROCESSORS; ++type)
        for (std::size_t bytes = 0; bytes < 20; ++bytes)
            if (type != BATON_REQUEST_MODULE || bytes < 5)
                expect_error(take_bytes(type, Buffer(bytes)), ErrorCode::request_malformed,
                             {type, bytes, type == BATON_REQUEST_MODULE ? 5u : 20u});
    for (std::size_t bytes = 0; bytes < 4; ++bytes)
        expect_error(take_bytes(1000, Buffer(bytes)), ErrorCode::request_malformed,
                     {1000, bytes, 4});
}

TEST_F(RequestsTest, ALongerDescriptorIsThatOfALaterVersion) {
    Buffer bytes = descriptor(0, 8192);
    bytes.resize(28, std::byte{0xff});
    EXPECT_EQ(outcome(take_bytes(BATON_REQUEST_STACK, bytes)), "good");
    EXPECT_EQ(requests_.stack_bytes, 8192u);
}

TEST_F(RequestsTest, AlignmentOfADescriptorDoesNotMatter) {
    for (std::size_t shift = 1; shift < 8; ++shift) {
        const ShiftedBytes bytes(descriptor(0, shift * 4096), shift);
        ASSERT_TRUE(take_note({BATON_REQUEST_OWNER, BATON_REQUEST_STACK, bytes.view()}, requests_));
        EXPECT_EQ(requests_.stack_bytes, shift * 4096);
    }
}

TEST_F(RequestsTest, NotesOfOtherOwnersHaveNoEffect) {
    for (const std::string_view owner :
         {"GNU"sv, "baton"sv, "Baton2"sv, "Bato"sv, ""sv, "Baton\0"sv}) {
        EXPECT_TRUE(take_bytes(BATON_REQUEST_STACK, descriptor(kRequired, 0), owner)) << owner;
        EXPECT_TRUE(take_bytes(1000, Buffer(1), owner)) << owner;
    }
    EXPECT_EQ(requests_.stack_bytes, 64u * 1024);
    EXPECT_EQ(requests_.unknown_count, 0u);
}

TEST_F(RequestsTest, ModulesAreKeptInTheirOrder) {
    ASSERT_TRUE(take_bytes(BATON_REQUEST_MODULE, module_descriptor(0, "/first\0"sv)));
    ASSERT_TRUE(take_bytes(BATON_REQUEST_MODULE, module_descriptor(kRequired, "\\second"sv)));
    ASSERT_EQ(requests_.requested_modules().size(), 2u);
    EXPECT_EQ(requests_.requested_modules()[0].path, "/first");
    EXPECT_FALSE(requests_.requested_modules()[0].required);
    EXPECT_EQ(requests_.requested_modules()[1].path, "\\second");
    EXPECT_TRUE(requests_.requested_modules()[1].required);
}

TEST_F(RequestsTest, AModulesPathEndsAtItsFirstNul) {
    ASSERT_TRUE(take_bytes(BATON_REQUEST_MODULE, module_descriptor(0, "/a\0b\0"sv)));
    EXPECT_EQ(requests_.requested_modules()[0].path, "/a");
}

TEST_F(RequestsTest, AModuleWithoutAPathIsMalformed) {
    for (const std::string_view path : {""sv, "\0"sv, "\0/a"sv})
        expect_error(take_bytes(BATON_REQUEST_MODULE, module_descriptor(0, path)),
                     ErrorCode::request_malformed, {BATON_REQUEST_MODULE, 4 + path.size(), 5});
    EXPECT_TRUE(requests_.requested_modules().empty());
}

TEST_F(RequestsTest, MoreModulesThanThereIsRoomForAreAnError) {
    for (int i = 0; i < 2; ++i)
        ASSERT_TRUE(take_bytes(BATON_REQUEST_MODULE, module_descriptor(0, "/m")));
    expect_error(take_bytes(BATON_REQUEST_MODULE, module_descriptor(0, "/m")),
                 ErrorCode::requested_modules_too_many, {2});
    EXPECT_EQ(requests_.requested_modules().size(), 2u);
    EXPECT_EQ(kMaxRequestedModules, 64u);
}

TEST_F(RequestsTest, TheBuildIdIsThatOfGnu) {
    const Buffer id(20, std::byte{0xab});
    ASSERT_TRUE(take_bytes(1, Buffer(16), "GNU")); // ABI tag
    EXPECT_TRUE(requests_.build_id.empty());
    ASSERT_TRUE(take_bytes(elf::NT_GNU_BUILD_ID, id, "GNU"));
    EXPECT_EQ(Buffer(requests_.build_id.begin(), requests_.build_id.end()), id);
    ASSERT_TRUE(take_bytes(elf::NT_GNU_BUILD_ID, Buffer(4), "Go"));
    EXPECT_EQ(requests_.build_id.size(), 20u);
}

TEST_F(RequestsTest, TheMacrosOfTheHeaderMakeNotesThatAreUnderstood) {
    for (const OwnNotes& segment : own_notes()) {
        EXPECT_EQ(outcome(take_notes({segment.bytes, segment.alignment, 0}, requests_)), "good");
    }
    EXPECT_EQ(requests_.stack_bytes, 256u * 1024);
    ASSERT_EQ(requests_.requested_modules().size(), 1u);
    EXPECT_EQ(requests_.requested_modules()[0].path, "/boot/initrd.img");
    EXPECT_TRUE(requests_.requested_modules()[0].required);
}

TEST_F(RequestsTest, ABadNoteEndsTheNotesWithItsError) {
    const auto notes = [](uint32_t descriptor_bytes, uint64_t stack_bytes) {
        Buffer bytes;
        append(bytes, elf::Elf64_Nhdr{6, descriptor_bytes, BATON_REQUEST_STACK});
        append(bytes, std::array{'B', 'a', 't', 'o', 'n', '\0', '\0', '\0'});
        const Buffer request = descriptor(kRequired, stack_bytes);
        bytes.insert(bytes.end(), request.begin(), request.end());
        return bytes;
    };
    EXPECT_EQ(outcome(take_notes({notes(20, 8192), 4, 5}, requests_)), "good");
    EXPECT_EQ(requests_.stack_bytes, 8192u);
    EXPECT_TRUE(
        failed_with(take_notes({notes(20, 0), 4, 5}, requests_), ErrorCode::request_not_met));
    expect_error(take_notes({notes(21, 4096), 4, 5}, requests_), ErrorCode::note_malformed,
                 {5, 0, 6, 21});
}

} // namespace
} // namespace baton::test
