// SPDX-License-Identifier: BSD-2-Clause
//
// BootRecord, read as a kernel would: through the addresses in the direct map.
#include "abi/boot_info.hpp"
#include "support/boot_record.hpp"
#include "support/planned.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

TEST_F(BootRecordTest, IsAtItsAddressInTheDirectMap) {
    EXPECT_EQ(record_.virtual_address().value, kLayout.direct_map.base.value + kPhysical.value);
    EXPECT_EQ(&info(), &record_.info());
}

TEST_F(BootRecordTest, IsValidForAKernel) {
    EXPECT_TRUE(baton_boot_info_is_valid(&info()));
    EXPECT_EQ(info().version, BATON_BOOT_INFO_VERSION);
    EXPECT_EQ(info().size, sizeof(BatonBootInfo));
}

TEST_F(BootRecordTest, TellsLayoutAndLoader) {
    EXPECT_EQ(info().direct_map_base, kLayout.direct_map.base.value);
    EXPECT_EQ(info().direct_map_bytes, kLayout.direct_map.bytes);
    EXPECT_EQ(info().stack_base, kLayout.stack.base.value);
    EXPECT_EQ(info().stack_bytes, kLayout.stack.bytes);
    EXPECT_EQ(BootInfoView(info()).loader_name(), "Baton");
    EXPECT_EQ(BootInfoView(info()).loader_version(), BATON_VERSION);
}

TEST_F(BootRecordTest, TheRestIsZero) {
    EXPECT_EQ(info().firmware_memory_map, 0u);
    EXPECT_EQ(info().firmware_memory_map_bytes, 0u);
    EXPECT_EQ(info().firmware_descriptor_bytes, 0u);
    EXPECT_EQ(info().kernel_cr3, 0u);
    EXPECT_EQ(info().firmware_cr3, 0u);
    EXPECT_EQ(info().kernel_entry, 0u);
    EXPECT_EQ(info().rsdp_physical, 0u);
    EXPECT_EQ(info().smbios_physical, 0u);
    EXPECT_EQ(info().smbios3_physical, 0u);
    EXPECT_EQ(info().efi_system_table_physical, 0u);
    EXPECT_EQ(info().tsc_hz, 0u);
    EXPECT_EQ(info().flags, 0u);
    EXPECT_EQ(info().kernel_slide, 0u);
    EXPECT_EQ(info().module_count, 0u);
    EXPECT_EQ(info().identity_mapping_count, 0u);
    EXPECT_EQ(info().kernel_file_bytes, 0u);
    EXPECT_EQ(info().build_id, 0u);
    EXPECT_EQ(info().build_id_bytes, 0u);
    EXPECT_EQ(info().log, 0u);
    EXPECT_EQ(info().unix_time_seconds, 0);
    EXPECT_EQ(info().firmware_state.cr0, 0u);
    EXPECT_EQ(info().virtualization.flags, 0u);
    EXPECT_TRUE(memory_map().empty() && segments().empty());
    EXPECT_TRUE(framebuffers().empty() && time_stamps().empty());
}

TEST(BootRecord, MemoryThatIsTooSmallIsOutOfMemory) {
    const uint64_t needed = BootRecord::bytes_needed(kCapacity) - 128; // alignment might take less
    for (uint64_t bytes = 0; bytes < needed; bytes += 8) {
        Buffer memory(bytes);
        EXPECT_TRUE(failed_with(BootRecord::create(memory, kPhysical, kLayout, kCapacity),
                                ErrorCode::out_of_memory))
            << bytes;
    }
}

TEST(BootRecord, NeedsNoArrays) {
    const BootRecord::Capacity none{};
    Buffer memory(BootRecord::bytes_needed(none));
    auto record = BootRecord::create(memory, kPhysical, kLayout, none);
    ASSERT_TRUE(record) << outcome(record);
    record->set_memory_map({});
    record->add_time_stamp("dropped", 1);
    EXPECT_EQ(record->info().memory_map_count, 0u);
    EXPECT_EQ(record->info().time_stamp_count, 0u);
}

