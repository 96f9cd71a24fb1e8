// SPDX-License-Identifier: BSD-2-Clause
#include "abi/boot_info.h"
#include "kernel_in_c.h"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

BatonBootInfo valid_record() {
    BatonBootInfo info{};
    info.magic = BATON_BOOT_INFO_MAGIC;
    info.version = BATON_BOOT_INFO_VERSION;
    info.size = sizeof info;
    return info;
}

void expect_valid(const BatonBootInfo* info, bool valid) {
    EXPECT_EQ(baton_boot_info_is_valid(info) != 0, valid);
    EXPECT_EQ(is_valid_in_c(info) != 0, valid);
}

TEST(BootInfo, MagicIsTheOneOfTheProtocol) {
    EXPECT_EQ(BATON_BOOT_INFO_MAGIC, 0x4444441111u);
}

TEST(BootInfo, RecordsHaveTheSameSizeInCAndInCpp) {
    const SizesInC sizes = sizes_in_c();
    EXPECT_EQ(sizes.boot_info, sizeof(BatonBootInfo));
    EXPECT_EQ(sizes.memory_range, sizeof(BatonMemoryRange));
    EXPECT_EQ(sizes.kernel_segment, sizeof(BatonKernelSegment));
    EXPECT_EQ(sizes.framebuffer, sizeof(BatonFramebuffer));
    EXPECT_EQ(sizes.time_stamp, sizeof(BatonTimeStamp));
    EXPECT_EQ(sizes.video_mode, sizeof(BatonVideoMode));
    EXPECT_EQ(sizes.module, sizeof(BatonModule));
    EXPECT_EQ(sizes.identity_mapping, sizeof(BatonIdentityMapping));
    EXPECT_EQ(sizes.boot_device, sizeof(BatonBootDevice));
    EXPECT_EQ(sizes.firmware_state, sizeof(BatonFirmwareState));
    EXPECT_EQ(sizes.virtualization, sizeof(BatonVirtualization));
    EXPECT_EQ(sizes.thread_local_storage, sizeof(BatonThreadLocalStorage));
    EXPECT_EQ(sizes.request_note, sizeof(BatonRequestNote));
    EXPECT_EQ(sizes.previous_boot, sizeof(BatonPreviousBoot));
    EXPECT_EQ(sizes.register_write, sizeof(BatonRegisterWrite));
}

TEST(BootInfo, TheAcknowledgementDoesTheWritesThatDisarmTheWatchdogOnce) {
    /// An entry of a later loader: it has grown at its end.
    struct Grown {
        BatonRegisterWrite write;
        uint64_t more = 0;
    };
    uint32_t registers[3] = {};
    const auto address = [&](int index) { return reinterpret_cast<uint64_t>(&registers[index]); };
    const Grown writes[] = {{.write = {.address = address(0), .value = 7, .reserved = 0}},
                            {.write = {.address = address(1), .value = 8, .reserved = 0}},
                            {.write = {.address = address(1), .value = 9, .reserved = 0}}};
    BatonBootInfo info = valid_record();
    info.watchdog_disarm = reinterpret_cast<uint64_t>(writes);
    info.watchdog_disarm_count = 3;
    info.watchdog_disarm_entry_bytes = sizeof(Grown);
    acknowledge_in_c(&info);
    EXPECT_EQ(info.acknowledged, BATON_ACKNOWLEDGED);
    EXPECT_EQ(registers[0], 7u);
    EXPECT_EQ(registers[1], 9u);
    EXPECT_EQ(registers[2], 0u);
    registers[0] = 0;
    acknowledge_in_c(&info);
    EXPECT_EQ(registers[0], 0u);
    EXPECT_EQ(info.acknowledged, BATON_ACKNOWLEDGED);
}

TEST(BootInfo, WithoutAWatchdogTheAcknowledgementIsAWord) {
    BatonBootInfo info = valid_record();
    acknowledge_in_c(&info);
    EXPECT_EQ(info.acknowledged, BATON_ACKNOWLEDGED);
}

TEST(BootInfo, ARecordOfThisVersionIsValid) {
    const BatonBootInfo info = valid_record();
    expect_valid(&info, true);
}

TEST(BootInfo, ANullPointerIsNotValid) {
    expect_valid(nullptr, false);
}

TEST(BootInfo, AWrongMagicIsNotValid) {
    BatonBootInfo info = valid_record();
    info.magic ^= uint64_t{1} << 63;
    expect_valid(&info, false);
}

