// SPDX-License-Identifier: BSD-2-Clause
//
// What a boot leaves behind, on a platform that has no more than it must.
#include "abi/boot_info.hpp"
#include "boot/fake_boot.hpp"
#include "compression/compression.hpp"
#include "plan/slide.hpp"
#include "support/errors.hpp"
#include "support/page_walker.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace baton::test {
namespace {

constexpr uint64_t kText = 0xffff'ffff'8000'0000;
constexpr uint64_t kData = kText + 0x2000;

/// So many ranges of a page, each with a gap after it.
std::vector<TypedRange> scattered(uint64_t base, std::size_t count, BatonMemoryType type) {
    std::vector<TypedRange> ranges;
    for (std::size_t i = 0; i < count; ++i)
        ranges.push_back({.range = {{base + 2 * i * kPageBytes}, kPageBytes}, .type = type});
    return ranges;
}

class BootTest : public testing::Test, protected FakeBoot {
  protected:
    BootTest() { platform_.files["\\kernel"] = kernel().build(0x3000); }

    /// Text of two pages, and data of one, of which the file has four bytes.
    static ElfBuilder kernel() {
        return ElfBuilder()
            .entry(kText)
            .load({.vaddr = kText, .memory_bytes = 0x2000, .file_bytes = 0x2000, .offset = 0})
            .load({.vaddr = kData,
                   .memory_bytes = 0x1000,
                   .flags = kR | kW,
                   .file_bytes = 4,
                   .offset = 0x2000});
    }
    /// The same with a note that holds a request.
    void request(uint32_t type, uint64_t value0, uint64_t value1, uint32_t flags) {
        platform_.files["\\kernel"] =
            with_note(kernel(), {6, 20, type, BATON_REQUEST_OWNER, flags, {value0, value1}});
    }

    /// The same with PHYSICAL, and `base` as its physical address.
    void request_physical(uint64_t base, uint32_t flags) {
        request(BATON_REQUEST_PHYSICAL, 1, 0, flags);
        Buffer& file = platform_.files["\\kernel"];
        for (std::size_t i = 0; i < 2; ++i) {
            const uint64_t physical = base + i * (kData - kText);
            std::memcpy(file.data() + sizeof(elf::Elf64_Ehdr) + i * sizeof(elf::Elf64_Phdr) +
                            offsetof(elf::Elf64_Phdr, p_paddr),
                        &physical, sizeof physical);
        }
    }
    /// The same, position-independent, and with a request for KASLR.
    void use_moving_kernel(uint32_t flags) {
        request(BATON_REQUEST_KASLR, 1, 0, flags);
        elf::Elf64_Ehdr header;
        Buffer& file = platform_.files["\\kernel"];
        std::memcpy(&header, file.data(), sizeof header);
        header.e_type = elf::ET_DYN;
        std::memcpy(file.data(), &header, sizeof header);
    }