TEST_F(BootRecordTest, TheKernelsSegmentsAreSortedWithPhysicalAddresses) {
    FakeFrames frames;
    constexpr uint64_t kHigh = 0xffff'ffff'8000'1000, kLow = 0xffff'ffff'8000'0080;
    auto planned = placed({{.vaddr = kHigh,
                            .memory_bytes = 0x900,
                            .flags = 0x8000'0000 | kR | kX,
                            .file_bytes = 0x800},
                           {.vaddr = kLow, .memory_bytes = 0x500, .flags = kR | kW}},
                          frames);
    record_.set_kernel(planned.plan());

    EXPECT_EQ(info().kernel_entry, kHigh);
    EXPECT_EQ(info().kernel_virtual_base, kLow);
    EXPECT_EQ(info().kernel_slide, 0u);
    const auto found = segments();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].virtual_base, kLow);
    EXPECT_EQ(found[0].base_physical, planned.plan().regions[0].physical.value + 0x80);
    EXPECT_EQ(found[0].bytes, 0x500u);
    EXPECT_EQ(found[0].file_bytes, 0u);
    EXPECT_EQ(found[0].permissions, BATON_SEGMENT_READ | BATON_SEGMENT_WRITE);
    EXPECT_EQ(found[0].reserved, 0u);
    EXPECT_EQ(found[1].virtual_base, kHigh);
    EXPECT_EQ(found[1].base_physical, planned.plan().regions[0].physical.value + kPage);
    EXPECT_EQ(found[1].bytes, 0x900u);
    EXPECT_EQ(found[1].file_bytes, 0x800u);
    EXPECT_EQ(found[1].permissions, BATON_SEGMENT_READ | BATON_SEGMENT_EXECUTE);
}

