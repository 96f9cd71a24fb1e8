// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/multiboot2.hpp"

#include "support/errors.hpp"
#include "support/physical_memory.hpp"

#include <memory>
#include <string>

namespace baton::test {
namespace {

constexpr uint64_t kInfo = 0x1'0000;

class Multiboot2 : public testing::Test {
  protected:
    Islands memory_;
    std::unique_ptr<StartInfo> info_ = std::make_unique<StartInfo>();
    Buffer bytes_ = Buffer(8);

    /// Returns the tag's offset.
    uint64_t add_tag(uint32_t type, const Buffer& body) {
        const uint64_t offset = bytes_.size();
        append(bytes_, type);
        append(bytes_, static_cast<uint32_t>(8 + body.size()));
        bytes_.insert(bytes_.end(), body.begin(), body.end());
        bytes_.resize(align_up(bytes_.size(), 8));
        return offset;
    }
    void add_map() {
        Buffer map;
        append(map, uint32_t{24});
        append(map, uint32_t{0});
        add_range(map, 0x10'0000, 0x700'0000, 1);
        add_range(map, 0xfffc'0000, 0x4'0000, 2);
        add_tag(6, map);
    }
    static void add_range(Buffer& map, uint64_t base, uint64_t size, uint32_t type) {
        append(map, base);
        append(map, size);
        append(map, type);
        append(map, uint32_t{0});
    }
    void add_module(uint32_t start, uint32_t end, std::string_view string, bool ends = true) {
        Buffer module;
        append(module, start);
        append(module, end);
        for (const char character : string)
            append(module, character);
        if (ends)
            append(module, '\0');
        add_tag(3, module);
    }
    Result<void> read_as_is() {
        memory_.put(kInfo, bytes_);
        return read_multiboot2({kInfo}, memory_, *info_);
    }
    Result<void> read() {
        add_tag(0, {});
        set_total(static_cast<uint32_t>(bytes_.size()));
        return read_as_is();
    }
    void set_total(uint32_t total) { std::memcpy(bytes_.data(), &total, sizeof total); }
};

TEST_F(Multiboot2, TellsTheMemoryMap) {
    add_map();
    ASSERT_EQ(outcome(read()), "good");
    const auto memory = info_->memory.entries();
    ASSERT_EQ(memory.size(), 2u);
    EXPECT_EQ(memory[0].range, (PhysRange{{0x10'0000}, 0x700'0000}));
    EXPECT_EQ(memory[0].type, BATON_MEMORY_USABLE);
    EXPECT_EQ(memory[1].type, BATON_MEMORY_RESERVED);
    ASSERT_EQ(info_->structures.entries().size(), 1u);
    EXPECT_EQ(info_->structures.entries()[0], (PhysRange{{kInfo}, bytes_.size()}));
}

TEST_F(Multiboot2, StepsByTheMapsOwnEntrySize) {
    Buffer map;
    append(map, uint32_t{32});
    append(map, uint32_t{0});
    add_range(map, 0, 0x1000, 1);
    append(map, uint64_t{~0ull});
    add_range(map, 0x2000, 0x1000, 3);
    append(map, uint64_t{~0ull});
    add_tag(6, map);
    ASSERT_EQ(outcome(read()), "good");
    ASSERT_EQ(info_->memory.entries().size(), 2u);
    EXPECT_EQ(info_->memory.entries()[1].range, (PhysRange{{0x2000}, 0x1000}));
    EXPECT_EQ(info_->memory.entries()[1].type, BATON_MEMORY_ACPI_RECLAIMABLE);
}

TEST_F(Multiboot2, TellsModulesInOrderWithTheirStrings) {
    add_map();
    add_module(0x20'0000, 0x20'1234, "kernel.elf one");
    add_module(0x30'0000, 0x30'0000, "");
    ASSERT_EQ(outcome(read()), "good");
    const auto modules = info_->modules.entries();
    ASSERT_EQ(modules.size(), 2u);
    EXPECT_EQ(modules[0].contents, (PhysRange{{0x20'0000}, 0x1234}));
    EXPECT_EQ(modules[0].string, "kernel.elf one");
    EXPECT_TRUE(modules[1].contents.empty());
}

TEST_F(Multiboot2, TellsTheCommandLine) {
    add_map();
    Buffer line;
    for (const char character : std::string("a b\0garbage", 11))
        append(line, character);
    add_tag(1, line);
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->command_line, "a b");
}

TEST_F(Multiboot2, PrefersTheNewRootPointerWhereverItStands) {
    add_map();
    add_tag(14, Buffer(20));
    const uint64_t at = add_tag(15, Buffer(36));
    add_tag(14, Buffer(20));
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->rsdp, PhysAddr{kInfo + at + 8});
}

TEST_F(Multiboot2, TakesTheOldRootPointerWhereThereIsNoOther) {
    add_map();
    const uint64_t at = add_tag(14, Buffer(20));
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_EQ(info_->rsdp, PhysAddr{kInfo + at + 8});
}

Buffer framebuffer(uint8_t type) {
    Buffer body;
    append(body, uint64_t{0xfd00'0000});
    for (const uint32_t value : {4096u, 1024u, 768u})
        append(body, value);
    for (const uint8_t value : {uint8_t{32}, type, uint8_t{0}, uint8_t{0}, uint8_t{16}, uint8_t{8},
                                uint8_t{8}, uint8_t{8}, uint8_t{0}, uint8_t{8}})
        append(body, value);
    return body;
}

TEST_F(Multiboot2, TellsTheFramebuffer) {
    add_map();
    add_tag(8, framebuffer(1));
    ASSERT_EQ(outcome(read()), "good");
    ASSERT_TRUE(info_->framebuffer);
    EXPECT_EQ(info_->framebuffer->base_physical, 0xfd00'0000u);
    EXPECT_EQ(info_->framebuffer->bytes, 4096u * 768u);
    EXPECT_EQ(info_->framebuffer->width_pixels, 1024u);
    EXPECT_EQ(info_->framebuffer->height_pixels, 768u);
    EXPECT_EQ(info_->framebuffer->pitch_bytes, 4096u);
    EXPECT_EQ(info_->framebuffer->red_shift, 16);
    EXPECT_EQ(info_->framebuffer->green_shift, 8);
    EXPECT_EQ(info_->framebuffer->blue_bits, 8);
}

TEST_F(Multiboot2, LeavesOutTextModesAndPalettes) {
    add_map();
    add_tag(8, framebuffer(2));
    add_tag(8, framebuffer(0));
    ASSERT_EQ(outcome(read()), "good");
    EXPECT_FALSE(info_->framebuffer);
}

TEST_F(Multiboot2, TellsWhatUefiLeft) {
    Buffer table, map;
    append(table, uint64_t{0x7f00'0018});
    append(map, uint32_t{48});
    append(map, uint32_t{1});
    map.resize(8 + 3 * 48 + 7);
    add_tag(12, table);
    const uint64_t at = add_tag(17, map);
    ASSERT_EQ(outcome(read()), "good"); // without E820: UEFI's map is one
    EXPECT_EQ(info_->efi_system_table, PhysAddr{0x7f00'0018});
    EXPECT_EQ(info_->efi_map.data(), memory_[kInfo].data() + at + 16);
    EXPECT_EQ(info_->efi_map.size(), 3u * 48u);
    EXPECT_EQ(info_->efi_descriptor_bytes, 48u);
    EXPECT_EQ(info_->efi_descriptor_version, 1u);
}

TEST_F(Multiboot2, TakesTheBasicMemoryWhereThereIsNoMap) {
    Buffer basic;
    append(basic, uint32_t{639});
    append(basic, uint32_t{130'048});
    add_tag(4, basic);
    ASSERT_EQ(outcome(read()), "good");
    const auto memory = info_->memory.entries();
    ASSERT_EQ(memory.size(), 2u);
    EXPECT_EQ(memory[0].range, (PhysRange{{0}, 639 << 10}));
    EXPECT_EQ(memory[1].range, (PhysRange{{1 << 20}, 130'048 << 10}));
}

TEST_F(Multiboot2, WithoutAnyMapIsRefused) {
    expect_error(read(), ErrorCode::start_memory_map_missing);
}

TEST_F(Multiboot2, IgnoresTagsThatItDoesNotKnow) {
    add_tag(999, Buffer(13));
    add_map();
    EXPECT_EQ(outcome(read()), "good");
}

TEST_F(Multiboot2, WithoutAnEndTagIsRefused) {
    add_map();
    set_total(static_cast<uint32_t>(bytes_.size()));
    expect_error(read_as_is(), ErrorCode::start_info_malformed,
                 {bytes_.size(), ~0u, bytes_.size()});
}

TEST_F(Multiboot2, OfAnImpossibleSizeIsRefused) {
    set_total(7);
    expect_error(read_as_is(), ErrorCode::start_info_malformed, {0, ~0u, 7});
    set_total(~0u);
    expect_error(read_as_is(), ErrorCode::start_info_malformed, {0, ~0u, ~0u});
    set_total(4096);
    expect_error(read_as_is(), ErrorCode::start_info_out_of_reach, {kInfo, 4096});
    expect_error(read_multiboot2({0x100}, memory_, *info_), ErrorCode::start_info_out_of_reach,
                 {0x100, 4});
}

TEST_F(Multiboot2, WithATagThatIsTooSmallOrTooLargeIsRefused) {
    for (const uint32_t size : {0u, 7u, 1000u, ~0u}) {
        bytes_ = Buffer(8);
        append(bytes_, uint32_t{1});
        append(bytes_, size);
        add_tag(0, {});
        set_total(static_cast<uint32_t>(bytes_.size()));
        expect_error(read_as_is(), ErrorCode::start_info_malformed, {8, 1, size});
    }
}

TEST_F(Multiboot2, WithATagTooSmallForItsTypeIsRefused) {
    for (const uint32_t type : {1u, 3u, 4u, 6u, 8u, 12u, 17u}) {
        bytes_ = Buffer(8);
        add_tag(type, {});
        expect_error(read(), ErrorCode::start_info_malformed, {8, type, 8});
    }
}

TEST_F(Multiboot2, WithTooSmallEntriesIsRefused) {
    for (const uint32_t type : {6u, 17u}) {
        Buffer map;
        append(map, uint32_t{0});
        append(map, uint32_t{0});
        map.resize(64);
        bytes_ = Buffer(8);
        add_tag(type, map);
        expect_error(read(), ErrorCode::start_info_malformed, {8, type, 72});
    }
}

TEST_F(Multiboot2, WithAModuleStringThatDoesNotEndIsRefused) {
    add_module(0x1000, 0x2000, "no end!!", false);
    EXPECT_TRUE(failed_with(read(), ErrorCode::start_info_malformed));
}

TEST_F(Multiboot2, WithAnImpossibleModuleIsRefused) {
    add_module(0x2000, 0x1000, "backwards");
    expect_error(read(), ErrorCode::start_module_malformed, {0, 0x2000, 0x1000});
}

TEST_F(Multiboot2, WithTooManyModulesIsRefused) {
    add_map();
    for (int i = 0; i < 129; ++i)
        add_module(0x1000, 0x2000, "m");
    expect_error(read(), ErrorCode::start_info_too_long, {128});
}

} // namespace
} // namespace baton::test
