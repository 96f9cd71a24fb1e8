// SPDX-License-Identifier: BSD-2-Clause
//
// What the two headers of Multiboot say, and what becomes of the file: sections 3.1 of both
// specifications.
#include "boot/fake_platform.hpp"
#include "protocols/multiboot/header.hpp"
#include "protocols/multiboot2/header.hpp"
#include "protocols/protocol.hpp"
#include "support/errors.hpp"
#include "support/fake_frames.hpp"
#include "tools/baton/heap_arena.hpp"

#include <gtest/gtest.h>
#include <initializer_list>
#include <vector>

namespace baton::test {
namespace {

constexpr uint32_t kMagic1 = 0x1bad'b002, kMagic2 = 0xe852'50d6;

void append_words(Buffer& buffer, std::initializer_list<uint32_t> words) {
    for (const uint32_t word : words)
        append(buffer, word);
}

/// A header tag with its padding.
Buffer tag(uint16_t type, std::initializer_list<uint32_t> words, uint16_t flags = 0) {
    Buffer bytes;
    append(bytes, type);
    append(bytes, flags);
    append(bytes, static_cast<uint32_t>(8 + 4 * words.size()));
    append_words(bytes, words);
    bytes.resize(align_up(bytes.size(), 8));
    return bytes;
}

/// A Multiboot2 header at `offset`, its tags and the end tag.
Buffer file2(std::initializer_list<Buffer> tags, uint64_t offset = 0, uint32_t architecture = 0) {
    Buffer all(offset);
    uint32_t length = 16 + 8;
    for (const Buffer& each : tags)
        length += static_cast<uint32_t>(each.size());
    append_words(all, {kMagic2, architecture, length, 0u - kMagic2 - architecture - length});
    for (const Buffer& each : tags)
        all.insert(all.end(), each.begin(), each.end());
    const Buffer end = tag(0, {});
    all.insert(all.end(), end.begin(), end.end());
    return all;
}

Buffer file1(uint32_t flags, std::initializer_list<uint32_t> fields = {}, uint64_t offset = 0) {
    Buffer all(offset);
    append_words(all, {kMagic1, flags, 0u - kMagic1 - flags});
    append_words(all, fields);
    return all;
}

multiboot2::Header header2(std::initializer_list<Buffer> tags) {
    const Buffer file = file2(tags);
    return multiboot2::find_header(file).value().value();
}

TEST(Multiboot2HeaderTest, IsFoundWithin32KibAtMultiplesOf8) {
    const uint64_t last = 32768 - 24;
    for (const uint64_t offset : {uint64_t{0}, uint64_t{8}, uint64_t{4096}, last}) {
        const auto found = multiboot2::find_header(file2({}, offset));
        ASSERT_TRUE(found && *found) << offset;
        EXPECT_EQ((*found)->image.header_offset, offset);
    }
    EXPECT_EQ(multiboot2::find_header(file2({}, 4)).value(), std::nullopt);
    EXPECT_EQ(multiboot2::find_header(file2({}, 32768)).value(), std::nullopt);
    expect_error(multiboot2::find_header(file2({}, last + 8)),
                 ErrorCode::multiboot_header_malformed, {last + 8, 0, 24});
}

TEST(Multiboot2HeaderTest, NeedsAGoodChecksumAndTheArchitecture) {
    Buffer file = file2({});
    file[12] ^= std::byte{1};
    EXPECT_EQ(multiboot2::find_header(file).value(), std::nullopt);
    EXPECT_EQ(multiboot2::find_header(file2({}, 0, 4)).value(), std::nullopt);
    // The text of a program that looks for one is no header.
    Buffer before = file2({}, 8);
    std::memcpy(before.data(), &kMagic2, sizeof kMagic2);
    EXPECT_EQ(multiboot2::find_header(before).value()->image.header_offset, 8u);
    EXPECT_EQ(multiboot2::find_header(Bytes(file2({})).first(15)).value(), std::nullopt);
}

TEST(Multiboot2HeaderTest, EachTagIsRead) {
    const auto header = header2({tag(1, {4, 21}), tag(2, {1, 2, 3, 4}), tag(3, {5}), tag(4, {1}),
                                 tag(5, {640, 480, 32}), tag(6, {}), tag(7, {}), tag(8, {6}),
                                 tag(9, {7}), tag(10, {0x1000, 0x9000, 0x2000, 1})});
    EXPECT_EQ(header.information, 1u << 4 | 1u << 21);
    ASSERT_TRUE(header.image.addresses);
    EXPECT_EQ(header.image.addresses->header, 1u);
    EXPECT_EQ(header.image.addresses->load, 2u);
    EXPECT_EQ(header.image.addresses->load_end, 3u);
    EXPECT_EQ(header.image.addresses->bss_end, 4u);
    EXPECT_EQ(header.image.entry, 5u);
    EXPECT_TRUE(header.console_required);
    EXPECT_EQ(header.width, 640u);
    EXPECT_EQ(header.height, 480u);
    EXPECT_FALSE(header.prefers_text);
    EXPECT_EQ(header.efi_entry, 7u);
    EXPECT_TRUE(header.keeps_firmware);
    ASSERT_TRUE(header.relocatable);
    EXPECT_EQ(header.relocatable->low.value, 0x1000u);
    EXPECT_EQ(header.relocatable->end.value, 0x9000u);
    EXPECT_EQ(header.relocatable->alignment, 0x2000u);
    EXPECT_TRUE(header.relocatable->lowest);
}

TEST(Multiboot2HeaderTest, WithoutTagsNothingIsAskedFor) {
    const auto header = header2({});
    EXPECT_FALSE(header.image.addresses);
    EXPECT_FALSE(header.image.entry);
    EXPECT_FALSE(header.console_required);
    EXPECT_FALSE(header.keeps_firmware);
    EXPECT_FALSE(header.relocatable);
    EXPECT_TRUE(header2({tag(7, {})}).keeps_firmware);
    EXPECT_FALSE(header2({tag(9, {1})}).keeps_firmware);
    EXPECT_FALSE(header2({tag(4, {1}, 1)}).console_required);
    EXPECT_FALSE(header2({tag(4, {2})}).console_required);
}

TEST(Multiboot2HeaderTest, ADepthOf0WithCharactersIsATextMode) {
    EXPECT_TRUE(header2({tag(5, {80, 25, 0})}).prefers_text);
    EXPECT_EQ(header2({tag(5, {80, 25, 0})}).width, 0u);
    EXPECT_FALSE(header2({tag(5, {1024, 768, 0})}).prefers_text);
    EXPECT_EQ(header2({tag(5, {1024, 768, 0})}).width, 1024u);
    EXPECT_FALSE(header2({tag(5, {0, 0, 0})}).prefers_text);
}

TEST(Multiboot2HeaderTest, UnknownTagsAreAnErrorUnlessTheyAreOptional) {
    expect_error(multiboot2::find_header(file2({tag(6, {}), tag(11, {1})}, 8)),
                 ErrorCode::multiboot_tag_unknown, {8 + 16 + 8, 11});
    EXPECT_TRUE(multiboot2::find_header(file2({tag(11, {1}, 1), tag(0xffff, {}, 1)})));
    expect_error(multiboot2::find_header(file2({tag(1, {4, 22})})),
                 ErrorCode::multiboot_information_unknown, {22});
    EXPECT_EQ(header2({tag(1, {22, 99, 4}, 1)}).information, 1u << 4);
}

TEST(Multiboot2HeaderTest, TagsMustHaveTheirFieldsAndAnEnd) {
    const std::pair<uint16_t, uint32_t> kShort[] = {{2, 23}, {3, 11}, {4, 11}, {5, 19},
                                                    {8, 11}, {9, 11}, {10, 23}};
    for (const auto& [type, bytes] : kShort) {
        Buffer each = tag(type, {1, 2, 3, 4});
        std::memcpy(&each[4], &bytes, sizeof bytes);
        each.resize(align_up(bytes, 8));
        expect_error(multiboot2::find_header(file2({each})), ErrorCode::multiboot_header_malformed,
                     {16, type, bytes});
    }
    for (const uint32_t bytes : {0u, 7u, 33u, 0x8000'0000u, ~0u}) {
        Buffer each = tag(6, {});
        std::memcpy(&each[4], &bytes, sizeof bytes);
        expect_error(multiboot2::find_header(file2({each})), ErrorCode::multiboot_header_malformed,
                     {16, 6, bytes});
    }
    Buffer endless;
    append_words(endless, {kMagic2, 0, 24, 0u - kMagic2 - 24});
    for (int i = 0; i < 100; ++i)
        append_words(endless, {6, 8});
    expect_error(multiboot2::find_header(endless), ErrorCode::multiboot_header_malformed,
                 {24, 0, 24});
    // Nothing of a tag is beyond the file.
    const Buffer whole = file2({tag(5, {1, 2, 3})});
    for (std::size_t size = 16; size < whole.size(); ++size)
        EXPECT_EQ(multiboot2::find_header(Bytes(whole).first(size)).error().code,
                  ErrorCode::multiboot_header_malformed)
            << size;
}

TEST(Multiboot2HeaderTest, ItsLengthMayLeaveOutThePaddingOfATag) {
    Buffer file = file2({tag(5, {1, 2, 3})});
    const auto length = static_cast<uint32_t>(file.size() - 2), checksum = 0u - kMagic2 - length;
    std::memcpy(&file[8], &length, sizeof length);
    std::memcpy(&file[12], &checksum, sizeof checksum);
    EXPECT_TRUE(multiboot2::find_header(file).value());
}

TEST(MultibootHeaderTest, IsFoundWithin8KibAtMultiplesOf4) {
    for (const uint64_t offset : {0u, 4u, 4096u, 8192u - 12})
        EXPECT_EQ(multiboot::find_header(file1(0, {}, offset)).value()->image.header_offset,
                  offset);
    EXPECT_EQ(multiboot::find_header(file1(0, {}, 2)).value(), std::nullopt);
    EXPECT_EQ(multiboot::find_header(file1(0, {}, 8192 - 8)).value(), std::nullopt);
    Buffer wrong = file1(0);
    wrong[8] ^= std::byte{1};
    EXPECT_EQ(multiboot::find_header(wrong).value(), std::nullopt);
}

TEST(MultibootHeaderTest, ItsFlagsSayWhichFieldsItHas) {
    const auto fields = {1u, 2u, 3u, 4u, 5u, 0u, 800u, 600u, 32u};
    const auto none = multiboot::find_header(file1(3, fields)).value().value();
    EXPECT_FALSE(none.image.addresses);
    EXPECT_FALSE(none.wants_video);
    EXPECT_EQ(none.width, 0u);
    const auto all = multiboot::find_header(file1(0x1'0007, fields)).value().value();
    EXPECT_EQ(all.image.addresses->bss_end, 4u);
    EXPECT_EQ(all.image.entry, 5u);
    EXPECT_TRUE(all.wants_video);
    EXPECT_EQ(all.width, 800u);
    EXPECT_EQ(all.height, 600u);
    const auto text =
        multiboot::find_header(file1(4, {0, 0, 0, 0, 0, 1, 80, 25, 0})).value().value();
    EXPECT_TRUE(text.prefers_text);
    EXPECT_EQ(text.width, 0u);
}

TEST(MultibootHeaderTest, WhatItRequiresMustBeKnown) {
    for (unsigned bit = 3; bit < 16; ++bit)
        expect_error(multiboot::find_header(file1(1u << bit, {}, 8)),
                     ErrorCode::multiboot_flags_unknown, {8, 1u << bit});
    EXPECT_TRUE(multiboot::find_header(file1(0xfffe'0000)).value());
    for (const auto& [flags, needed] : {std::pair(1u << 2, 48u), std::pair(1u << 16, 32u)}) {
        Buffer file = file1(flags);
        file.resize(needed - 1);
        expect_error(multiboot::find_header(file), ErrorCode::multiboot_header_malformed,
                     {0, 0, needed});
        file.resize(needed);
        EXPECT_TRUE(multiboot::find_header(file).value());
    }
}

/// A file, and what Baton makes of it.
class MultibootFileTest : public testing::Test {
  protected:
    const KernelFile& open(Buffer bytes) {
        bytes_ = std::move(bytes);
        source_.bytes = bytes_;
        file_.emplace(KernelFile::open(source_, frames_, arena_).value());
        return *file_;
    }
    /// As the protocol with that name plans it.
    Result<LoadPlan> plan(Buffer bytes, std::string_view wanted = {}) {
        Recognised found = TRY(recognise(open(std::move(bytes)), wanted, arena_));
        name_ = found.protocol->name();
        requests_ = found.requests;
        Log log(lines_, {.read = [] { return uint64_t{0}; }, .start = 0, .hz = 1}, {});
        return TRY(found.protocol->plan(*file_, requests_,
                                        {.address_bits = 48, .random = random_, .kaslr = false},
                                        arena_, log))
            .plan;
    }

    struct Lines final : LineSink {
        void write_line(std::string_view line) override { all.append(line).append("\n"); }
        void write_private_line(std::string_view) override {}
        std::string all;
    };
    FakeFrames frames_;
    HeapArena arena_;
    Lines lines_;
    RandomNumbers random_{};
    Buffer bytes_;
    BufferFile source_;
    std::optional<KernelFile> file_;
    std::string name_;
    Requests requests_;
};

/// An ELF file at 1 MiB, linked elsewhere, with `header` in its first segment at offset 0x1000.
Buffer elf_with(const Buffer& header, uint64_t virtual_base = 0xffff'ffff'8010'0000,
                uint64_t entry = 0xffff'ffff'8010'0040) {
    ElfBuilder elf;
    elf.entry(entry).add({.p_type = elf::PT_LOAD,
                          .p_flags = kR | kX,
                          .p_offset = 0x1000,
                          .p_vaddr = virtual_base,
                          .p_paddr = 0x10'0000,
                          .p_filesz = 0x1000,
                          .p_memsz = 0x3000,
                          .p_align = 0x1000});
    Buffer file = elf.build(0x2000);
    std::ranges::copy(header, file.begin() + 0x1000);
    return file;
}

TEST_F(MultibootFileTest, AnElfFileGoesToItsPhysicalAddresses) {
    for (const Buffer& header : {file1(3), file2({})}) {
        const auto plan = this->plan(elf_with(header));
        ASSERT_EQ(outcome(plan), "good");
        EXPECT_TRUE(plan->without_paging);
        EXPECT_EQ(plan->placement, Placement::physical);
        EXPECT_EQ(plan->segments[0].memory, (VirtRange{{0x10'0000}, 0x3000}));
        EXPECT_EQ(plan->entry.value, 0x10'0040u);
        EXPECT_EQ(requests_.memory_below.value, uint64_t{1} << 32);
        EXPECT_FALSE(requests_.keep_firmware);
    }
}

TEST_F(MultibootFileTest, Multiboot2ComesBeforeMultiboot1AndTheEntryMayChoose) {
    Buffer both = file2({tag(3, {0x10'0200})});
    const Buffer other = file1(0);
    both.resize(0x100);
    both.insert(both.end(), other.begin(), other.end());
    EXPECT_EQ(plan(elf_with(both)).value().entry.value, 0x10'0200u);
    EXPECT_EQ(name_, "multiboot2");
    EXPECT_EQ(plan(elf_with(both), "multiboot").value().entry.value, 0x10'0040u);
    EXPECT_EQ(name_, "multiboot");
    EXPECT_EQ(plan(elf_with(file1(0)), "multiboot2").error().code, ErrorCode::protocol_not_spoken);
}

TEST_F(MultibootFileTest, TheEntryOf64BitCodeCountsWithBootServicesAlone) {
    const Buffer file = elf_with(file2({tag(7, {}), tag(9, {0x10'0800}), tag(3, {0x10'0200})}));
    EXPECT_EQ(plan(file).value().entry.value, 0x10'0800u);
    EXPECT_TRUE(requests_.keep_firmware);
    Recognised found = recognise(open(file), {}, arena_).value();
    found.requests.keep_firmware = false; // there are none
    Log log(lines_, {.read = [] { return uint64_t{0}; }, .start = 0, .hz = 1}, {});
    const auto plan =
        found.protocol->plan(*file_, found.requests,
                             {.address_bits = 48, .random = random_, .kaslr = false}, arena_, log);
    EXPECT_EQ(plan->plan.entry.value, 0x10'0200u);
}

TEST_F(MultibootFileTest, WithoutAnEntryForItTheOnlyOneIsCalledWithBootServices) {
    EXPECT_EQ(plan(elf_with(file2({tag(7, {})}))).value().entry.value, 0x10'0040u);
    EXPECT_TRUE(requests_.keep_firmware);
}

TEST_F(MultibootFileTest, RequestedInformationThatBatonNeverHasIsNamed) {
    EXPECT_TRUE(plan(elf_with(file2({tag(1, {4, 5, 6, 7, 10, 11, 16, 19})}))));
    for (const char* const type : {"5", "7", "10", "11", "16", "19"})
        EXPECT_NE(lines_.all.find(std::string("the kernel's tag ") + type + "\n"),
                  std::string::npos)
            << type;
    for (const char* const type : {"4", "6"})
        EXPECT_EQ(lines_.all.find(std::string("the kernel's tag ") + type + "\n"),
                  std::string::npos)
            << type;
}

TEST_F(MultibootFileTest, TheFramebufferTagIsARequestForAMode) {
    EXPECT_TRUE(plan(elf_with(file2({tag(5, {1280, 720, 32})}))));
    EXPECT_EQ(requests_.framebuffer.width, 1280u);
    EXPECT_EQ(requests_.framebuffer.height, 720u);
    EXPECT_FALSE(requests_.framebuffer.required);
    EXPECT_TRUE(plan(elf_with(file2({tag(5, {1280, 0, 32})}))));
    EXPECT_EQ(requests_.framebuffer.width, 0u);
}

constexpr uint32_t kAt = 0x20'0000;

/// A flat file of 0x300 bytes with its header at 0x40, which `fields` are of.
Buffer flat(const Buffer& header) {
    Buffer file(0x300);
    std::ranges::copy(header, file.begin() + 0x40);
    return file;
}
Buffer flat1(uint32_t header, uint32_t load, uint32_t load_end, uint32_t bss_end,
             uint32_t entry = kAt + 0x80) {
    return flat(file1(1 << 16, {header, load, load_end, bss_end, entry}));
}
Buffer flat2(uint32_t header, uint32_t load, uint32_t load_end, uint32_t bss_end) {
    return flat(file2({tag(2, {header, load, load_end, bss_end}), tag(3, {kAt + 0x80})}));
}

TEST_F(MultibootFileTest, TheAddressFieldsPlaceAFlatFile) {
    for (const Buffer& file : {flat1(kAt + 0x20, kAt, kAt + 0x200, kAt + 0x5000),
                               flat2(kAt + 0x20, kAt, kAt + 0x200, kAt + 0x5000)}) {
        const auto plan = this->plan(file);
        ASSERT_EQ(outcome(plan), "good");
        ASSERT_EQ(plan->segments.size(), 1u);
        EXPECT_EQ(plan->segments[0].file_offset, 0x20u); // the header's, minus what is before it
        EXPECT_EQ(plan->segments[0].file_bytes, 0x200u);
        EXPECT_EQ(plan->segments[0].memory, (VirtRange{{kAt}, 0x5000}));
        EXPECT_EQ(plan->entry.value, kAt + 0x80);
    }
    const auto whole = plan(flat1(kAt + 0x20, kAt, 0, 0));
    EXPECT_EQ(whole->segments[0].file_bytes, 0x300u - 0x20);
    EXPECT_EQ(whole->segments[0].memory.bytes, 0x300u - 0x20);
    const auto after_header = plan(flat1(kAt, kAt + 0x20, 0, 0));
    EXPECT_EQ(after_header->segments[0].file_offset, 0x60u);
    EXPECT_EQ(after_header->segments[0].memory.base.value, kAt + 0x20);
    const auto from_beginning = plan(flat2(kAt + 0x40, ~0u, 0, 0));
    EXPECT_EQ(from_beginning->segments[0].file_offset, 0u);
    EXPECT_EQ(from_beginning->segments[0].memory.base.value, kAt);
}

TEST_F(MultibootFileTest, TheAddressFieldsCountInAnElfFileToo) {
    const auto plan =
        this->plan(elf_with(file1(1 << 16, {kAt, kAt, kAt + 0x100, kAt + 0x100, kAt + 0x40})));
    EXPECT_EQ(plan->entry.value, kAt + 0x40);
    EXPECT_EQ(plan->segments[0].file_offset, 0x1000u);
}

TEST_F(MultibootFileTest, AddressFieldsThatContradictAreAnError) {
    const auto expect_wrong = [&](uint32_t header, uint32_t load, uint32_t end, uint32_t bss) {
        expect_error(plan(flat1(header, load, end, bss)), ErrorCode::multiboot_addresses_wrong,
                     {0x40, header, load, end, bss});
    };
    expect_wrong(kAt, kAt + 0x300 - 0x40, 0, 0); // after the file
    expect_wrong(kAt + 0x41, kAt, 0, 0);         // before the file
    expect_wrong(kAt, kAt, kAt, 0);              // nothing
    expect_wrong(kAt, kAt, kAt - 1, 0);          // backwards
    expect_wrong(kAt, kAt, kAt + 0x80, kAt + 1); // .bss
    EXPECT_EQ(plan(flat1(kAt, kAt, kAt + 0x301, 0)).error().code, ErrorCode::segment_outside_file);
    EXPECT_EQ(plan(flat1(kAt, kAt, 0, 0, kAt + 0x1000)).error().code,
              ErrorCode::entry_outside_segments);
    expect_error(plan(flat(file2({tag(2, {kAt, kAt, 0, 0})}))), ErrorCode::multiboot_entry_missing);
}

TEST_F(MultibootFileTest, AFileWithoutEitherSaysWhyItIsNoKernel) {
    EXPECT_EQ(plan(flat(file1(0))).error().code, ErrorCode::elf_bad_magic);
    EXPECT_EQ(plan(flat(file2({}))).error().code, ErrorCode::elf_bad_magic);
}

TEST_F(MultibootFileTest, NoMoreThanTheSearchedPartOfAFileIsRead) {
    Buffer file = elf_with(file1(0));
    file.resize(0x2'0000);
    open(file);
    EXPECT_EQ(file_->head().size(), 8192u);
    EXPECT_EQ(recognise(*file_, "multiboot", arena_)->protocol->name(), "multiboot");
    EXPECT_EQ(file_->head().size(), 8192u);
    EXPECT_EQ(recognise(*file_, {}, arena_)->protocol->name(), "multiboot");
    ASSERT_EQ(file_->head().size(), 32768u);
    EXPECT_TRUE(std::ranges::equal(file_->head(), Bytes(bytes_).first(32768)));
    EXPECT_EQ(file_->first(100)->size(), 100u);
    EXPECT_EQ(file_->first(uint64_t{1} << 40)->size(), bytes_.size());
}

/// A file with these section headers at its end.
template<class Section, class Ehdr = elf::Elf64_Ehdr>
Buffer with_sections(Buffer file, std::initializer_list<Section> sections) {
    auto header = read_at<Ehdr>(file, 0);
    header.e_shoff = static_cast<decltype(header.e_shoff)>(file.size());
    header.e_shentsize = sizeof(Section);
    header.e_shnum = static_cast<uint16_t>(sections.size());
    header.e_shstrndx = 1;
    std::memcpy(file.data(), &header, sizeof header);
    for (const Section& section : sections)
        append(file, section);
    return file;
}

elf::Elf64_Shdr section(uint32_t type, uint64_t address, uint64_t offset, uint64_t bytes,
                        uint64_t alignment = 1) {
    return {.sh_name = 0,
            .sh_type = type,
            .sh_flags = 0,
            .sh_addr = address,
            .sh_offset = offset,
            .sh_size = bytes,
            .sh_link = 0,
            .sh_info = 0,
            .sh_addralign = alignment,
            .sh_entsize = 0};
}

TEST_F(MultibootFileTest, SectionsWithoutAnAddressAreLoadedAndGetOne) {
    Buffer file = elf_with(file1(0));
    file[0x1ff0] = std::byte{'a'};
    file[0x1ff3] = std::byte{'b'};
    open(with_sections(
        file, {section(elf::SHT_NULL, 0, 0, 0), section(elf::SHT_STRTAB, 0, 0x1ff0, 3),
               section(elf::SHT_SYMTAB, 0, 0x1ff3, 5, 8), section(1, 0x10'0000, 0x1000, 0x100),
               section(elf::SHT_NOBITS, 0, 0, 0x100)}));
    const auto sections = multiboot::load_sections(*file_, frames_).value().value();
    EXPECT_EQ(sections.count, 5u);
    EXPECT_EQ(sections.entry_bytes, sizeof(elf::Elf64_Shdr));
    EXPECT_EQ(sections.names, 1u);
    const auto address = [&](std::size_t index) {
        return read_at<elf::Elf64_Shdr>(sections.bytes, index * sizeof(elf::Elf64_Shdr)).sh_addr;
    };
    EXPECT_EQ(address(0), 0u);
    EXPECT_EQ(*frames_.access({address(1)}), std::byte{'a'});
    EXPECT_EQ(address(2) % 8, 0u);
    EXPECT_EQ(*frames_.access({address(2)}), std::byte{'b'});
    EXPECT_EQ(address(3), 0x10'0000u);
    EXPECT_EQ(address(4), 0u);
    for (const FrameRequest& request : frames_.requests())
        if (request.use == MemoryUse::kernel_symbols) {
            EXPECT_EQ(request.below, k4GiB);
        }
}

TEST_F(MultibootFileTest, FilesWithoutSectionsHaveNone) {
    EXPECT_EQ(multiboot::load_sections(open(elf_with(file1(0))), frames_).value(), std::nullopt);
    EXPECT_EQ(multiboot::load_sections(open(flat1(kAt, kAt, 0, 0)), frames_).value(), std::nullopt);
}

TEST_F(MultibootFileTest, SectionsOutsideTheFileAreAnError) {
    const Buffer file = elf_with(file1(0));
    const uint64_t end = file.size() + 2 * sizeof(elf::Elf64_Shdr);
    const auto none = section(elf::SHT_NULL, 0, 0, 0);
    for (const auto& [offset, bytes] :
         {std::pair(end, uint64_t{1}), std::pair(uint64_t{0}, end + 1),
          std::pair(~uint64_t{0}, uint64_t{2})})
        expect_error(
            multiboot::load_sections(
                open(with_sections(file, {none, section(elf::SHT_SYMTAB, 0, offset, bytes)})),
                frames_),
            ErrorCode::section_outside_file, {1, offset, bytes, end});
    // The same bytes again and again would be more than the file has.
    const auto all = section(elf::SHT_SYMTAB, 0, 0, 0x2000);
    open(with_sections(file, {none, all, all, all}));
    EXPECT_EQ(multiboot::load_sections(*file_, frames_).error().numbers()[0], 2u);
    Buffer cut = with_sections(file, {none, none});
    cut.resize(end - 1);
    expect_error(multiboot::load_sections(open(cut), frames_), ErrorCode::section_outside_file,
                 {0, file.size(), 2 * sizeof(elf::Elf64_Shdr), end - 1});
}

} // namespace
} // namespace baton::test
