// SPDX-License-Identifier: BSD-2-Clause
//
// PVH from the note to what the kernel reads, on a platform that has no more than it must. The
// numbers of promises are those of docs/protocols/pvh.md.
#include "protocols/pvh/pvh.hpp"

#include "boot/fake_boot.hpp"
#include "memory/e820.hpp"
#include "start_info/hvm_format.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kVirtual = 0xffff'ffff'8010'0000;
constexpr uint64_t kPhysical = 0x1010'0000; // in the platform's memory
constexpr uint64_t kEntry = kPhysical + 0x10;
constexpr uint64_t kNotes = 0x2800; // in the file
constexpr uint32_t kPhys32Entry = 18;

void append_text(Buffer& bytes, std::string_view text) {
    for (const char character : text)
        append(bytes, character);
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
}

Buffer note(std::string_view owner, uint32_t type, const Buffer& descriptor) {
    Buffer bytes;
    append(bytes, static_cast<uint32_t>(owner.size() + 1));
    append(bytes, static_cast<uint32_t>(descriptor.size()));
    append(bytes, type);
    append_text(bytes, std::string(owner) + '\0');
    bytes.insert(bytes.end(), descriptor.begin(), descriptor.end());
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
    return bytes;
}

template<class Number>
Buffer number(Number value) {
    Buffer bytes;
    append(bytes, value);
    return bytes;
}

class PvhTest : public testing::Test, protected FakeBoot {
  protected:
    PvhTest() { use({note("Xen", kPhys32Entry, number(static_cast<uint32_t>(kEntry)))}); }

    /// A kernel with text and data that lie elsewhere in the file, in virtual and in physical
    /// memory, and with these notes.
    void use(const std::vector<Buffer>& notes) {
        Buffer all;
        for (const Buffer& one : notes)
            all.insert(all.end(), one.begin(), one.end());
        ElfBuilder elf = kernel();
        elf.add({.p_type = elf::PT_NOTE,
                 .p_flags = kR,
                 .p_offset = kNotes,
                 .p_vaddr = 0,
                 .p_paddr = 0,
                 .p_filesz = all.size(),
                 .p_memsz = all.size(),
                 .p_align = 4});
        Buffer file = elf.build(0x3000);
        std::ranges::copy(all, file.begin() + kNotes);
        file[0x2003] = std::byte{0x77};
        platform_.files["\\kernel"] = file;
    }
    static ElfBuilder kernel() {
        ElfBuilder elf;
        elf.entry(0x1234).load(
            {.vaddr = kVirtual, .memory_bytes = 0x1000, .file_bytes = 0x1000, .offset = 0x1000});
        elf.load({.vaddr = kVirtual + 0x5000,
                  .memory_bytes = 0x3000,
                  .flags = kR | kW,
                  .file_bytes = 4,
                  .offset = 0x2000});
        elf.program_header(0).p_paddr = kPhysical;
        elf.program_header(1).p_paddr = kPhysical + 0x8000;
        return elf;
    }

    void boot() { ASSERT_EQ(try_boot(), "good"); }
    void expect_refused(std::string_view error) {
        EXPECT_EQ(try_boot().substr(0, error.size()), error);
    }

    template<class T>
    const T& at(uint64_t physical) {
        return *reinterpret_cast<const T*>(platform_.source.access({physical}));
    }
    std::string text(uint64_t physical) { return &at<char>(physical); }
    const HvmStartInfo& start() { return at<HvmStartInfo>(handoff_->kernel_ebx); }
    const HvmStartMap& map() {
        return at<HvmStartMap>(handoff_->kernel_ebx + sizeof(HvmStartInfo));
    }
    std::vector<E820Entry> entries() {
        const auto* const first = &at<E820Entry>(map().entries);
        return {first, first + map().count};
    }
    bool has_entry(uint64_t base, uint64_t bytes, uint32_t type) {
        const auto all = entries();
        return std::ranges::any_of(all, [&](const E820Entry& entry) {
            return entry.base == base && entry.bytes == bytes && entry.type == type;
        });
    }
};