TEST_F(BootRecordTest, AFramebuffersAddressIsThatInTheDirectMap) {
    BatonFramebuffer framebuffer{};
    framebuffer.base_physical = 0x8000'0123;
    framebuffer.bytes = 0x1000;
    framebuffer.width_pixels = 800;
    framebuffer.blue_bits = 8;
    record_.add_framebuffer(framebuffer, {}, {});
    framebuffer.base_physical = 0x9000'0000;
    record_.add_framebuffer(framebuffer, {}, {});

    const auto found = framebuffers();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].address, kLayout.direct_map.base.value + 0x8000'0123);
    EXPECT_EQ(found[0].base_physical, 0x8000'0123u);
    EXPECT_EQ(found[0].width_pixels, 800u);
    EXPECT_EQ(found[0].blue_bits, 8u);
    EXPECT_EQ(found[1].address, kLayout.direct_map.base.value + 0x9000'0000);
}

TEST_F(BootRecordTest, TimeStampsAreInTheOrderOfTheSteps) {
    record_.add_time_stamp("first", 100);
    record_.add_time_stamp("", 200);
    const auto stamps = time_stamps();
    ASSERT_EQ(stamps.size(), 2u);
    EXPECT_STREQ(stamps[0].name, "first");
    EXPECT_EQ(stamps[0].tsc, 100u);
    EXPECT_STREQ(stamps[1].name, "");
    EXPECT_EQ(stamps[1].tsc, 200u);
}

TEST_F(BootRecordTest, ATimeStampWithoutANameIsFine) {
    record_.add_time_stamp({}, 7);
    EXPECT_STREQ(time_stamps().at(0).name, "");
}

TEST_F(BootRecordTest, NamesOfTimeStampsAreCutOffAndStayTerminated) {
    const std::string fits(sizeof(BatonTimeStamp::name) - 1, 'x');
    record_.add_time_stamp(fits, 1);
    record_.add_time_stamp(fits + 'y', 2);
    record_.add_time_stamp(std::string(1000, 'x'), 3);
    for (const BatonTimeStamp& stamp : time_stamps())
        EXPECT_EQ(std::string_view(stamp.name), fits);
}

TEST_F(BootRecordTest, TimeStampsBeyondTheCapacityAreDropped) {
    for (uint64_t i = 0; i < kCapacity.time_stamps + 5; ++i)
        record_.add_time_stamp("step", i);
    const auto stamps = time_stamps();
    ASSERT_EQ(stamps.size(), kCapacity.time_stamps);
    EXPECT_EQ(stamps.back().tsc, kCapacity.time_stamps - 1);
}

TEST_F(BootRecordTest, Stage2sTimeStampsComeLastWithTheirNames) {
    record_.add_time_stamp("before", 1);
    const VirtAddr address = record_.add_stage2_time_stamps();
    const auto stamps = time_stamps();
    ASSERT_EQ(stamps.size(), 1 + kStage2TimeStamps);
    for (std::size_t i = 1; i < stamps.size(); ++i) {
        EXPECT_NE(std::string_view(stamps[i].name), "");
        EXPECT_EQ(stamps[i].tsc, 0u);
    }
    EXPECT_EQ(address.value, info().time_stamps + sizeof(BatonTimeStamp));
    EXPECT_EQ(kStage2TimeStamps, uint64_t{BATON_STEP_KERNEL});
}

TEST_F(BootRecordTest, WhatStage2StampsIsWhatTheKernelReads) {
    const VirtAddr address = record_.add_stage2_time_stamps();
    for (uint64_t step = 0; step < kStage2TimeStamps; ++step) {
        const uint64_t tsc = 1000 + step;
        std::memcpy(seen(address.value + step * sizeof(BatonTimeStamp), sizeof tsc), &tsc,
                    sizeof tsc);
    }
    const auto stamps = time_stamps();
    ASSERT_EQ(stamps.size(), kStage2TimeStamps);
    for (uint64_t step = 0; step < kStage2TimeStamps; ++step)
        EXPECT_EQ(stamps[step].tsc, 1000 + step);
}

// Stage 2 writes each of its stamps, so an address for them must have room for all: 0 tells it to
// write none.
TEST_F(BootRecordTest, Stage2GetsNoRoomBeyondTheCapacity) {
    for (uint64_t i = 0; i < kCapacity.time_stamps - 1; ++i)
        record_.add_time_stamp("step", i);
    const VirtAddr address = record_.add_stage2_time_stamps();
    const uint64_t end = info().time_stamps + kCapacity.time_stamps * sizeof(BatonTimeStamp);
    if (address.value != 0) {
        EXPECT_LE(address.value + kStage2TimeStamps * sizeof(BatonTimeStamp), end);
    }
}

TEST_F(BootRecordTest, ClaimsBecomeTheMemoryMap) {
    const TypedRange claims[] = {
        {.range = {{0x5000}, kPage}, .type = BATON_MEMORY_KERNEL_AND_MODULES},
        {.range = {{0x1000}, 8 * kPage}, .type = BATON_MEMORY_USABLE},
        {.range = {{0x2000}, 1}, .type = BATON_MEMORY_LOADER_RECLAIMABLE},
    };
    record_.set_memory_map(claims);
    EXPECT_EQ(memory_map(), normalised(claims));
    EXPECT_EQ(memory_map().size(), 5u);
    expect_well_formed(memory_map());
}

TEST_F(BootRecordTest, AsManyClaimsAsTheCapacitySaysFit) {
    const TypedRange claims[] = {
        {.range = {{0}, 100 * kPage}, .type = BATON_MEMORY_USABLE},
        {.range = {{10 * kPage}, 80 * kPage}, .type = BATON_MEMORY_LOADER_RECLAIMABLE},
        {.range = {{20 * kPage}, 60 * kPage}, .type = BATON_MEMORY_ACPI_NVS},
        {.range = {{30 * kPage}, 40 * kPage}, .type = BATON_MEMORY_BAD},
    };
    static_assert(std::size(claims) == kCapacity.claims);
    record_.set_memory_map(claims);
    EXPECT_EQ(memory_map().size(), 7u);
}

TEST_F(BootRecordTest, TheMemoryMapTouchesNoOtherArray) {
    record_.add_time_stamp("kept", 42);
    record_.add_framebuffer({}, {}, {});
    const TypedRange claims[] = {
        {.range = {{0}, 100 * kPage}, .type = BATON_MEMORY_USABLE},
        {.range = {{10 * kPage}, 80 * kPage}, .type = BATON_MEMORY_LOADER_RECLAIMABLE},
        {.range = {{20 * kPage}, 60 * kPage}, .type = BATON_MEMORY_ACPI_NVS},
        {.range = {{30 * kPage}, 40 * kPage}, .type = BATON_MEMORY_BAD},
    };
    record_.set_memory_map(claims);
    EXPECT_EQ(time_stamps().at(0).tsc, 42u);
    EXPECT_EQ(framebuffers().at(0).address, kLayout.direct_map.base.value);
    EXPECT_TRUE(baton_boot_info_is_valid(&info()));
}

} // namespace
} // namespace baton::test