    /// What the kernel gets.
    const BatonBootInfo& boot() {
        if (const std::string outcome = try_boot(); handoff_ == nullptr)
            throw std::runtime_error(outcome);
        return info();
    }
    void expect_refused(std::string_view error) {
        EXPECT_EQ(try_boot().substr(0, error.size()), error);
    }
    const BatonBootInfo& info() {
        return *reinterpret_cast<const BatonBootInfo*>(at(handoff_->boot_info));
    }
    /// Stage 2's code, its data, the record for it, then devices.
    const BatonIdentityMapping& identity_mapping(std::size_t index) {
        return reinterpret_cast<const BatonIdentityMapping*>(at(info().identity_mappings))[index];
    }
    const BatonCrashRecord& crash_record() {
        const auto header = read_at<BatonStage2Header>(stage2_, 0);
        return *reinterpret_cast<const BatonCrashRecord*>(
            platform_.source.access({identity_mapping(0).base}) + header.crash_record_offset);
    }
    /// Of all blocks that the memory map calls so.
    uint64_t pages_of(std::string_view origin) const {
        uint64_t pages = 0;
        for (const FrameBlock& block : platform_.dryable.blocks)
            pages += block.label == origin ? block.range.bytes / kPageBytes : 0;
        return pages;
    }
    PageWalker walker() {
        return PageWalker([this](uint64_t physical) { return platform_.read(physical); },
                          handoff_->page_table_root, 0x0007'0406'0007'0406);
    }
    std::span<const BatonMemoryRange> memory_map() {
        const BatonBootInfo& info = this->info();
        return {reinterpret_cast<const BatonMemoryRange*>(at(info.memory_map)),
                info.memory_map_count};
    }
    std::size_t ranges_of(BatonMemoryType type) {
        return static_cast<std::size_t>(
            std::ranges::count(memory_map(), type, &BatonMemoryRange::type));
    }
    const BatonMemoryRange* range_of(uint64_t physical) {
        for (const BatonMemoryRange& range : memory_map())
            if (physical - range.base_physical < range.bytes)
                return &range;
        return nullptr;
    }
    /// What the kernel will see at a virtual address.
    const std::byte* at(uint64_t address) {
        const auto translation = walker().translate(address);
        return translation ? platform_.source.access({translation->physical}) : nullptr;
    }
};

TEST_F(BootTest, MapsEachSegmentWithItsPermissionsAndContents) {
    platform_.files["\\kernel"][0x2003] = std::byte{0x77};
    boot();
    EXPECT_EQ(handoff_->kernel_entry, kText);
    EXPECT_EQ(walker().translate(kText)->kind, kReadExecute);
    EXPECT_EQ(walker().translate(kText + 0x1fff)->kind, kReadExecute);
    EXPECT_EQ(walker().translate(kData)->kind, kReadWrite);
    EXPECT_FALSE(walker().translate(kData + 0x1000));
    EXPECT_FALSE(walker().translate(0));
    ASSERT_NE(at(kData + 3), nullptr);
    EXPECT_EQ(*at(kData + 3), std::byte{0x77});
}

constexpr PageKind kUncacheable{true, false, false, MemoryType::uncacheable};
constexpr uint64_t kPlace = FakePlatform::kMemory.base.value + 0x10'0000;

TEST_F(BootTest, PutsSegmentsAtTheirPhysicalAddressesIfRequested) {
    request_physical(kPlace, BATON_REQUEST_REQUIRED);
    platform_.files["\\kernel"][0x2003] = std::byte{0x77};
    boot();
    EXPECT_EQ(walker().translate(kText)->physical, kPlace);
    EXPECT_EQ(walker().translate(kData)->physical, kPlace + 0x2000);
    EXPECT_EQ(*at(kData + 3), std::byte{0x77});
    const auto* const segments =
        reinterpret_cast<const BatonKernelSegment*>(at(info().kernel_segments));
    EXPECT_EQ(segments[1].base_physical, kPlace + 0x2000);
    EXPECT_EQ(boot_->stage2.handoff.segments[1].source_physical, BATON_SOURCE_IN_PLACE);
}

TEST_F(BootTest, StagesWhatCanNotBeThereYet) {
    request_physical(kPlace, BATON_REQUEST_REQUIRED);
    ASSERT_TRUE(platform_.frames().allocate({.at = PhysAddr{kPlace + 0x1000}}));
    boot();
    EXPECT_EQ(walker().translate(kText)->physical, kPlace);
    EXPECT_EQ(range_of(kPlace)->type, BATON_MEMORY_KERNEL_AND_MODULES);
    EXPECT_EQ(range_of(kPlace + 0x2fff)->type, BATON_MEMORY_KERNEL_AND_MODULES);
    for (const BatonHandoffSegment& segment : boot_->stage2.handoff.segments) {
        EXPECT_NE(segment.source_physical, BATON_SOURCE_IN_PLACE);
        EXPECT_EQ(range_of(segment.source_physical)->type, BATON_MEMORY_LOADER_RECLAIMABLE);
    }
}

TEST_F(BootTest, APhysicalAddressThatIsTakenForEverIsAnErrorIfItIsRequired) {
    ASSERT_TRUE(platform_.frames().allocate({.at = PhysAddr{kPlace + 0x1000}}));
    platform_.elsewhere = {
        {.range = {{kPlace + 0x1000}, 0x1000}, .type = BATON_MEMORY_RUNTIME_SERVICES}};
    request_physical(kPlace, BATON_REQUEST_REQUIRED);
    expect_refused("error: destination_not_free: \\kernel");
    request_physical(kPlace, 0);
    boot();
    EXPECT_NE(walker().translate(kText)->physical, kPlace);
    EXPECT_NE(lines_.all.find("warning: the kernel's request PHYSICAL can't be met"),
              std::string::npos)
        << lines_.all;
}

TEST_F(BootTest, APhysicalAddressThatIsNoneIsAnErrorIfItIsRequired) {
    request_physical(kText, BATON_REQUEST_REQUIRED);
    expect_refused("error: segment_bad_physical_address: \\kernel");
    request_physical(kText, 0);
    boot();
    EXPECT_NE(lines_.all.find("warning: segments aren't put at p_paddr"), std::string::npos)
        << lines_.all;
}

TEST_F(BootTest, MapsLowerMemoryToItselfIfRequested) {
    request(BATON_REQUEST_IDENTITY, uint64_t{1} << 20, 0, BATON_REQUEST_REQUIRED);
    platform_.elsewhere = {{.range = {{0}, 0x9'f000}, .type = BATON_MEMORY_USABLE}};
    boot();
    EXPECT_FALSE(walker().translate(0));
    EXPECT_EQ(walker().translate(0x1000), (Translation{0x1000, 4096, kReadWrite}));
    EXPECT_EQ(walker().translate(0xb'8000), (Translation{0xb'8000, 4096, kUncacheable}));
    EXPECT_FALSE(walker().translate(0x10'0000));
    ASSERT_EQ(info().identity_mapping_count, 5u);
    EXPECT_EQ(identity_mapping(3).base, 0x1000u);
    EXPECT_EQ(identity_mapping(3).bytes, 0x9'e000u);
    EXPECT_EQ(identity_mapping(4).base, 0x9'f000u);
}

TEST_F(BootTest, AKernelInTheWayOfLowerMemoryIsAnErrorIfThatIsRequired) {
    for (const uint32_t flags : {BATON_REQUEST_REQUIRED, uint32_t{0}}) {
        request(BATON_REQUEST_IDENTITY, uint64_t{1} << 32, 0, flags);
        Buffer& file = platform_.files["\\kernel"];
        for (std::size_t i = 0; i < 2; ++i) {
            const uint64_t address = 0x4000'0000 + i * (kData - kText);
            std::memcpy(file.data() + sizeof(elf::Elf64_Ehdr) + i * sizeof(elf::Elf64_Phdr) +
                            offsetof(elf::Elf64_Phdr, p_vaddr),
                        &address, sizeof address);
        }
        const uint64_t entry = 0x4000'0000;
        std::memcpy(file.data() + offsetof(elf::Elf64_Ehdr, e_entry), &entry, sizeof entry);
        if (flags != 0) {
            expect_refused("error: request_not_met: IDENTITY: ");
            continue;
        }
        boot();
        EXPECT_EQ(info().identity_mapping_count, 3u);
        EXPECT_NE(lines_.all.find("request IDENTITY can't be met"), std::string::npos);
    }
}

TEST_F(BootTest, MapsStage2WhereItLies) {
    boot();
    const uint64_t code = identity_mapping(0).base, data = identity_mapping(1).base;
    EXPECT_EQ(walker().translate(code), (Translation{code, 4096, kReadExecute}));
    EXPECT_EQ(walker().translate(data), (Translation{data, 4096, kReadWrite}));
    const auto header = read_at<BatonStage2Header>(stage2_, 0);
    EXPECT_EQ(data - code, header.writable_offset);
    EXPECT_EQ(std::memcmp(platform_.source.access({code}), stage2_.data(), stage2_.size()), 0);
}

TEST_F(BootTest, ShowsAllMemoryInTheDirectMap) {
    const uint64_t base = boot().direct_map_base + FakePlatform::kMemory.base.value;
    for (uint64_t offset = 0; offset < FakePlatform::kMemory.bytes; offset += kPageBytes) {
        const auto page = walker().translate(base + offset);
        ASSERT_TRUE(page) << offset;
        EXPECT_EQ(page->physical, FakePlatform::kMemory.base.value + offset);
        EXPECT_FALSE(page->kind.executable);
    }
}

TEST_F(BootTest, TakesFewFramesForTheTablesOf64GiB) {
    constexpr uint64_t kGiB = uint64_t{1} << 30;
    platform_.elsewhere = {
        {.range = {{0x10'0000}, 2 * kGiB - 0x10'0000}, .type = BATON_MEMORY_USABLE},
        {.range = {{4 * kGiB}, 62 * kGiB}, .type = BATON_MEMORY_USABLE}};
    boot();
    EXPECT_EQ(walker().translate(info().direct_map_base + 65 * kGiB)->page_bytes, kGiB);
    constexpr uint64_t kOfTheKernel = 4; // all of it lies in 2 MiB: a table of each level
    EXPECT_LE(pages_of("page tables"), 16 + kOfTheKernel);
}

TEST_F(BootTest, LoadsModulesWithZeroesToTheEndOfThePage) {
    const BootModule modules[] = {{.path = "\\initrd", .string = "root"}};
    entry_.modules = modules;
    platform_.files["\\initrd"] = Buffer(5000, std::byte{3});
    const BatonBootInfo& info = boot();
    ASSERT_EQ(info.module_count, 1u);
    const auto& module = *reinterpret_cast<const BatonModule*>(at(info.modules));
    EXPECT_EQ(module.bytes, 5000u);
    EXPECT_EQ(*at(module.address + 4999), std::byte{3});
    EXPECT_EQ(*at(module.address + 5000), std::byte{0});
    EXPECT_EQ(*at(module.address + 8191), std::byte{0});
}

TEST_F(BootTest, WhatIsIdentityMappedKeepsClearOfTheKernelsAddresses) {
    constexpr PhysRange kLow{{0x1180'0000}, 0x80'0000}; // as addresses: the end of all memory
    platform_.files["\\kernel"] = ElfBuilder()
                                      .entry(kLow.base.value)
                                      .load({.vaddr = kLow.base.value,
                                             .memory_bytes = kLow.bytes,
                                             .file_bytes = 0x2000,
                                             .offset = 0})
                                      .build(0x3000);
    boot();
    ASSERT_EQ(info().identity_mapping_count, 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        const BatonIdentityMapping& mapping = identity_mapping(i);
        EXPECT_FALSE(kLow.overlaps({{mapping.base}, mapping.bytes})) << i;
    }
}

TEST_F(BootTest, OpensEachFileOnce) {
    const BootModule modules[] = {{.path = "\\a", .string = {}}, {.path = "\\b", .string = {}}};
    entry_.modules = modules;
    platform_.files["\\a"] = Buffer(10);
    platform_.files["\\b"] = Buffer(10);
    boot();
    EXPECT_EQ(platform_.opened, (std::vector<std::string>{"\\kernel", "\\a", "\\b"}));
}

TEST_F(BootTest, AnEmptyModuleHasAPageOfZeroes) {
    const BootModule modules[] = {{.path = "\\flag", .string = "text"},
                                  {.path = "\\initrd", .string = {}}};
    entry_.modules = modules;
    platform_.files["\\flag"] = Buffer();
    platform_.files["\\initrd"] = Buffer(10, std::byte{3});
    const BatonBootInfo& info = boot();
    ASSERT_EQ(info.module_count, 2u);
    const auto* const module = reinterpret_cast<const BatonModule*>(at(info.modules));
    EXPECT_EQ(module[0].bytes, 0u);
    EXPECT_STREQ(reinterpret_cast<const char*>(at(module[0].string)), "text");
    EXPECT_EQ(module[0].base_physical % kPageBytes, 0u);
    EXPECT_EQ(module[0].address, info.direct_map_base + module[0].base_physical);
    for (uint64_t i = 0; i < kPageBytes; ++i)
        ASSERT_EQ(*at(module[0].address + i), std::byte{0});
    EXPECT_GE(std::max(module[0].base_physical, module[1].base_physical) -
                  std::min(module[0].base_physical, module[1].base_physical),
              kPageBytes);
}

TEST_F(BootTest, AnEmptyKernelIsRefused) {
    platform_.files["\\kernel"].clear();
    expect_refused("error: file_empty: \\kernel");
}

/// An LZ4 frame of one block that is stored as it is (bit 31 of its size); at most 64 KiB.
Buffer in_a_frame(const Buffer& content) {
    constexpr uint32_t kStored = 0x80000000;
    Buffer frame;
    const auto add = [&](uint64_t value, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; ++i)
            frame.push_back(static_cast<std::byte>(value >> 8 * i & 0xff));
    };
    add(0x184d2204, 4);   // magic number
    add(0x824060, 3);     // no checksums, blocks of 64 KiB, and this descriptor's own checksum
    if (!content.empty()) // a block of 0 bytes would be the end
        add(content.size() | kStored, 4);
    frame.insert(frame.end(), content.begin(), content.end());
    add(0, 4);
    return frame;
}

class CompressedBootTest : public BootTest {
  protected:
    void SetUp() override {
        if (!Decompressor::available(Compression::lz4))
            GTEST_SKIP() << "built without LZ4";
    }
};

TEST_F(BootTest, AProtocolThatTheFileDoesNotSpeakIsRefused) {
    using enum KernelProtocol;
    for (const KernelProtocol protocol :
         {KernelProtocol::baton, limine, multiboot2, multiboot, pvh}) {
        entry_.protocol = protocol;
        expect_refused("error: protocol_not_spoken: ");
    }
    entry_.protocol = plain;
    boot();
}

TEST_F(BootTest, AVerbatimModuleIsNotDecompressed) {
    const BootModule modules[] = {{.path = "\\initrd.lz4", .string = {}, .is_verbatim = true}};
    entry_.modules = modules;
    platform_.files["\\initrd.lz4"] = Buffer(10, std::byte{3});
    const BatonBootInfo& info = boot();
    const auto* const module = reinterpret_cast<const BatonModule*>(at(info.modules));
    EXPECT_EQ(module->bytes, 10u);
    EXPECT_STREQ(reinterpret_cast<const char*>(at(module->path)), "/initrd.lz4");
    EXPECT_EQ(*at(module->address), std::byte{3});
}

TEST_F(CompressedBootTest, BootsACompressedKernelByAnyName) {
    platform_.files["\\kernel"][0x2003] = std::byte{0x77};
    const auto size = platform_.files["\\kernel"].size();
    platform_.files["\\kernel"] = in_a_frame(platform_.files["\\kernel"]);
    boot();
    EXPECT_EQ(walker().translate(kText)->kind, kReadExecute);
    EXPECT_EQ(*at(kData + 3), std::byte{0x77});
    EXPECT_EQ(info().kernel_file_bytes, size);
    EXPECT_NE(lines_.all.find("12 KiB of LZ4, read and decompressed: 12 KiB"), std::string::npos)
        << lines_.all;
}

TEST_F(CompressedBootTest, NamesACompressedKernelThatIsDamaged) {
    Buffer& file = platform_.files["\\kernel"];
    file = in_a_frame(file);
    file.pop_back();
    expect_refused("error: compressed_data_damaged: \\kernel");
}

// The example of promise M9.
TEST_F(BootTest, NamesAModulesMemoryAfterTheFileWithoutItsDirectory) {
    const BootModule modules[] = {{.path = "\\boot\\initrd.img", .string = {}}};
    entry_.modules = modules;
    platform_.files["\\boot\\initrd.img"] = Buffer(1);
    boot();
    EXPECT_TRUE(std::ranges::any_of(platform_.source.blocks(), [](const FrameBlock& block) {
        return std::string_view(block.label) == "module initrd.img";
    }));
}

TEST_F(CompressedBootTest, DecompressesAModuleByItsNameAndLeavesOutTheSuffix) {
    const BootModule modules[] = {{.path = "\\initrd.lz4", .string = "root"},
                                  {.path = "\\raw", .string = {}}};
    entry_.modules = modules;
    platform_.files["\\initrd.lz4"] = in_a_frame(Buffer(5000, std::byte{3}));
    platform_.files["\\raw"] = in_a_frame(Buffer(5000, std::byte{3}));
    const BatonBootInfo& info = boot();
    ASSERT_EQ(info.module_count, 2u);
    const auto* const module = reinterpret_cast<const BatonModule*>(at(info.modules));
    EXPECT_EQ(module[0].bytes, 5000u);
    EXPECT_STREQ(reinterpret_cast<const char*>(at(module[0].path)), "/initrd");
    EXPECT_EQ(*at(module[0].address + 4999), std::byte{3});
    EXPECT_EQ(*at(module[0].address + 5000), std::byte{0});
    EXPECT_EQ(module[1].bytes, platform_.files["\\raw"].size()); // the kernel wants it so
}

TEST_F(BootTest, ACompressedModuleMayHoldNothing) {
    const BootModule modules[] = {{.path = "\\flag.lz4", .string = {}}};
    entry_.modules = modules;
    platform_.files["\\flag.lz4"] = in_a_frame({});
    const BatonBootInfo& info = boot();
    ASSERT_EQ(info.module_count, 1u);
    EXPECT_EQ(reinterpret_cast<const BatonModule*>(at(info.modules))->bytes, 0u);
    platform_.files["\\flag.lz4"].clear();
    expect_refused("error: file_empty: \\flag.lz4");
}

TEST_F(BootTest, TheNameInAContainerSaysWhetherAModuleIsCompressed) {
    const BootModule modules[] = {{.path = "\\a.efi", .string = {}},
                                  {.path = "\\b.efi", .string = {}, .is_verbatim = true},
                                  {.path = "\\c.efi", .string = {}}};
    entry_.modules = modules;
    const Buffer compressed = in_a_frame({});
    for (const BootModule& module : modules) {
        platform_.files[std::string(module.path)] = compressed;
        platform_.inner_paths[std::string(module.path)] = "\\flag.lz4";
    }
    platform_.inner_paths["\\c.efi"] = "\\flag";
    const BatonBootInfo& info = boot();
    ASSERT_EQ(info.module_count, 3u);
    const auto* const module = reinterpret_cast<const BatonModule*>(at(info.modules));
    EXPECT_EQ(module[0].bytes, 0u);
    EXPECT_EQ(module[1].bytes, compressed.size());
    EXPECT_EQ(module[2].bytes, compressed.size());
}

TEST_F(BootTest, NamesAModuleThatIsNotWhatItsNameSays) {
    const BootModule modules[] = {{.path = "\\initrd.zst", .string = {}}};
    entry_.modules = modules;
    platform_.files["\\initrd.zst"] = Buffer(5000, std::byte{3});
    expect_refused("error: compression_unknown: \\initrd.zst");
}

TEST_F(BootTest, LooksForModulesBeforeItReadsTheKernel) {
    const BootModule modules[] = {{.path = "\\initrd", .string = {}}};
    entry_.modules = modules;
    expect_refused("error: file_not_found: \\initrd");
    EXPECT_EQ(lines_.all.find("segment 0"), std::string::npos);
}

TEST_F(BootTest, GivesStage2TheKernelAndItsMachineState) {
    boot();
    const BatonHandoff* const record = handoff_;
    EXPECT_EQ(record->magic, BATON_HANDOFF_MAGIC);
    EXPECT_EQ(record->kernel_entry, kText);
    EXPECT_EQ(record->uarts[0].address, 0x3f8u);
    EXPECT_EQ(record->uarts[0].space, BATON_UART_IO);
    EXPECT_EQ(record->uarts[1].access_bytes, 0);
    EXPECT_EQ(record->debug_port, 0xe9);
    EXPECT_EQ(record->after_fault, BATON_AFTER_FAULT_HALT);
    EXPECT_EQ(record->segment_count, 2u);
    // The record is where the page tables show it to stage 2.
    const auto physical =
        reinterpret_cast<uint64_t>(record) -
        reinterpret_cast<uint64_t>(platform_.source.access(FakePlatform::kMemory.base)) +
        FakePlatform::kMemory.base.value;
    EXPECT_EQ(walker().translate(physical)->physical, physical);
    EXPECT_EQ(physical, identity_mapping(2).base);
    EXPECT_EQ(platform_.source.access({crash_record().acknowledgement_physical}),
              reinterpret_cast<const std::byte*>(&info().acknowledged));
}

BatonUart uart_in_memory(uint64_t address) {
    return {.address = address,
            .space = BATON_UART_MEMORY,
            .register_bytes = 4,
            .access_bytes = 4,
            .reserved = {}};
}

TEST_F(BootTest, MapsTheRegistersOfUartsOncePerPage) {
    constexpr uint64_t kRegisters = 0x3f'e000'0000;
    ports_.add(uart_in_memory(kRegisters + 0xff0)); // in two pages
    ports_.add(uart_in_memory(kRegisters + 0x1100));
    boot();
    const BatonHandoff* const record = handoff_;
    EXPECT_EQ(record->uarts[1].address, kRegisters + 0xff0);
    EXPECT_EQ(record->uarts[2].address, kRegisters + 0x1100);
    for (const uint64_t page : {kRegisters, kRegisters + 0x1000})
        EXPECT_EQ(walker().translate(page),
                  (Translation{page,
                               4096,
                               {.writable = true,
                                .executable = false,
                                .user = false,
                                .memory_type = MemoryType::uncacheable}}));
    EXPECT_FALSE(walker().translate(kRegisters + 0x2000));
    const BatonBootInfo& info = this->info();
    EXPECT_EQ(info.identity_mapping_count, 3u + 2);
    const auto* const mappings =
        reinterpret_cast<const BatonIdentityMapping*>(at(info.identity_mappings));
    EXPECT_EQ(mappings[3].base, kRegisters);
    EXPECT_EQ(mappings[4].base, kRegisters + 0x1000);
    EXPECT_EQ(mappings[4].permissions,
              uint32_t{BATON_SEGMENT_READ} | uint32_t{BATON_SEGMENT_WRITE});
}

TEST_F(BootTest, AKernelInAUartsPlaceIsMappedAndTheUartLeftOut) {
    constexpr uint64_t kLow = 0x4000'0000;
    platform_.files["\\kernel"] =
        ElfBuilder()
            .entry(kLow)
            .load({.vaddr = kLow, .memory_bytes = 0x2000, .file_bytes = 0x2000, .offset = 0})
            .build(0x3000);
    ports_.add(uart_in_memory(kLow + 0x1ff0));
    boot();
    const BatonHandoff* const record = handoff_;
    EXPECT_EQ(walker().translate(kLow + 0x1000)->kind, kReadExecute);
    EXPECT_FALSE(walker().translate(kLow + 0x2000));
    EXPECT_EQ(record->uarts[0].address, 0x3f8u);
    EXPECT_EQ(record->uarts[1].access_bytes, 0);
    EXPECT_NE(lines_.all.find("warning: no fault reports on the UART at 0x40001ff0"),
              std::string::npos)
        << lines_.all;
}

TEST_F(BootTest, TellsTheKernelWhatThePlatformKnows) {
    entry_.command_line = "quiet";
    const BatonBootInfo& info = boot();
    EXPECT_EQ(info.boot_path, BATON_BOOT_PATH_UEFI);
    EXPECT_EQ(info.rsdp_physical, 0xe'0000u);
    EXPECT_EQ(info.random_seed[0], 1u);
    EXPECT_EQ(info.tsc_hz, 1'000'000'000u);
    EXPECT_STREQ(reinterpret_cast<const char*>(at(info.command_line)), "quiet");
    EXPECT_STREQ(reinterpret_cast<const char*>(at(info.kernel_path)), "/kernel");
    EXPECT_GT(info.time_stamp_count, 10u);
    uint64_t usable = 0;
    for (uint64_t i = 0; i < info.memory_map_count; ++i) {
        const auto& range = *reinterpret_cast<const BatonMemoryRange*>(
            at(info.memory_map + i * info.memory_map_entry_bytes));
        usable += range.type == BATON_MEMORY_USABLE ? range.bytes : 0;
    }
    EXPECT_LT(usable, FakePlatform::kMemory.bytes);
    EXPECT_GT(usable, FakePlatform::kMemory.bytes / 2);
}

TEST_F(BootTest, LeavesNoRandomNumbersButTheKernels) {
    platform_.grow = [](std::vector<TypedRange>& elsewhere) { // the records are made twice
        elsewhere = scattered(uint64_t{1} << 40, 300, BATON_MEMORY_BAD);
    };
    for (std::size_t i = 0; i < random_.seed.size(); ++i)
        random_.seed[i] = 0x5eed'0000'a1b2'c3d4 + i;
    random_.slide = 0x511d'e000'a1b2'c3d4;
    const RandomNumbers known = random_;
    const BatonBootInfo& info = boot();
    EXPECT_EQ(std::memcmp(info.random_seed, known.seed.data(), sizeof info.random_seed), 0);
    EXPECT_EQ(random_.seed, decltype(random_.seed){});
    EXPECT_EQ(random_.slide, 0u);
    std::size_t found = 0;
    for (uint64_t at = 0; at < FakePlatform::kMemory.bytes; at += sizeof(uint64_t)) {
        const uint64_t word = platform_.read(FakePlatform::kMemory.base.value + at);
        found += std::ranges::count(known.seed, word) + (word == known.slide ? 1 : 0);
    }
    EXPECT_EQ(found, known.seed.size());
}

TEST_F(BootTest, LeavesOnceEverythingIsReady) {
    boot();
    EXPECT_EQ(platform_.said,
              (std::vector<std::string>{"prepare to leave", "map", "exit", "firmware's map"}));
}

TEST_F(BootTest, LeavesNoCrashRecordWhereTheEntrySaysSo) {
    entry_.crash_record = Switch::off;
    boot();
    EXPECT_EQ(platform_.said.front(), "prepare to leave nothing");
}

TEST_F(BootTest, AFirmwareThatStaysIsAnError) {
    platform_.stays = true;
    expect_refused("error: exit_boot_services_failed: \\kernel");
    EXPECT_EQ(std::ranges::count(platform_.said, "exit"), 8);
    EXPECT_EQ(platform_.said.back(), "exit");
}

TEST_F(BootTest, TellsOfMemoryAsItIsAtTheLastTryToLeave) {
    constexpr uint64_t kLate = 0x8000'0000;
    platform_.found_late = {.range = {{kLate}, 0x5000}, .type = BATON_MEMORY_BAD};
    const BatonBootInfo& info = boot();
    const auto& last = *reinterpret_cast<const BatonMemoryRange*>(
        at(info.memory_map + (info.memory_map_count - 1) * info.memory_map_entry_bytes));
    EXPECT_EQ(last.base_physical, kLate);
    EXPECT_EQ(last.bytes, 0x5000u);
}

TEST_F(BootTest, LosesNoRangeOfALongMemoryMap) {
    constexpr std::size_t kRanges = 5'000;
    platform_.elsewhere = scattered(uint64_t{1} << 40, kRanges, BATON_MEMORY_RESERVED);
    boot();
    EXPECT_EQ(ranges_of(BATON_MEMORY_RESERVED), kRanges);
}

TEST_F(BootTest, MakesMoreRoomForAMemoryMapThatHasGrown) {
    constexpr std::size_t kRanges = 300;
    platform_.grow = [](std::vector<TypedRange>& elsewhere) {
        elsewhere = scattered(uint64_t{1} << 40, kRanges, BATON_MEMORY_BAD);
    };
    boot();
    EXPECT_EQ(ranges_of(BATON_MEMORY_BAD), kRanges);
    EXPECT_EQ(handoff_->boot_info, info().direct_map_base +
                                       crash_record().acknowledgement_physical -
                                       offsetof(BatonBootInfo, acknowledged));
}

TEST_F(BootTest, AMemoryMapThatNeverStopsGrowingIsAnError) {
    platform_.grow = [](std::vector<TypedRange>& elsewhere) {
        const auto more = scattered((elsewhere.size() + 1) << 40, 100, BATON_MEMORY_BAD);
        elsewhere.insert(elsewhere.end(), more.begin(), more.end());
    };
    expect_refused("error: memory_map_too_long: \\kernel");
    EXPECT_EQ(std::ranges::count(platform_.said, "exit"), 0);
}

TEST_F(BootTest, EachPageOfThousandsOfSegmentsIsTheKernels) {
    constexpr uint64_t kSegments = 1'000, kStep = uint64_t{1} << 30, kFirst = uint64_t{16} << 30;
    ElfBuilder elf = kernel();
    for (uint64_t i = 0; i < kSegments; ++i)
        elf.load({.vaddr = kFirst + i * kStep, .memory_bytes = kPageBytes, .flags = kR | kW});
    platform_.files["\\kernel"] = elf.build(0x10000);
    const BatonBootInfo& info = boot();
    ASSERT_EQ(info.kernel_segment_count, kSegments + 2);
    for (uint32_t i = 0; i < info.kernel_segment_count; ++i) {
        const auto& segment =
            reinterpret_cast<const BatonKernelSegment*>(at(info.kernel_segments))[i];
        const BatonMemoryRange* const range = range_of(segment.base_physical);
        ASSERT_NE(range, nullptr) << i;
        ASSERT_EQ(range->type, BATON_MEMORY_KERNEL_AND_MODULES) << i;
        ASSERT_GE(range->bytes - (segment.base_physical - range->base_physical), segment.bytes);
    }
}

TEST_F(BootTest, AnErrorNamesTheKernelWhereItNamesNothingElse) {
    platform_.files["\\kernel"] = Buffer(200);
    expect_refused("error: elf_bad_magic: \\kernel: ");
    platform_.files.clear();
    expect_refused("error: kernel_not_found: \\kernel");
}

TEST_F(BootTest, RequestsThatThisPlatformCannotMeet) {
    request(BATON_REQUEST_WATCHDOG, 5, 0, BATON_REQUEST_REQUIRED);
    expect_refused("error: request_not_met: WATCHDOG");
    request(BATON_REQUEST_FRAMEBUFFER, 640, 480, BATON_REQUEST_REQUIRED);
    expect_refused("error: request_not_met: FRAMEBUFFER");
    request(BATON_REQUEST_RUNTIME_MAP, 1, 0, BATON_REQUEST_REQUIRED);
    expect_refused("error: request_not_met: RUNTIME_MAP");
    request(BATON_REQUEST_5_LEVEL_PAGING, BATON_FIVE_LEVEL_REQUIRED, 0, BATON_REQUEST_REQUIRED);
    expect_refused("error: request_not_met: 5_LEVEL_PAGING");
}

constexpr PhysRange kFlash{{uint64_t{5} << 40}, 0x3000};
constexpr PhysRange kRuntimeCode{FakePlatform::kMemory.base, 2 * kPageBytes};

TEST_F(BootTest, MapsWhatRuntimeServicesNeedForAKernelThatRequestsThem) {
    platform_.runtime = {
        {kFlash, RuntimeUse::device},
        {kRuntimeCode, RuntimeUse::code},
        {{kRuntimeCode.base, kPageBytes}, RuntimeUse::code_read_execute},
        {{kRuntimeCode.base + kPageBytes, kPageBytes}, RuntimeUse::code_read_write}};
    const uint64_t base = boot().direct_map_base;
    EXPECT_FALSE(walker().translate(base + kFlash.base.value));
    EXPECT_EQ(walker().translate(base + kRuntimeCode.base.value)->kind, kReadWrite);

    request(BATON_REQUEST_RUNTIME_MAP, 1, 0, BATON_REQUEST_REQUIRED);
    entry_.write_execute = WriteExecute::refuse;
    boot();
    const auto flash = walker().translate(base + kFlash.base.value + 0x2000);
    ASSERT_TRUE(flash);
    EXPECT_EQ(flash->kind, kUncacheable);
    EXPECT_EQ(walker().translate(base + kRuntimeCode.base.value)->kind, kReadExecute);
    EXPECT_EQ(walker().translate(base + kRuntimeCode.base.value + kPageBytes)->kind, kReadWrite);
}

TEST_F(BootTest, RuntimeServicesBeyondAllAddressesAreNoReasonNotToBoot) {
    platform_.runtime = {{{{uint64_t{1} << 51}, 0x1000}, RuntimeUse::device}};
    request(BATON_REQUEST_RUNTIME_MAP, 1, 0, 0);
    boot();
    EXPECT_NE(lines_.all.find("RUNTIME_MAP can't be met"), std::string::npos) << lines_.all;
    request(BATON_REQUEST_RUNTIME_MAP, 1, 0, BATON_REQUEST_REQUIRED);
    expect_refused("error: request_not_met: RUNTIME_MAP");
}

TEST_F(BootTest, CodeThatMayBeWrittenToIsForKernelsThatDoNotRefuseIt) {
    platform_.runtime = {{kRuntimeCode, RuntimeUse::code}};
    request(BATON_REQUEST_RUNTIME_MAP, 1, 0, BATON_REQUEST_REQUIRED);
    boot();
    EXPECT_NE(
        lines_.all.find("warning: runtime services at 0x10000000 are writable and executable"),
        std::string::npos)
        << lines_.all;
    entry_.write_execute = WriteExecute::refuse;
    expect_refused("error: request_not_met: RUNTIME_MAP");
}

TEST_F(BootTest, RequestsThatCannotBeMetAndAreNotRequiredAreWarnedOf) {
    request(BATON_REQUEST_WATCHDOG, 5, 0, 0);
    boot();
    EXPECT_NE(lines_.all.find("warning: no watchdog"), std::string::npos) << lines_.all;
}

TEST_F(BootTest, ARandomPlaceIsToldToNobodyWhoReadsAlong) {
    use_moving_kernel(0);
    boot();
    EXPECT_NE(info().flags & BATON_FLAG_KASLR, 0u);
    const auto hex = [](uint64_t value) { return std::string(Text().hex(value).view()); };
    for (const uint64_t secret : {info().kernel_slide, info().kernel_entry}) {
        EXPECT_EQ(lines_.all.find(hex(secret)), std::string::npos) << lines_.all;
        EXPECT_NE(lines_.only_for_debugging.find(hex(secret)), std::string::npos);
        EXPECT_NE(log_->text().find(hex(secret)), std::string_view::npos) << "the kernel has it";
    }
    EXPECT_EQ(lines_.all.find("segment 0: "), std::string::npos);
}

TEST_F(BootTest, ARandomPlaceIsToldWhereTheEntryAsksForIt) {
    use_moving_kernel(0);
    for (const LogTo log : {LogTo::ports, LogTo::screen}) {
        entry_.log = log;
        boot();
        EXPECT_NE(lines_.all.find(", at random"), std::string::npos) << lines_.all;
        EXPECT_EQ(lines_.only_for_debugging, "");
    }
    entry_.log = LogTo::unset;
    entry_.kaslr = Switch::off;
    boot();
    EXPECT_NE(lines_.all.find("slide 0"), std::string::npos) << lines_.all;
}

TEST_F(BootTest, NoPlaceIsCalledRandomWithoutRandomNumbers) {
    random_.from_processor = false;
    use_moving_kernel(BATON_REQUEST_REQUIRED);
    expect_refused("error: random_numbers_missing");
    entry_.kaslr = Switch::on;
    expect_refused("error: random_numbers_missing");
    entry_.kaslr = Switch::off;
    boot();
    EXPECT_EQ(lines_.all.find("warning"), std::string::npos) << lines_.all;

    entry_.kaslr = Switch::unset;
    use_moving_kernel(0);
    boot();
    EXPECT_NE(lines_.all.find("warning: no KASLR: "), std::string::npos) << lines_.all;
    EXPECT_EQ(info().flags & BATON_FLAG_KASLR, 0u);
    EXPECT_EQ(info().kernel_entry, kDefaultBase.value);
    random_.from_firmware = true;
    boot();
    EXPECT_NE(info().flags & BATON_FLAG_KASLR, 0u);
}

TEST_F(BootTest, AnEntryGoesOverTheKernelsRequests) {
    request(BATON_REQUEST_WATCHDOG, 5, 0, BATON_REQUEST_REQUIRED);
    entry_.watchdog = 0;
    boot();
    EXPECT_EQ(lines_.all.find("watchdog"), std::string::npos) << lines_.all;
}

TEST_F(BootTest, WhereverMemoryRunsOutIsANamedError) {
    boot();
    const uint64_t calls = platform_.dryable.calls();
    ASSERT_GT(calls, 10u);
    for (uint64_t dry_at = 0; dry_at < calls; ++dry_at) {
        platform_.restart();
        platform_.dryable.dry_at = dry_at;
        expect_refused("error: out_of_memory");
        EXPECT_TRUE(platform_.said.empty());
    }
}

TEST_F(BootTest, AnotherVersionOfStage2IsRefused) {
    stage2_[8] = std::byte{99}; // version_major
    expect_refused("error: stage2_mismatch");
    stage2_.resize(8);
    expect_refused("error: stage2_mismatch");
}

TEST_F(BootTest, AnEntryPointMayBeAPhysicalAddressByMistake) {
    ElfBuilder elf = kernel().entry(0x10'0010);
    elf.program_header(0).p_paddr = 0x10'0000;
    platform_.files["\\kernel"] = elf.build(0x8000);
    EXPECT_EQ(try_boot(),
              "error: entry_physical: \\kernel: " +
                  std::string(describe(ErrorCode::entry_physical).sentence) +
                  " (e_entry 0x100010, virtual address 0xffffffff80000010, program header 0x0)");
}

TEST_F(BootTest, AFileThatDoesNotSpeakTheEntrysProtocolIsRefused) {
    entry_.protocol = KernelProtocol::baton;
    expect_refused("error: protocol_not_spoken: baton: ");
    request(BATON_REQUEST_STACK, 0x1'0000, 0, 0);
    EXPECT_EQ(try_boot(), "good");
    entry_.protocol = KernelProtocol::plain;
    EXPECT_EQ(try_boot(), "good");
}

/// Loads text for 0x3000 bytes of physical memory from `physical` on.
class PhysicalTest : public BootTest {
  protected:
    std::string load_to(uint64_t physical) {
        ElfBuilder elf = kernel();
        elf.program_header(0).p_paddr = physical;
        elf.program_header(1).p_paddr = physical + 0x2000;
        platform_.files["\\kernel"] = elf.build(0x3000);
        platform_.restart();
        lines_ = {};
        Log log(lines_, Clock{.read = [] { return uint64_t{0}; }, .start = 0, .hz = 0},
                log_memory_);
        FrameArena arena(platform_.frames());
        const Services with{.platform = platform_, .log = log, .arena = arena};
        const auto kernel = open_kernel(with, entry_, processor_);
        if (!kernel)
            return outcome(kernel);
        const auto plan =
            plan_load(kernel->file->image(), {.placement = Placement::physical}, arena);
        if (!plan)
            return outcome(plan);
        return outcome(load_kernel(with, entry_, *kernel, {*plan, false}));
    }
};

TEST_F(PhysicalTest, WhatTheFirmwareUsesIsMovedToAndTheRestLoadedInPlace) {
    EXPECT_EQ(load_to(FakePlatform::kMemory.base.value + 0x10'0000), "good");
    EXPECT_FALSE(lines_.all.contains("stage 2 will move"));
    platform_.elsewhere = {
        {.range = {{0x10'0000}, 0x4000}, .type = BATON_MEMORY_LOADER_RECLAIMABLE}};
    EXPECT_EQ(load_to(0x10'0000), "good");
    EXPECT_TRUE(lines_.all.contains("stage 2 will move 12 KiB from 0x")) << lines_.all;
    EXPECT_TRUE(lines_.all.contains(" to 0x100000\n")) << lines_.all;
}

TEST_F(PhysicalTest, NamesTheFirstPartOfADestinationThatIsNotFree) {
    EXPECT_EQ(load_to(0x10'0000).substr(0, 28), "error: destination_not_free:");
    const auto numbers = [](std::string_view error) { return error.substr(error.rfind('(')); };
    EXPECT_EQ(numbers(load_to(0x10'0000)), "(first byte 0x100000, bytes 0x3000, memory type 0x0)");
    platform_.elsewhere = {{.range = {{0x10'0000}, 0x1000}, .type = BATON_MEMORY_USABLE},
                           {.range = {{0x10'1000}, 0x4000}, .type = BATON_MEMORY_RESERVED}};
    EXPECT_EQ(numbers(load_to(0x10'0000)), "(first byte 0x101000, bytes 0x2000, memory type 0xa)");
    platform_.elsewhere[1] = {.range = {{0x10'2000}, 0x4000}, .type = BATON_MEMORY_ACPI_NVS};
    EXPECT_EQ(numbers(load_to(0x10'0000)), "(first byte 0x101000, bytes 0x2000, memory type 0x0)");
}

TEST_F(BootTest, SaysWhatAFileIsThatIsNoElfFile) {
    Buffer file(0x1000);
    platform_.files["\\kernel"] = file;
    EXPECT_TRUE(try_boot().starts_with("error: elf_bad_magic: \\kernel: "));
    constexpr uint16_t kMz = 0x5a4d;
    constexpr uint32_t kSignature = 0x80, kPe = 0x4550;
    std::memcpy(file.data(), &kMz, sizeof kMz);
    std::memcpy(file.data() + 0x3c, &kSignature, sizeof kSignature);
    std::memcpy(file.data() + kSignature, &kPe, sizeof kPe);
    platform_.files["\\kernel"] = file;
    EXPECT_TRUE(try_boot().starts_with("error: kernel_is_efi_program: \\kernel: "));
    constexpr uint16_t kBootFlag = 0xaa55; // a bzImage is a PE file too
    std::memcpy(file.data() + 0x1fe, &kBootFlag, sizeof kBootFlag);
    std::memcpy(file.data() + 0x202, "HdrS", 4);
    platform_.files["\\kernel"] = file;
    EXPECT_TRUE(try_boot().starts_with("error: kernel_is_linux: \\kernel: "));
}

TEST_F(BootTest, WarnsOfZeroedMemoryThatCannotBeWritten) {
    platform_.files["\\kernel"] = kernel()
                                      .load({.vaddr = kData + 0x1000,
                                             .memory_bytes = 0x2000,
                                             .flags = kR,
                                             .file_bytes = 0,
                                             .offset = 0x2000})
                                      .build(0x3000);
    boot();
    EXPECT_TRUE(lines_.all.contains("warning: segment 2 has 8 KiB of zeroed memory")) << lines_.all;
    EXPECT_EQ(walker().translate(kData + 0x2000)->kind, kReadOnly);
}

TEST_F(BootTest, NotesHaveALimitTogether) {
    const auto with_notes = [this](uint32_t segments) {
        ElfBuilder elf = kernel();
        for (uint32_t i = 0; i < segments; ++i)
            elf.add({.p_type = elf::PT_NOTE,
                     .p_flags = kR,
                     .p_offset = 0x10'0000,
                     .p_vaddr = 0,
                     .p_paddr = 0,
                     .p_filesz = 40,
                     .p_memsz = 40,
                     .p_align = 4});
        platform_.files["\\kernel"] = elf.build(0x10'0000 + 40);
        platform_.restart();
    };
    with_notes(256);
    EXPECT_EQ(try_boot(), "good");
    with_notes(257);
    expect_refused("error: notes_too_many: ");
    EXPECT_TRUE(try_boot().contains("(program header 0x102, bytes 0x101000, limit 0x100000)"));
}

} // namespace
} // namespace baton::test
