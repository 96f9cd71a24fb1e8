// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/linux.hpp"

#include "support/errors.hpp"
#include "support/physical_memory.hpp"

#include <array>
#include <memory>

namespace baton::test {
namespace {

constexpr uint64_t kZeroPage = 0x9'0000, kLine = 0x9'a000, kData = 0x9'b000, kEfiMap = 0x9'c000;

// Offsets in the boot parameters: Linux's documentation, arch/x86/zero-page and arch/x86/boot.
enum Offset : std::size_t {
    kVideoType = 0x0f,
    kWidth = 0x12,
    kHeight = 0x14,
    kDepth = 0x16,
    kBase = 0x18,
    kPitch = 0x24,
    kColours = 0x26,
    kCapabilities = 0x36,
    kBaseHigh = 0x3a,
    kRsdp = 0x70,
    kRamdiskImageHigh = 0xc0,
    kRamdiskSizeHigh = 0xc4,
    kLineHigh = 0xc8,
    kEdid = 0x140,
    kEfiSignature = 0x1c0,
    kE820Count = 0x1e8,
    kMagic = 0x202,
    kRamdiskImage = 0x218,
    kRamdiskSize = 0x21c,
    kLinePointer = 0x228,
    kSetupData = 0x250,
    kE820Table = 0x2d0,
};

class LinuxBoot : public testing::Test {
  protected:
    Islands memory_;
    std::unique_ptr<StartInfo> info_ = std::make_unique<StartInfo>();