TEST_F(PvhTest, EntersTheNotesEntryIn32BitMode) {
    boot();
    EXPECT_EQ(handoff_->kernel_mode, BATON_KERNEL_32_BIT);
    EXPECT_EQ(handoff_->kernel_entry, kEntry);
    EXPECT_EQ(handoff_->kernel_eax, 0u);
    EXPECT_EQ(handoff_->kernel_gdt_bytes, 0u);
    EXPECT_EQ(boot_->kernel.protocol->name(), "pvh");
}

TEST_F(PvhTest, TheNotesNumberMayHave8Bytes) {
    use({note("Xen", kPhys32Entry, number(kEntry))});
    boot();
    EXPECT_EQ(handoff_->kernel_entry, kEntry);
}

TEST_F(PvhTest, ASlightlyDifferentNoteIsAnotherOne) {
    for (const auto& other :
         {note("Xen", 1, number(kEntry)), note("xen", kPhys32Entry, number(kEntry)),
          note("Xen2", kPhys32Entry, number(kEntry)), note("GNU", kPhys32Entry, number(kEntry))}) {
        use({other});
        expect_refused("error: entry_outside_segments: "); // as a plain kernel
        use({other, note("Xen", kPhys32Entry, number(kEntry))});
        boot();
    }
}

TEST_F(PvhTest, TheFirstOfTwoNotesCounts) {
    use({note("Xen", kPhys32Entry, number(kEntry)), note("Xen", kPhys32Entry, number(kEntry + 1))});
    boot();
    EXPECT_EQ(handoff_->kernel_entry, kEntry);
}

TEST_F(PvhTest, ANoteThatIsNoNumberIsRefused) {
    for (const std::size_t bytes : {0, 1, 3, 5, 7, 9, 64}) {
        use({note("Xen", kPhys32Entry, Buffer(bytes, std::byte{1}))});
        expect_refused("error: pvh_entry_malformed: \\kernel");
    }
}

TEST_F(PvhTest, BrokenNotesAfterTheEntryDontMatter) {
    Buffer broken;
    append(broken, uint32_t{4});
    append(broken, ~uint32_t{0});
    append(broken, uint32_t{1});
    use({note("Xen", kPhys32Entry, number(kEntry)), broken});
    boot();
    use({broken, note("Xen", kPhys32Entry, number(kEntry))});
    expect_refused("error: note_malformed: \\kernel");
}

TEST_F(PvhTest, AnEntryWhereNoCodeIsIsRefused) {
    for (const uint64_t entry : {kPhysical - 1, kPhysical + 0x1000, kVirtual, kEntry + k4GiB.value,
                                 ~uint64_t{0}, uint64_t{0}}) {
        use({note("Xen", kPhys32Entry, number(entry))});
        expect_refused("error: entry_");
    }
}

TEST_F(PvhTest, EachSegmentEndsAtItsPhysicalAddress) {
    boot();
    const auto segments = boot_->stage2.handoff.segments;
    ASSERT_EQ(segments.size(), 2u);
    EXPECT_EQ(segments[0].destination, kPhysical);
    EXPECT_EQ(segments[1].destination, kPhysical + 0x8000);
    EXPECT_EQ(segments[1].source_physical, BATON_SOURCE_IN_PLACE);
    EXPECT_EQ(at<uint8_t>(kPhysical + 0x8003), 0x77);
}

TEST_F(PvhTest, WhatIsInTheWayOfASegmentIsNamed) {
    platform_.elsewhere = {
        {.range = {{kPhysical + 0x9000}, kPageBytes}, .type = BATON_MEMORY_RUNTIME_SERVICES}};
    ASSERT_TRUE(platform_.frames().allocate(
        {.pages = 1, .use = MemoryUse::workspace, .at = PhysAddr{kPhysical + 0x9000}}));
    expect_refused("error: destination_not_free: \\kernel");
}