TEST(BootInfo, AnEarlierVersionIsNotValid) {
    BatonBootInfo info = valid_record();
    info.version = BATON_BOOT_INFO_VERSION - 1;
    expect_valid(&info, false);
}

TEST(BootInfo, ALaterVersionIsValid) {
    BatonBootInfo info = valid_record();
    info.version = BATON_BOOT_INFO_VERSION + 1;
    info.size = sizeof info + 64;
    expect_valid(&info, true);
}

TEST(BootInfo, AShorterRecordIsNotValid) {
    BatonBootInfo info = valid_record();
    info.size = sizeof info - 1;
    expect_valid(&info, false);
}

TEST(BootInfo, ArrayHelpersStepByTheLoadersEntrySize) {
    BatonBootInfo info = valid_record();
    info.memory_map = 0x10000;
    info.memory_map_entry_bytes = 24;
    info.kernel_segments = 0x20000;
    info.kernel_segment_entry_bytes = 48; // a later loader's, grown
    info.framebuffers = 0x30000;
    info.framebuffer_entry_bytes = 64;
    info.time_stamps = 0x40000;
    info.time_stamp_entry_bytes = 40;
    info.modules = 0x50000;
    info.module_entry_bytes = 56;
    info.identity_mappings = 0x60000;
    info.identity_mapping_entry_bytes = 32;
    BatonFramebuffer framebuffer{};
    framebuffer.modes = 0x70000;
    framebuffer.mode_entry_bytes = 40;
    const auto address = [](const auto* entry) { return reinterpret_cast<uint64_t>(entry); };
    EXPECT_EQ(address(baton_memory_range(&info, 3)), 0x10000u + 3 * 24);
    EXPECT_EQ(address(baton_kernel_segment(&info, 3)), 0x20000u + 3 * 48);
    EXPECT_EQ(address(baton_framebuffer(&info, 3)), 0x30000u + 3 * 64);
    EXPECT_EQ(address(baton_time_stamp(&info, 3)), 0x40000u + 3 * 40);
    EXPECT_EQ(address(baton_module(&info, 3)), 0x50000u + 3 * 56);
    EXPECT_EQ(address(baton_identity_mapping(&info, 3)), 0x60000u + 3 * 32);
    EXPECT_EQ(address(baton_video_mode(&framebuffer, 3)), 0x70000u + 3 * 40);
    EXPECT_EQ(module_in_c(&info, 3), baton_module(&info, 3));
    EXPECT_EQ(identity_mapping_in_c(&info, 3), baton_identity_mapping(&info, 3));
    EXPECT_EQ(video_mode_in_c(&framebuffer, 3), baton_video_mode(&framebuffer, 3));
    EXPECT_EQ(memory_range_in_c(&info, 3), baton_memory_range(&info, 3));
    EXPECT_EQ(kernel_segment_in_c(&info, 3), baton_kernel_segment(&info, 3));
    EXPECT_EQ(framebuffer_in_c(&info, 3), baton_framebuffer(&info, 3));
    EXPECT_EQ(time_stamp_in_c(&info, 3), baton_time_stamp(&info, 3));
}

TEST(BootInfo, AnArraysSizeMayExceed32Bits) {
    EXPECT_EQ(baton_array_entry(0x1'0000'0000, 0x1'0000, 0x1'0000),
              array_entry_in_c(0, 0x1'0000, 0x2'0000));
}

TEST(BootInfo, PhysicalToPointerReachesTheWholeDirectMapAndNoFurther) {
    std::array<std::byte, 4096> direct_map{};
    BatonBootInfo info = valid_record();
    info.direct_map_base = reinterpret_cast<uint64_t>(direct_map.data());
    info.direct_map_bytes = direct_map.size();
    for (const uint64_t physical : {0u, 1u, 4095u}) {
        EXPECT_EQ(baton_physical_to_pointer(&info, physical), direct_map.data() + physical);
        EXPECT_EQ(physical_to_pointer_in_c(&info, physical), direct_map.data() + physical);
    }
    for (const uint64_t physical : {uint64_t{4096}, ~uint64_t{0}}) {
        EXPECT_EQ(baton_physical_to_pointer(&info, physical), nullptr);
        EXPECT_EQ(physical_to_pointer_in_c(&info, physical), nullptr);
    }
}

} // namespace
} // namespace baton::test
