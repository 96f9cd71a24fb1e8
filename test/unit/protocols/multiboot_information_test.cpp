// SPDX-License-Identifier: BSD-2-Clause
//
// What Multiboot kernels read, read as they do: sections 3.3 and 3.6 of the specifications.
#include "protocols/multiboot/information.hpp"

#include "boot/fake_platform.hpp"
#include "protocols/multiboot2/information.hpp"
#include "protocols/protocol.hpp"
#include "start_info/multiboot2.hpp"
#include "start_info/multiboot2_format.hpp"
#include "support/errors.hpp"
#include "support/fake_frames.hpp"
#include "support/physical_memory.hpp"
#include "tools/baton/heap_arena.hpp"

#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace baton::test {
namespace {

using namespace multiboot2;

constexpr std::size_t kRanges = 6;

class InformationTest : public testing::Test {
  protected:
    InformationTest() {
        file_bytes_ = good_elf().build(0x1000);
        source_.bytes = file_bytes_;
        const auto opened = KernelFile::open(source_, frames_, arena_);
        kernel_.file = arena_.make<KernelFile>(opened.value()).value();
        kernel_.path = "\\boot\\kernel";
        kernel_.plan = plan_load(kernel_.file->image(),
                                 {.placement = Placement::physical, .without_paging = true}, arena_)
                           .value();
        frames_.free_at(0x10'0000);
        EXPECT_TRUE(place(kernel_.plan, frames_));
    }

    BootFacts facts() {
        return {.kernel = kernel_,
                .modules = modules_,
                .layout = layout_,
                .page_table_root = {},
                .displays = displays_,
                .identity = {},
                .watchdog_disarm = {},
                .machine = machine_,
                .random = random_,
                .previous = previous_,
                .command_line = command_line_,
                .path = BATON_BOOT_PATH_UEFI,
                .tsc_hz = 0,
                .firmware_map_bytes = firmware_map_.size()};
    }
    void add_module(uint64_t base, uint64_t bytes, std::string_view string) {
        modules_.push_back({.contents = {{base}, bytes}, .path = "\\module", .string = string});
    }
    void add_display(uint64_t base) {
        BatonFramebuffer screen{};
        screen.base_physical = base;
        screen.width_pixels = 800;
        screen.height_pixels = 600;
        screen.pitch_bytes = 3328;
        screen.bits_per_pixel = 32;
        screen.red_shift = 16;
        screen.green_shift = 8;
        screen.red_bits = screen.green_bits = screen.blue_bits = 8;
        displays_.push_back({.framebuffer = screen, .edid = {}, .modes = {}});
    }
    /// 640 KiB without the last page, a hole, 2 MiB of which the kernel has some, ACPI's, reserved.
    static std::vector<TypedRange> memory() {
        return {{.range = {{0}, 0x9'f000}, .type = BATON_MEMORY_USABLE},
                {.range = {{0x10'0000}, 0x20'0000}, .type = BATON_MEMORY_USABLE},
                {.range = {{0x10'0000}, 0x1000}, .type = BATON_MEMORY_KERNEL_AND_MODULES},
                {.range = {{0x30'0000}, 0x1000}, .type = BATON_MEMORY_ACPI_RECLAIMABLE},
                {.range = {{0x30'1000}, 0x1000}, .type = BATON_MEMORY_LOADER_RECLAIMABLE},
                {.range = {{0x4000'0000}, 0x1000}, .type = BATON_MEMORY_RUNTIME_SERVICES}};
    }
    static std::vector<E820Entry> expected_memory() {
        return {{0, 0x9'f000, 1, 0},
                {0x10'0000, 0x20'0000, 1, 0},
                {0x30'0000, 0x1000, 3, 0},
                {0x30'1000, 0x1000, 1, 0},
                {0x4000'0000, 0x1000, 2, 0}};
    }

    FakeFrames frames_;
    HeapArena arena_;
    Buffer file_bytes_;
    BufferFile source_;
    Kernel kernel_{};
    std::vector<Module> modules_;
    std::vector<Display> displays_;
    Layout layout_{};
    MachineFacts machine_;
    RandomNumbers random_{};
    PreviousBoot previous_;
    std::string command_line_;
    Buffer firmware_map_;
};

class Multiboot2InformationTest : public InformationTest {
  protected:
    /// All tags but modules, by their types; without their headers.
    std::map<uint32_t, Buffer> make(const multiboot2::Header& header = {}) {
        const auto made = multiboot2::Information::make(facts(), header, kRanges, frames_);
        if (!made)
            throw std::runtime_error(outcome(made));
        record_ = *made;
        record_->set_memory_map(memory());
        record_->complete({.firmware_map = {.bytes = firmware_map_,
                                            .descriptor_bytes = 48,
                                            .descriptor_version = 1},
                           .runtime_mapped = false,
                           .log = {},
                           .steps = {}});
        return tags();
    }
    std::map<uint32_t, Buffer> tags() {
        const Bytes bytes = record_->bytes();
        const auto total = read_at<uint32_t>(bytes, 0);
        EXPECT_LE(total, bytes.size());
        EXPECT_EQ(read_at<uint32_t>(bytes, 4), 0u);
        std::map<uint32_t, Buffer> found;
        module_tags_.clear();
        for (uint64_t at = 8;;) {
            const auto tag = read_at<TagHeader>(bytes, at);
            const Bytes contents = bytes.subspan(at + sizeof tag, tag.bytes - sizeof tag);
            if (tag.type == kModuleTag)
                module_tags_.emplace_back(contents.begin(), contents.end());
            else
                EXPECT_TRUE(
                    found.emplace(tag.type, Buffer(contents.begin(), contents.end())).second)
                    << tag.type;
            at = align_up(at + tag.bytes, 8);
            if (tag.type == kEndTag) {
                EXPECT_EQ(tag.bytes, 8u);
                EXPECT_EQ(at, total);
                return found;
            }
        }
    }
    static std::string text(const Buffer& tag, std::size_t from = 0) {
        EXPECT_EQ(tag.back(), std::byte{0});
        return reinterpret_cast<const char*>(tag.data() + from);
    }

    multiboot2::Information* record_ = nullptr;
    std::vector<Buffer> module_tags_;
};

TEST_F(Multiboot2InformationTest, TheRegistersAreThoseOfTheSpecification) {
    make();
    const EntryState state = record_->entry_state();
    EXPECT_TRUE(state.is_32_bit);
    EXPECT_EQ(state.eax, 0x36d7'6289u);
    EXPECT_EQ(state.ebx, record_->address().value);
    EXPECT_EQ(state.ebx % 8, 0u);
    EXPECT_EQ(record_->acknowledgement().value, 0u);
}

TEST_F(Multiboot2InformationTest, WhatThereIsNotHasNoTag) {
    std::vector<uint32_t> types;
    for (const auto& [type, contents] : make())
        types.push_back(type);
    EXPECT_EQ(types, (std::vector<uint32_t>{kEndTag, kCommandLineTag, kLoaderNameTag,
                                            kBasicMemoryTag, kMemoryMapTag}));
    EXPECT_TRUE(module_tags_.empty());
}

TEST_F(Multiboot2InformationTest, CommandLineLoaderAndModules) {
    command_line_ = "root=/dev/sda quiet";
    add_module(0x20'0000, 0x123, "first module");
    add_module(0x30'0000, 0, "");
    const auto tags = make();
    EXPECT_EQ(text(tags.at(kCommandLineTag)), command_line_);
    EXPECT_EQ(text(tags.at(kLoaderNameTag)), "Baton " BATON_VERSION ", like GRUB 2");
    ASSERT_EQ(module_tags_.size(), 2u);
    EXPECT_EQ(read_at<uint32_t>(module_tags_[0], 0), 0x20'0000u);
    EXPECT_EQ(read_at<uint32_t>(module_tags_[0], 4), 0x20'0123u);
    EXPECT_EQ(text(module_tags_[0], 8), "first module");
    EXPECT_EQ(read_at<uint32_t>(module_tags_[1], 4), 0x30'0000u);
    EXPECT_EQ(text(module_tags_[1], 8), "");
}

TEST_F(Multiboot2InformationTest, TheMemoryMapIsE820s) {
    const auto tags = make();
    const Buffer& map = tags.at(kMemoryMapTag);
    EXPECT_EQ(read_at<uint32_t>(map, 0), sizeof(E820Entry));
    EXPECT_EQ(read_at<uint32_t>(map, 4), 0u);
    const auto expected = expected_memory();
    ASSERT_EQ(map.size(), 8 + expected.size() * sizeof(E820Entry));
    EXPECT_EQ(std::memcmp(map.data() + 8, expected.data(), map.size() - 8), 0);
    EXPECT_EQ(read_at<uint32_t>(tags.at(kBasicMemoryTag), 0), 636u);
    EXPECT_EQ(read_at<uint32_t>(tags.at(kBasicMemoryTag), 4), 2048u);
}

TEST_F(Multiboot2InformationTest, AShorterMapLaterIsAllThatThereIs) {
    firmware_map_.assign(48, std::byte{7});
    make();
    const auto shorter = memory();
    record_->set_memory_map(std::span(shorter).first(1));
    EXPECT_EQ(tags().at(kMemoryMapTag).size(), 8 + sizeof(E820Entry));
    EXPECT_FALSE(tags().contains(kEfiMemoryMapTag));
}

TEST_F(Multiboot2InformationTest, TheFramebufferHasItsColours) {
    add_display(0x1'8000'0000);
    const Buffer tag = make().at(kFramebufferTag);
    EXPECT_EQ(tag.size(), kFramebufferTagBytes - 8);
    EXPECT_EQ(read_at<uint64_t>(tag, 0), 0x1'8000'0000u);
    EXPECT_EQ(read_at<uint32_t>(tag, 8), 3328u);
    EXPECT_EQ(read_at<uint32_t>(tag, 12), 800u);
    EXPECT_EQ(read_at<uint32_t>(tag, 16), 600u);
    const uint8_t rest[] = {32, 1, 0, 0, 16, 8, 8, 8, 0, 8};
    EXPECT_EQ(std::memcmp(tag.data() + 20, rest, sizeof rest), 0);
}

TEST_F(Multiboot2InformationTest, FirmwareTablesAreCopied) {
    Buffer root(36), smbios(31), smbios3(24);
    for (std::size_t i = 0; i < root.size(); ++i)
        root[i] = static_cast<std::byte>(i);
    smbios[6] = std::byte{2};
    smbios[7] = std::byte{8};
    machine_.root_pointer = root;
    machine_.smbios_entry = smbios;
    machine_.efi_system_table = 0x7'1234'5678;
    auto tags = make();
    EXPECT_EQ(tags.at(kAcpiOldTag), Buffer(root.begin(), root.begin() + 20));
    EXPECT_EQ(tags.at(kAcpiNewTag), root);
    EXPECT_EQ(read_at<uint64_t>(tags.at(kEfi64SystemTableTag), 0), 0x7'1234'5678u);
    EXPECT_EQ(tags.at(kSmbiosTag)[0], std::byte{2});
    EXPECT_EQ(tags.at(kSmbiosTag)[1], std::byte{8});
    EXPECT_EQ(Buffer(tags.at(kSmbiosTag).begin() + 8, tags.at(kSmbiosTag).end()), smbios);

    machine_.root_pointer = Bytes(root).first(20);
    machine_.smbios_entry = {};
    smbios3[7] = std::byte{3};
    smbios3[8] = std::byte{6};
    machine_.smbios3_entry = smbios3;
    tags = make();
    EXPECT_TRUE(tags.contains(kAcpiOldTag));
    EXPECT_FALSE(tags.contains(kAcpiNewTag));
    EXPECT_EQ(tags.at(kSmbiosTag)[0], std::byte{3});
    EXPECT_EQ(tags.at(kSmbiosTag)[1], std::byte{6});
}

TEST_F(Multiboot2InformationTest, TheFirmwaresMapIsTheOneOfTheExit) {
    firmware_map_.assign(96, std::byte{7});
    const Buffer tag = make().at(kEfiMemoryMapTag);
    EXPECT_EQ(read_at<uint32_t>(tag, 0), 48u);
    EXPECT_EQ(read_at<uint32_t>(tag, 4), 1u);
    EXPECT_EQ(Buffer(tag.begin() + 8, tag.end()), firmware_map_);
}

TEST_F(Multiboot2InformationTest, BootServicesThatStayAreSaidToStay) {
    firmware_map_.assign(96, std::byte{7});
    kernel_.requests.keep_firmware = true;
    machine_.efi_image = 0x7'0000'1111;
    const auto tags = make();
    EXPECT_EQ(tags.at(kEfiBootServicesTag).size(), 0u);
    EXPECT_EQ(read_at<uint64_t>(tags.at(kEfi64ImageTag), 0), 0x7'0000'1111u);
    EXPECT_FALSE(tags.contains(kEfiMemoryMapTag));
}

TEST_F(Multiboot2InformationTest, ARelocatableKernelGetsItsLoadBase) {
    multiboot2::Header header;
    header.relocatable = Relocatable{.low = {}, .end = {}, .alignment = 0, .lowest = false};
    const auto tags = make(header);
    EXPECT_EQ(read_at<uint32_t>(tags.at(kLoadBaseTag), 0), 0x10'0000u);
}

TEST_F(Multiboot2InformationTest, AllOfItLiesBelow4GiB) {
    make();
    for (const FrameRequest& request : frames_.requests())
        if (std::string_view(request.label()) == "Multiboot2") {
            EXPECT_EQ(request.below, k4GiB);
        }
    EXPECT_LT(record_->address().value, k4GiB.value);
}

TEST_F(Multiboot2InformationTest, IsAtALowAddressThatIsFree) {
    frames_.free_at(0x1'0000);
    make();
    EXPECT_EQ(record_->address().value, 0x1'0000u);
}

TEST_F(Multiboot2InformationTest, StageOneReadsWhatItWrites) {
    command_line_ = "quiet";
    add_module(0x20'0000, 0x1000, "string");
    add_display(0xfd00'0000);
    make();
    Islands memory;
    memory.put(record_->address().value, Buffer(record_->bytes().begin(), record_->bytes().end()));
    auto info = std::make_unique<StartInfo>();
    ASSERT_EQ(outcome(read_multiboot2({record_->address().value}, memory, *info)), "good");
    EXPECT_EQ(info->command_line, "quiet");
    ASSERT_EQ(info->modules.entries().size(), 1u);
    EXPECT_EQ(info->modules.entries()[0].string, "string");
    ASSERT_TRUE(info->framebuffer);
    EXPECT_EQ(info->framebuffer->pitch_bytes, 3328u);
    EXPECT_EQ(info->memory.entries().size(), expected_memory().size());
}

class Multiboot1InformationTest : public InformationTest {
  protected:
    multiboot::InformationFields make(const multiboot::Header& header = {}) {
        const auto made = multiboot::Information::make(facts(), header, kRanges, frames_);
        if (!made)
            throw std::runtime_error(outcome(made));
        record_ = *made;
        record_->set_memory_map(memory());
        record_->complete({});
        return read_at<multiboot::InformationFields>(record_->bytes(), 0);
    }
    static multiboot::Header with_video() {
        multiboot::Header header;
        header.wants_video = true;
        return header;
    }
    const std::byte* seen(uint32_t address) { return frames_.access({address}); }
    std::string text(uint32_t address) { return reinterpret_cast<const char*>(seen(address)); }
    uint32_t word(uint32_t address) {
        uint32_t value = 0;
        std::memcpy(&value, seen(address), sizeof value);
        return value;
    }

    multiboot::Information* record_ = nullptr;
};

TEST_F(Multiboot1InformationTest, TheRegistersAreThoseOfTheSpecification) {
    make();
    EXPECT_TRUE(record_->entry_state().is_32_bit);
    EXPECT_EQ(record_->entry_state().eax, 0x2bad'b002u);
    EXPECT_EQ(record_->entry_state().ebx, record_->address().value);
}

TEST_F(Multiboot1InformationTest, IsAtALowAddressThatIsFree) {
    frames_.free_at(0x1'0000);
    make();
    EXPECT_EQ(record_->address().value, 0x1'0000u);
}

TEST_F(Multiboot1InformationTest, FlagsAreThoseOfTheFieldsThatThereAre) {
    EXPECT_EQ(make().flags, 0b10'0100'1101u); // memory, command line, modules, map, loader
    add_display(0xfd00'0000);
    EXPECT_EQ(make().flags, 0b1'0010'0100'1101u); // framebuffer
    EXPECT_EQ(make(with_video()).flags, 0b1'1010'0100'1101u);
}

TEST_F(Multiboot1InformationTest, TheCommandLineBeginsWithTheKernelsPath) {
    EXPECT_EQ(text(make().command_line), "/boot/kernel");
    command_line_ = "a b=c";
    const auto fields = make();
    EXPECT_EQ(text(fields.command_line), "/boot/kernel a b=c");
    EXPECT_EQ(text(fields.loader_name), "Baton " BATON_VERSION);
}

TEST_F(Multiboot1InformationTest, EachModuleHasItsString) {
    add_module(0x20'0000, 0x123, "first one");
    add_module(0x30'0000, 0x1000, "");
    add_module(0x40'0000, 1, "12345678");
    add_module(0x50'0000, 1, "the last");
    const auto fields = make();
    ASSERT_EQ(fields.module_count, 4u);
    EXPECT_EQ(word(fields.modules), 0x20'0000u);
    EXPECT_EQ(word(fields.modules + 4), 0x20'0123u);
    EXPECT_EQ(word(fields.modules + 12), 0u);
    const char* const strings[] = {"first one", "", "12345678", "the last"};
    for (uint32_t i = 0; i < 4; ++i)
        EXPECT_EQ(text(word(fields.modules + 16 * i + 8)), strings[i]);
}

TEST_F(Multiboot1InformationTest, TheMemoryMapHasASizeBeforeEachEntry) {
    const auto fields = make();
    const auto expected = expected_memory();
    EXPECT_EQ(fields.lower_kib, 636u);
    EXPECT_EQ(fields.upper_kib, 2048u);
    ASSERT_EQ(fields.memory_map_bytes, 24 * expected.size());
    for (uint32_t i = 0; i < expected.size(); ++i) {
        const uint32_t entry = fields.memory_map + 24 * i;
        EXPECT_EQ(word(entry), 20u);
        EXPECT_EQ(std::memcmp(seen(entry + 4), &expected[i], 20), 0);
    }
}

TEST_F(Multiboot1InformationTest, TheScreenIsDescribedInBothWays) {
    add_display(0xfd00'0000);
    const auto fields = make(with_video());
    EXPECT_EQ(fields.framebuffer, 0xfd00'0000u);
    EXPECT_EQ(fields.pitch, 3328u);
    EXPECT_EQ(fields.width, 800u);
    EXPECT_EQ(fields.height, 600u);
    EXPECT_EQ(fields.bits_per_pixel, 32u);
    EXPECT_EQ(fields.type, 1u);
    EXPECT_EQ(record_->bytes()[112], std::byte{16}); // red_shift
    EXPECT_EQ(fields.green_bits, 8u);
    EXPECT_EQ(std::memcmp(seen(fields.vbe_control), "VESA\0\3", 6), 0);
    const uint32_t mode = fields.vbe_mode_info;
    EXPECT_EQ(word(mode + 40), 0xfd00'0000u);
    EXPECT_EQ(word(mode + 16), 3328u | 800u << 16);
    EXPECT_EQ(word(mode + 20) & 0xffff, 600u);
    EXPECT_EQ(seen(mode)[25], std::byte{32});
    EXPECT_EQ(seen(mode)[31], std::byte{8});
    EXPECT_EQ(seen(mode)[32], std::byte{16});
    displays_.clear();
    add_display(k4GiB.value); // which VBE's fields can't say
    EXPECT_EQ(make(with_video()).vbe_mode_info, 0u);
    EXPECT_EQ(make().framebuffer, k4GiB.value);
}

TEST_F(InformationTest, ARequiredConsoleMustBeThere) {
    Buffer file = file_bytes_;
    const uint32_t header[] = {0xe852'50d6, 0, 40, 0u - 0xe852'50d6 - 40, 4, 12, 1, 0, 0, 8};
    std::memcpy(&file[0x200], header, sizeof header);
    source_.bytes = file;
    const auto opened = KernelFile::open(source_, frames_, arena_).value();
    kernel_.file = &opened;
    const Recognised found = recognise(opened, {}, arena_).value();
    EXPECT_EQ(found.protocol->name(), "multiboot2");
    expect_error(found.protocol->write(facts(), kRanges, frames_),
                 ErrorCode::multiboot_console_missing);
    add_display(0xfd00'0000);
    EXPECT_EQ(outcome(found.protocol->write(facts(), kRanges, frames_)), "good");
}

} // namespace
} // namespace baton::test