TEST_F(PvhTest, StartInfoIsOfVersion1) {
    entry_.command_line = "console=ttyS0 quiet";
    boot();
    EXPECT_EQ(start().magic, 0x336ec578u);
    EXPECT_EQ(start().version, 1u);
    EXPECT_EQ(start().flags, 0u);
    EXPECT_EQ(start().module_count, 0u);
    EXPECT_EQ(start().modules, 0u);
    EXPECT_EQ(text(start().command_line), "console=ttyS0 quiet");
    EXPECT_EQ(start().rsdp, 0xe'0000u); // of FakePlatform::facts()
    EXPECT_EQ(map().reserved, 0u);
}

TEST_F(PvhTest, WithoutACommandLineItIsEmpty) {
    boot();
    ASSERT_NE(start().command_line, 0u);
    EXPECT_EQ(text(start().command_line), "");
}

TEST_F(PvhTest, ListsModulesWithTheirStrings) {
    const BootModule modules[] = {{.path = "\\initrd", .string = "root ram"},
                                  {.path = "\\empty", .string = {}}};
    entry_.modules = modules;
    platform_.files["\\initrd"] = Buffer(5000, std::byte{3});
    platform_.files["\\empty"] = Buffer();
    boot();
    ASSERT_EQ(start().module_count, 2u);
    const auto* const list = &at<HvmModule>(start().modules);
    EXPECT_EQ(list[0].bytes, 5000u);
    EXPECT_EQ(at<uint8_t>(list[0].address + 4999), 3);
    EXPECT_EQ(at<uint8_t>(list[0].address + 5000), 0);
    EXPECT_EQ(text(list[0].command_line), "root ram");
    EXPECT_EQ(list[0].reserved, 0u);
    EXPECT_EQ(list[1].bytes, 0u);
    EXPECT_NE(list[1].address, 0u);
    EXPECT_EQ(list[1].command_line, 0u);
}

TEST_F(PvhTest, TheMemoryMapHasTheTypesOfE820) {
    platform_.elsewhere = {
        {.range = {{0x1000}, 0x1000}, .type = BATON_MEMORY_USABLE},
        {.range = {{0x2000}, 0x1000}, .type = BATON_MEMORY_ACPI_RECLAIMABLE},
        {.range = {{0x3000}, 0x1000}, .type = BATON_MEMORY_ACPI_NVS},
        {.range = {{0x4000}, 0x1000}, .type = BATON_MEMORY_RUNTIME_SERVICES},
        {.range = {{0x5000}, 0x1000}, .type = BATON_MEMORY_RESERVED},
        {.range = {{0x6000}, 0x1000}, .type = BATON_MEMORY_UNACCEPTED},
        {.range = {{0x7000}, 0x1000}, .type = BATON_MEMORY_BAD},
        {.range = {{0x8000}, 0x1000}, .type = BATON_MEMORY_PERSISTENT},
    };
    boot();
    EXPECT_TRUE(has_entry(0x1000, 0x1000, kE820Memory));
    EXPECT_TRUE(has_entry(0x2000, 0x1000, kE820Acpi));
    EXPECT_TRUE(has_entry(0x3000, 0x1000, kE820Nvs));
    EXPECT_TRUE(has_entry(0x4000, 0x3000, kE820Reserved)); // three of Baton's types are one
    EXPECT_TRUE(has_entry(0x7000, 0x1000, kE820Unusable));
    EXPECT_TRUE(has_entry(0x8000, 0x1000, kE820Persistent));
    // Whatever Baton and the kernel have of it, all memory is memory.
    EXPECT_TRUE(
        has_entry(FakePlatform::kMemory.base.value, FakePlatform::kMemory.bytes, kE820Memory));
}

TEST_F(PvhTest, AllThatTheKernelReadsIsBelow4GiB) {
    constexpr uint64_t kGiB = uint64_t{1} << 30;
    platform_.elsewhere = {{.range = {{5 * kGiB}, kGiB}, .type = BATON_MEMORY_USABLE}};
    boot();
    for (const FrameBlock& block : platform_.dryable.blocks) {
        if (block.use == MemoryUse::boot_info || block.use == MemoryUse::module) {
            EXPECT_LE(block.range.end(), k4GiB) << block.label;
        }
    }
    EXPECT_LT(handoff_->kernel_stack_top, 4 * kGiB);
}

TEST_F(PvhTest, KaslrIsSaidToBeNotThere) {
    entry_.kaslr = Switch::on;
    boot();
    EXPECT_NE(lines_.all.find("no KASLR: a PVH kernel"), std::string::npos) << lines_.all;
}

} // namespace
} // namespace baton::test