    void SetUp() override {
        memory_.put(kZeroPage, Buffer(4096));
        memory_.put_text(kLine, "console=ttyS0 quiet");
        set(kMagic, uint32_t{0x5372'6448});
        set(kLinePointer, static_cast<uint32_t>(kLine));
        add_range(0, 0x9'fc00, 1);
        add_range(0x10'0000, 0x7ee'0000, 1);
    }
    template<class T>
    void set(std::size_t offset, T value) {
        std::memcpy(memory_[kZeroPage].data() + offset, &value, sizeof value);
    }
    static void append_range(Buffer& buffer, uint64_t base, uint64_t bytes, uint32_t type) {
        append(buffer, base);
        append(buffer, bytes);
        append(buffer, type);
    }
    void add_range(uint64_t base, uint64_t bytes, uint32_t type) {
        Buffer entry;
        append_range(entry, base, bytes, type);
        std::memcpy(memory_[kZeroPage].data() + kE820Table + 20 * ranges_, entry.data(), 20);
        set(kE820Count, ++ranges_);
    }
    void put_setup_data(uint64_t address, uint64_t next, uint32_t type, const Buffer& contents) {
        Buffer data;
        append(data, next);
        append(data, type);
        append(data, static_cast<uint32_t>(contents.size()));
        data.insert(data.end(), contents.begin(), contents.end());
        memory_.put(address, data);
    }
    void set_efi(uint32_t descriptor_bytes, uint32_t map_bytes) {
        const std::array<uint32_t, 8> efi = {
            0x3436'4c45, 0x7f00'0018, descriptor_bytes, 1, kEfiMap, map_bytes, 0x1, 0};
        set(kEfiSignature, efi);
        memory_.put(kEfiMap, Buffer(map_bytes));
    }
    Result<void> read() { return read_linux_boot({kZeroPage}, memory_, *info_); }

  private:
    uint8_t ranges_ = 0;
};

TEST_F(LinuxBoot, TellsTheMemoryMapAndTheCommandLine) {
    ASSERT_EQ(outcome(read()), "good");
    const auto memory = info_->memory.entries();
    ASSERT_EQ(memory.size(), 2u);
    EXPECT_EQ(memory[1].range, (PhysRange{{0x10'0000}, 0x7ee'0000}));
    EXPECT_EQ(memory[1].firmware_type, 1u);
    EXPECT_EQ(info_->command_line, "console=ttyS0 quiet");
    EXPECT_TRUE(info_->modules.entries().empty());
    EXPECT_FALSE(info_->framebuffer);
    EXPECT_TRUE(info_->edid.empty());
}

TEST_F(LinuxBoot, FollowsTheMapThatHasNoRoomInTheTable) {
    Buffer more;
    append_range(more, 0x1'0000'0000, 0x1000, 1);
    append_range(more, 0x1'0000'1000, 0x1000, 7);
    append(more, uint32_t{0}); // a part of an entry
    put_setup_data(kData, kData + 0x100, 9, Buffer(32));
    put_setup_data(kData + 0x100, 0, 1, more);
    set(kSetupData, kData);
    ASSERT_EQ(outcome(read()), "good");
    const auto memory = info_->memory.entries();
    ASSERT_EQ(memory.size(), 4u);
    EXPECT_EQ(memory[2].range, (PhysRange{{0x1'0000'0000}, 0x1000}));
    EXPECT_EQ(memory[3].type, BATON_MEMORY_PERSISTENT);
}

TEST_F(LinuxBoot, RefusesAListThatLeadsBackToItself) {
    put_setup_data(kData, kData, 9, Buffer(3));
    set(kSetupData, kData);
    expect_error(read(), ErrorCode::start_info_malformed, {kData, 9, 3});
}

TEST_F(LinuxBoot, TellsTheRamdiskAsAModule) {
    set(kRamdiskImage, uint32_t{0x700'0000});
    set(kRamdiskSize, uint32_t{0x1234});
    ASSERT_EQ(outcome(read()), "good");
    ASSERT_EQ(info_->modules.entries().size(), 1u);
    EXPECT_EQ(info_->modules.entries()[0].contents, (PhysRange{{0x700'0000}, 0x1234}));
}

TEST_F(LinuxBoot, TakesTheUpperHalvesOfAddresses) {
    const uint64_t line = 0x2'0000'0000;
    memory_.put_text(line, "above");
    set(kLinePointer, uint32_t{0});
    set(kLineHigh, uint32_t{2});
    set(kRamdiskImageHigh, uint32_t{3});
    set(kRamdiskSizeHigh, uint32_t{1});
    set(kRamdiskSize, uint32_t{5});
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->command_line, "above");
    EXPECT_EQ(info_->modules.entries()[0].contents, (PhysRange{{0x3'0000'0000}, 0x1'0000'0005}));
}

TEST_F(LinuxBoot, TellsTheRootPointer) {
    set(kRsdp, uint64_t{0x7ffe'0014});
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->rsdp, PhysAddr{0x7ffe'0014});
}

TEST_F(LinuxBoot, TellsALinearFramebuffer) {
    set(kVideoType, uint8_t{0x23});
    set(kWidth, uint16_t{800});
    set(kHeight, uint16_t{600});
    set(kDepth, uint16_t{32});
    set(kBase, uint32_t{0xfd00'0000});
    set(kPitch, uint16_t{3200});
    const std::array<uint8_t, 6> colours = {8, 16, 8, 8, 8, 0};
    set(kColours, colours);
    set(kBaseHigh, uint32_t{1}); // counts only with the capability
    ASSERT_EQ(outcome(read()), "good");
    ASSERT_TRUE(info_->framebuffer);
    EXPECT_EQ(info_->framebuffer->base_physical, 0xfd00'0000u);
    EXPECT_EQ(info_->framebuffer->width_pixels, 800u);
    EXPECT_EQ(info_->framebuffer->bytes, 3200u * 600u);
    EXPECT_EQ(info_->framebuffer->red_shift, 16);
    EXPECT_EQ(info_->framebuffer->blue_shift, 0);

    set(kVideoType, uint8_t{0x70});
    set(kCapabilities, uint32_t{2});
    *info_ = {};
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->framebuffer->base_physical, 0x1'fd00'0000u);
}

TEST_F(LinuxBoot, LeavesATextModeOut) {
    set(kVideoType, uint8_t{1});
    set(kWidth, uint16_t{80});
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_FALSE(info_->framebuffer);
}

TEST_F(LinuxBoot, TellsTheEdid) {
    set(kEdid, uint64_t{0x00ff'ffff'ffff'ff00});
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->edid.size(), 128u);
    EXPECT_EQ(info_->edid.data(), memory_[kZeroPage].data() + kEdid);
}

TEST_F(LinuxBoot, TellsWhatUefiLeft) {
    set_efi(48, 3 * 48 + 5);
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->efi_system_table, PhysAddr{0x1'7f00'0018});
    EXPECT_EQ(info_->efi_map.size(), 3u * 48u);
    EXPECT_EQ(info_->efi_descriptor_bytes, 48u);
    EXPECT_EQ(info_->efi_descriptor_version, 1u);
}

TEST_F(LinuxBoot, RefusesEfiDescriptorsThatAreTooSmall) {
    set_efi(39, 390);
    expect_error(read(), ErrorCode::start_info_malformed, {kEfiSignature, 39, 390});
}

TEST_F(LinuxBoot, WithoutAMemoryMapIsRefused) {
    set(kE820Count, uint8_t{0});
    expect_error(read(), ErrorCode::start_memory_map_missing);
}

TEST_F(LinuxBoot, ReadsNoMoreThanTheTableHas) {
    set(kE820Count, uint8_t{255});
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->memory.entries().size(), 128u);
}

TEST_F(LinuxBoot, WithAnotherMagicIsRefused) {
    set(kMagic, uint32_t{0});
    expect_error(read(), ErrorCode::start_info_unknown, {0});
}

TEST_F(LinuxBoot, OutOfReachIsRefused) {
    memory_[kZeroPage].resize(4095);
    expect_error(read(), ErrorCode::start_info_out_of_reach, {kZeroPage, 4096});
}

TEST_F(LinuxBoot, WithAnImpossibleRamdiskIsRefused) {
    set(kRamdiskImage, uint32_t{0x1000});
    set(kRamdiskSizeHigh, ~0u);
    EXPECT_TRUE(failed_with(read(), ErrorCode::start_module_malformed));
}

} // namespace
} // namespace baton::test
