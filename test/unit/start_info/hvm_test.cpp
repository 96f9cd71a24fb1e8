// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/hvm.hpp"

#include "support/errors.hpp"
#include "support/physical_memory.hpp"

#include <memory>

namespace baton::test {
namespace {

constexpr uint64_t kStart = 0x9000, kModules = 0xa000, kMap = 0xb000, kLine = 0xc000,
                   kModuleLine = 0xd000;

/// As QEMU lays it out, but with two modules.
class HvmStart : public testing::Test {
  protected:
    Islands memory_;
    std::unique_ptr<StartInfo> info_ = std::make_unique<StartInfo>();

    void SetUp() override {
        put_start(kHvmStartMagic, 1);
        Buffer modules;
        for (const uint64_t value :
             {uint64_t{0x10'0000}, uint64_t{0x800}, kModuleLine, uint64_t{0}, uint64_t{0x20'0000},
              uint64_t{0x900}, uint64_t{0}, uint64_t{0}})
            append(modules, value);
        memory_.put(kModules, modules);
        Buffer map;
        add_range(map, 0, 0x9'fc00, 1);
        add_range(map, 0xf'0000, 0x1'0000, 2);
        memory_.put(kMap, map);
        memory_.put_text(kLine, "verbose kaslr=on");
        memory_.put_text(kModuleLine, "the kernel");
    }

    void put_start(uint32_t magic, uint32_t version, uint32_t ranges = 2, uint32_t modules = 2) {
        Buffer start;
        append(start, magic);
        append(start, version);
        append(start, uint32_t{0}); // flags
        append(start, modules);
        append(start, kModules);
        append(start, kLine);
        append(start, uint64_t{0xf'5000}); // RSDP
        if (version != 0) {
            append(start, kMap);
            append(start, ranges);
            append(start, uint32_t{0});
        }
        memory_.put(kStart, start);
    }
    static void add_range(Buffer& map, uint64_t base, uint64_t bytes, uint32_t type) {
        append(map, base);
        append(map, bytes);
        append(map, type);
        append(map, uint32_t{0});
    }
    Result<void> read() { return read_hvm_start({kStart}, memory_, *info_); }
};

TEST_F(HvmStart, TellsTheMemoryMap) {
    ASSERT_EQ(outcome(read()), "good");
    const auto memory = info_->memory.entries();
    ASSERT_EQ(memory.size(), 2u);
    EXPECT_EQ(memory[0].range, (PhysRange{{0}, 0x9'fc00}));
    EXPECT_EQ(memory[0].type, BATON_MEMORY_USABLE);
    EXPECT_EQ(memory[0].firmware_type, 1u);
    EXPECT_EQ(memory[1].range, (PhysRange{{0xf'0000}, 0x1'0000}));
    EXPECT_EQ(memory[1].type, BATON_MEMORY_RESERVED);
}

TEST_F(HvmStart, TellsModulesCommandLineAndAcpi) {
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->command_line, "verbose kaslr=on");
    EXPECT_EQ(info_->rsdp, PhysAddr{0xf'5000});
    const auto modules = info_->modules.entries();
    ASSERT_EQ(modules.size(), 2u);
    EXPECT_EQ(modules[0].contents, (PhysRange{{0x10'0000}, 0x800}));
    EXPECT_EQ(modules[0].string, "the kernel");
    EXPECT_EQ(modules[1].contents, (PhysRange{{0x20'0000}, 0x900}));
    EXPECT_EQ(modules[1].string, "");
    EXPECT_FALSE(info_->framebuffer);
    EXPECT_EQ(info_->efi_system_table, PhysAddr{0});
}

TEST_F(HvmStart, SaysWhereItsPartsLie) {
    ASSERT_EQ(outcome(read()), "good");
    for (const PhysRange part :
         {PhysRange{{kStart}, 40}, PhysRange{{kStart + 40}, 16}, PhysRange{{kModules}, 64},
          PhysRange{{kMap}, 48}, PhysRange{{kLine}, 17}, PhysRange{{kModuleLine}, 11}})
        EXPECT_NE(std::ranges::find(info_->structures.entries(), part),
                  info_->structures.entries().end())
            << std::hex << part.base.value;
}

TEST_F(HvmStart, OfVersion0HasNoMemoryMap) {
    put_start(kHvmStartMagic, 0);
    expect_error(read(), ErrorCode::start_memory_map_missing);
}

TEST_F(HvmStart, WithAnEmptyMapIsRefused) {
    put_start(kHvmStartMagic, 1, 0);
    expect_error(read(), ErrorCode::start_memory_map_missing);
}

TEST_F(HvmStart, WithAnotherMagicIsRefused) {
    put_start(0x1234, 1);
    expect_error(read(), ErrorCode::start_info_unknown, {0x1234});
}

TEST_F(HvmStart, CutOffIsRefused) {
    memory_[kStart].resize(39);
    expect_error(read(), ErrorCode::start_info_out_of_reach, {kStart, 40});
    put_start(kHvmStartMagic, 1);
    memory_[kStart].resize(55);
    expect_error(read(), ErrorCode::start_info_out_of_reach, {kStart + 40, 16});
}

TEST_F(HvmStart, WithMoreEntriesThanMemoryIsRefused) {
    put_start(kHvmStartMagic, 1, ~0u);
    expect_error(read(), ErrorCode::start_info_out_of_reach, {kMap, 24ull * ~0u});
    put_start(kHvmStartMagic, 1, 2, ~0u);
    EXPECT_TRUE(failed_with(read(), ErrorCode::start_info_out_of_reach));
}

TEST_F(HvmStart, WithAnImpossibleModuleIsRefused) {
    memory_[kModules][15] = std::byte{0xff}; // the first one's size: it wraps
    EXPECT_TRUE(failed_with(read(), ErrorCode::start_module_malformed));
}

} // namespace
} // namespace baton::test
