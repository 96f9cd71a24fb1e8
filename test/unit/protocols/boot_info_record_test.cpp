// SPDX-License-Identifier: BSD-2-Clause
//
// BootInfoRecord, read as a kernel would: through addresses in the direct map.
#include "protocols/baton/boot_info_record.hpp"

#include "abi/boot_info.hpp"
#include "boot/fake_platform.hpp"
#include "support/errors.hpp"
#include "support/fake_frames.hpp"
#include "support/normalised.hpp"
#include "tools/baton/heap_arena.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kText = 0xffff'ffff'8000'0000;
constexpr Layout kLayout{.direct_map = {{0xffff'8080'0000'0000}, uint64_t{8} << 30},
                         .stack = {{0xffff'9000'0000'1000}, kStackBytes}};
constexpr std::size_t kRanges = 4; // of the memory map

class BootInfoRecordTest : public testing::Test {
  protected:
    BootInfoRecordTest() {
        kernel_.path = "\\boot\\kernel";
        random_.seed = {1, 2, 3};
    }

    /// A record of all that the test has set.
    const BatonBootInfo& make() {
        if (kernel_.file == nullptr)
            use(ElfBuilder().entry(kText).load(
                {.vaddr = kText, .memory_bytes = 0x1000, .file_bytes = 0x1000}));
        const auto record = BootInfoRecord::make({.kernel = kernel_,
                                                  .modules = modules_,
                                                  .layout = kLayout,
                                                  .page_table_root = {0x5000},
                                                  .displays = displays_,
                                                  .identity = identity_,
                                                  .watchdog_disarm = disarm_,
                                                  .machine = machine_,
                                                  .random = random_,
                                                  .previous = previous_,
                                                  .command_line = command_line_,
                                                  .path = BATON_BOOT_PATH_PVH,
                                                  .tsc_hz = 1'000'000,
                                                  .log_memory = log_memory_},
                                                 kRanges, frames_);
        if (!record)
            throw std::runtime_error(outcome(record));
        record_ = *record;
        return info();
    }
    /// This kernel, placed.
    void use(const ElfBuilder& elf, uint64_t slide = 0) {
        source_.bytes = file_ = elf.build(0x4000);
        const auto opened = KernelFile::open(source_, frames_, arena_);
        kernel_.file = arena_.make<KernelFile>(opened.value()).value();
        kernel_.plan = plan_load(kernel_.file->image(), {.slide = slide}, arena_).value();
        EXPECT_TRUE(place(kernel_.plan, frames_));
    }

    /// What the kernel has at an address.
    std::byte* seen(uint64_t address) {
        return frames_.access({address - kLayout.direct_map.base.value});
    }
    const BatonBootInfo& info() {
        return *reinterpret_cast<const BatonBootInfo*>(seen(record_->address().value));
    }
    template<class Entry>
    std::vector<Entry> array(uint64_t address, uint32_t count, uint32_t entry_bytes) {
        EXPECT_EQ(entry_bytes, sizeof(Entry));
        EXPECT_EQ(address % alignof(Entry), 0u);
        const auto* const first = reinterpret_cast<const Entry*>(seen(address));
        return {first, first + count};
    }
    std::string text(uint64_t address) { return reinterpret_cast<const char*>(seen(address)); }
    Buffer bytes(uint64_t address, std::size_t count) {
        return {seen(address), seen(address) + count};
    }
    std::vector<BatonMemoryRange> memory_map() {
        return array<BatonMemoryRange>(info().memory_map, info().memory_map_count,
                                       info().memory_map_entry_bytes);
    }
    std::vector<BatonTimeStamp> time_stamps() {
        return array<BatonTimeStamp>(info().time_stamps, info().time_stamp_count,
                                     info().time_stamp_entry_bytes);
    }

    FakeFrames frames_;
    HeapArena arena_;
    Buffer file_;
    BufferFile source_;
    Kernel kernel_{};
    std::vector<Module> modules_;
    std::vector<Display> displays_;
    std::vector<IdentityMapping> identity_;
    std::vector<BatonRegisterWrite> disarm_;
    MachineFacts machine_;
    RandomNumbers random_{};
    PreviousBoot previous_;
    std::string command_line_;
    std::span<const char> log_memory_;
    BootInfoRecord* record_ = nullptr;
};

TEST_F(BootInfoRecordTest, IsValidAndSaysLayoutAndLoader) {
    make();
    EXPECT_TRUE(baton_boot_info_is_valid(&info()));
    EXPECT_EQ(info().version, BATON_BOOT_INFO_VERSION);
    EXPECT_EQ(info().size, sizeof(BatonBootInfo));
    EXPECT_EQ(info().direct_map_base, kLayout.direct_map.base.value);
    EXPECT_EQ(info().direct_map_bytes, kLayout.direct_map.bytes);
    EXPECT_EQ(info().stack_base, kLayout.stack.base.value);
    EXPECT_EQ(info().stack_bytes, kLayout.stack.bytes);
    EXPECT_EQ(info().kernel_cr3, 0x5000u);
    EXPECT_EQ(info().boot_path, BATON_BOOT_PATH_PVH);
    EXPECT_EQ(info().tsc_hz, 1'000'000u);
    EXPECT_EQ(BootInfoView(info()).loader_name(), "Baton");
    EXPECT_EQ(BootInfoView(info()).loader_version(), BATON_VERSION);
    EXPECT_EQ(record_->acknowledgement().value,
              record_->address().value + offsetof(BatonBootInfo, acknowledged));
}

TEST_F(BootInfoRecordTest, CopiesTextsThatTheKernelIsMovedOver) {
    use(ElfBuilder().entry(kText).load(
        {.vaddr = kText, .memory_bytes = 0x1000, .file_bytes = 0x1000}));
    const PhysAddr place = frames_.allocate({}).value();
    char* const texts = reinterpret_cast<char*>(frames_.access(place));
    std::strcpy(texts, "page tables");
    std::strcpy(texts + 100, "the log");
    log_memory_ = {texts + 100, 50};
    kernel_.plan.regions[0].loaded = kernel_.plan.regions[0].physical;
    kernel_.plan.regions[0].physical = place;
    make();
    const TypedRange map[] = {
        {.range = {{0x1000}, 0x1000}, .type = BATON_MEMORY_LOADER_RECLAIMABLE, .origin = texts},
        {.range = {{0x3000}, 0x1000}, .type = BATON_MEMORY_LOADER_RECLAIMABLE, .origin = texts},
        {.range = {{0x5000}, 0x1000}, .type = BATON_MEMORY_USABLE}};
    record_->set_memory_map(map);
    record_->set_memory_map(map);
    record_->complete(
        {.firmware_map = {}, .runtime_mapped = false, .log = {texts + 100, 7}, .steps = {}});
    std::memset(texts, 0xee, kPageBytes);
    const auto ranges = memory_map();
    ASSERT_EQ(ranges.size(), 3u);
    EXPECT_EQ(text(ranges[0].origin), "page tables");
    EXPECT_EQ(ranges[1].origin, ranges[0].origin);
    EXPECT_EQ(text(ranges[2].origin), "");
    EXPECT_EQ(info().log_bytes, 7u);
    EXPECT_EQ(text(info().log).substr(0, 7), "the log");
}

TEST_F(BootInfoRecordTest, WhatThereIsNotIsZeroOrAnEmptyText) {
    make();
    for (const uint64_t address :
         {info().command_line, info().firmware_vendor, info().boot_device.device_path,
          info().boot_device.loader_path, info().previous_boot.text})
        EXPECT_EQ(text(address), "");
    EXPECT_EQ(info().module_count, 0u);
    EXPECT_EQ(info().module_entry_bytes, sizeof(BatonModule));
    EXPECT_EQ(info().framebuffer_count, 0u);
    EXPECT_EQ(info().identity_mapping_count, 0u);
    EXPECT_EQ(info().identity_mapping_entry_bytes, sizeof(BatonIdentityMapping));
    EXPECT_EQ(info().watchdog_disarm, 0u);
    EXPECT_EQ(info().watchdog_seconds, 0u);
    EXPECT_EQ(info().build_id, 0u);
    EXPECT_EQ(info().kernel_symbols, 0u);
    EXPECT_EQ(info().kernel_file, 0u);
    EXPECT_EQ(info().flags, 0u);
    EXPECT_EQ(info().acknowledged, 0u);
    EXPECT_EQ(info().firmware_memory_map, 0u);
}

TEST_F(BootInfoRecordTest, TheKernelsSegmentsAreSortedWithPhysicalAddresses) {
    constexpr uint64_t kHigh = kText + 0x1000, kLow = kText + 0x80;
    use(ElfBuilder()
            .entry(kHigh)
            .load({.vaddr = kHigh,
                   .memory_bytes = 0x900,
                   .flags = 0x8000'0000 | kR | kX,
                   .file_bytes = 0x800})
            .load({.vaddr = kLow, .memory_bytes = 0x500, .flags = kR | kW}));
    make();
    EXPECT_EQ(info().kernel_entry, kHigh);
    EXPECT_EQ(info().kernel_virtual_base, kLow);
    const auto found = array<BatonKernelSegment>(
        info().kernel_segments, info().kernel_segment_count, info().kernel_segment_entry_bytes);
    ASSERT_EQ(found.size(), 2u);
    const uint64_t physical = kernel_.plan.regions[0].physical.value;
    EXPECT_EQ(found[0].virtual_base, kLow);
    EXPECT_EQ(found[0].base_physical, physical + 0x80);
    EXPECT_EQ(found[0].bytes, 0x500u);
    EXPECT_EQ(found[0].file_bytes, 0u);
    EXPECT_EQ(found[0].permissions, BATON_SEGMENT_READ | BATON_SEGMENT_WRITE);
    EXPECT_EQ(found[1].base_physical, physical + kPageBytes);
    EXPECT_EQ(found[1].file_bytes, 0x800u);
    EXPECT_EQ(found[1].permissions, BATON_SEGMENT_READ | BATON_SEGMENT_EXECUTE);
}

TEST_F(BootInfoRecordTest, TheKernelsFileHeadersSlideFlagsAndTls) {
    constexpr uint64_t kSlide = kText;
    const auto header = [](uint32_t type, uint32_t flags, uint64_t address, uint64_t file_bytes,
                           uint64_t memory_bytes) {
        return elf::Elf64_Phdr{.p_type = type,
                               .p_flags = flags,
                               .p_offset = 0,
                               .p_vaddr = address,
                               .p_paddr = 0,
                               .p_filesz = file_bytes,
                               .p_memsz = memory_bytes,
                               .p_align = 8};
    };
    use(ElfBuilder()
            .entry(0)
            .load({.vaddr = 0,
                   .memory_bytes = kPageBytes,
                   .flags = kR | kW | kX,
                   .file_bytes = kPageBytes})
            .add(header(elf::PT_GNU_STACK, kR | kW | kX, 0, 0, 0))
            .add(header(elf::PT_TLS, kR, 0x100, 0x10, 0x20)),
        kSlide);
    kernel_.kaslr = true;
    kernel_.five_level = true;
    kernel_.requests.build_id = Bytes(file_).first(20);
    kernel_.whole_file = Block{.base = {0x7000}, .bytes = {}};
    make();
    EXPECT_EQ(info().kernel_slide, kSlide);
    EXPECT_EQ(info().kernel_entry, kSlide);
    EXPECT_EQ(info().flags, BATON_FLAG_KASLR | BATON_FLAG_5_LEVEL | BATON_FLAG_WRITE_EXECUTE |
                                BATON_FLAG_STACK_EXECUTABLE_WANTED);
    EXPECT_EQ(info().tls.address, kSlide + 0x100);
    EXPECT_EQ(info().tls.file_bytes, 0x10u);
    EXPECT_EQ(info().tls.memory_bytes, 0x20u);
    EXPECT_EQ(info().tls.alignment, 8u);
    EXPECT_EQ(text(info().kernel_path), "/boot/kernel");
    EXPECT_EQ(info().kernel_file_bytes, file_.size());
    EXPECT_EQ(info().kernel_headers_bytes, 64u + 3 * 56);
    EXPECT_EQ(bytes(info().kernel_headers, 64), Buffer(file_.begin(), file_.begin() + 64));
    EXPECT_EQ(info().build_id % 8, 0u);
    EXPECT_EQ(bytes(info().build_id, 20), Buffer(file_.begin(), file_.begin() + 20));
    EXPECT_EQ(info().kernel_file, kLayout.direct_map.base.value + 0x7000);
}

TEST_F(BootInfoRecordTest, ModulesAreInTheirOrderWithPathAndString) {
    modules_ = {{{{0x50'0000}, 0x1234}, "\\boot\\initrd.img", "a\\b"}, {{{0x60'0000}, 0}, "", ""}};
    make();
    const auto found =
        array<BatonModule>(info().modules, info().module_count, info().module_entry_bytes);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].address, kLayout.direct_map.base.value + 0x50'0000);
    EXPECT_EQ(found[0].base_physical, 0x50'0000u);
    EXPECT_EQ(found[0].bytes, 0x1234u);
    EXPECT_EQ(text(found[0].path), "/boot/initrd.img");
    EXPECT_EQ(text(found[0].string), "a\\b"); // a text, not a path
    EXPECT_EQ(text(found[1].path), "");
    EXPECT_EQ(text(found[1].string), "");
}

TEST_F(BootInfoRecordTest, EachDisplayHasItsModesAndEdid) {
    BatonVideoMode modes[3]{};
    modes[1].width_pixels = 800;
    modes[2].width_pixels = 1920;
    Buffer edid(9, std::byte{0x77});
    displays_.resize(2);
    displays_[0].framebuffer.base_physical = 0x8000'0123;
    displays_[0].framebuffer.mode_count = 77; // filled in by the record
    displays_[0].edid = edid;
    displays_[0].modes = std::span(modes).first(2);
    displays_[1].framebuffer.base_physical = 0x9000'0000;
    displays_[1].modes = std::span(modes).last(1);
    make();
    const auto found = array<BatonFramebuffer>(info().framebuffers, info().framebuffer_count,
                                               info().framebuffer_entry_bytes);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].address, kLayout.direct_map.base.value + 0x8000'0123);
    EXPECT_EQ(found[0].base_physical, 0x8000'0123u);
    EXPECT_EQ(bytes(found[0].edid, found[0].edid_bytes), edid);
    ASSERT_EQ(found[0].mode_count, 2u);
    EXPECT_EQ(array<BatonVideoMode>(found[0].modes, 2, found[0].mode_entry_bytes)[1].width_pixels,
              800u);
    EXPECT_EQ(found[1].edid, 0u);
    EXPECT_EQ(found[1].edid_bytes, 0u);
    ASSERT_EQ(found[1].mode_count, 1u);
    EXPECT_EQ(array<BatonVideoMode>(found[1].modes, 1, found[1].mode_entry_bytes)[0].width_pixels,
              1920u);
}

TEST_F(BootInfoRecordTest, IdentityMappingsHaveThePermissionsOfTheirPages) {
    identity_ = {{{{0x20'0000}, kPageBytes}, Access::read_execute},
                 {{{0x20'1000}, 2 * kPageBytes}, Access::read_only},
                 {{{0x20'4000}, kPageBytes}, Access::read_write, Caching::uncacheable}};
    make();
    const auto found =
        array<BatonIdentityMapping>(info().identity_mappings, info().identity_mapping_count,
                                    info().identity_mapping_entry_bytes);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].base, 0x20'0000u);
    EXPECT_EQ(found[0].bytes, kPageBytes);
    EXPECT_EQ(found[0].permissions, BATON_SEGMENT_READ | BATON_SEGMENT_EXECUTE);
    EXPECT_EQ(found[1].permissions, BATON_SEGMENT_READ);
    EXPECT_EQ(found[2].permissions, BATON_SEGMENT_READ | BATON_SEGMENT_WRITE);
}

TEST_F(BootInfoRecordTest, SaysWhatTheMachineIs) {
    machine_.rsdp = 0xe'0000;
    machine_.smbios3 = 0xf'0000;
    machine_.secure_boot = BATON_SECURE_BOOT_ON;
    machine_.verified_by = BATON_VERIFIED_BY_SHIM;
    machine_.trust_flags = BATON_TRUST_ENFORCED | BATON_TRUST_KERNEL_VERIFIED;
    machine_.unix_time_seconds = -5;
    machine_.boot_device.kind = BATON_BOOT_DEVICE_GPT;
    machine_.device_path = "PciRoot(0x0)";
    machine_.loader_path = "/EFI/BOOT/BOOTX64.EFI";
    machine_.firmware_vendor = "EDK II";
    command_line_ = "root=/dev/sda1 quiet";
    previous_.state = BATON_PREVIOUS_BOOT_FAULT;
    previous_.vector = 14;
    previous_.characters[0] = '!';
    previous_.text_bytes = 1;
    random_.from_firmware = true;
    make();
    EXPECT_EQ(info().rsdp_physical, 0xe'0000u);
    EXPECT_EQ(info().smbios3_physical, 0xf'0000u);
    EXPECT_EQ(info().secure_boot, BATON_SECURE_BOOT_ON);
    EXPECT_EQ(info().verified_by, BATON_VERIFIED_BY_SHIM);
    EXPECT_EQ(info().trust_flags, BATON_TRUST_ENFORCED | BATON_TRUST_KERNEL_VERIFIED);
    EXPECT_EQ(info().unix_time_seconds, -5);
    EXPECT_EQ(info().boot_device.kind, BATON_BOOT_DEVICE_GPT);
    EXPECT_EQ(text(info().boot_device.device_path), "PciRoot(0x0)");
    EXPECT_EQ(text(info().boot_device.loader_path), "/EFI/BOOT/BOOTX64.EFI");
    EXPECT_EQ(text(info().firmware_vendor), "EDK II");
    EXPECT_EQ(text(info().command_line), "root=/dev/sda1 quiet");
    EXPECT_EQ(info().previous_boot.state, uint32_t{BATON_PREVIOUS_BOOT_FAULT});
    EXPECT_EQ(info().previous_boot.vector, 14u);
    EXPECT_EQ(text(info().previous_boot.text), "!");
    EXPECT_EQ(info().previous_boot.text_bytes, 1u);
    EXPECT_EQ(info().random_seed[8], 2u);
    EXPECT_EQ(info().flags, BATON_FLAG_SEED_FROM_FIRMWARE);
    record_->wipe_secrets();
    EXPECT_EQ(info().random_seed[8], 0u);
}

TEST_F(BootInfoRecordTest, AWatchdogIsThereWithTheWritesThatDisarmIt) {
    kernel_.requests.watchdog_seconds = 7;
    make();
    EXPECT_EQ(info().watchdog_seconds, 0u) << "there is no timer";
    disarm_ = {{.address = 0xfed0'0100, .value = 1, .reserved = 0},
               {.address = 0xfec0'0000, .value = 2, .reserved = 0}};
    make();
    EXPECT_EQ(info().watchdog_seconds, 7u);
    const auto found = array<BatonRegisterWrite>(
        info().watchdog_disarm, info().watchdog_disarm_count, info().watchdog_disarm_entry_bytes);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[1].address, 0xfec0'0000u);
    EXPECT_EQ(found[1].value, 2u);
}

TEST_F(BootInfoRecordTest, RangesBecomeTheMemoryMapAndTouchNoOtherArray) {
    make();
    record_->complete({.firmware_map = {}, .runtime_mapped = false, .log = "", .steps = {}});
    const char* const origin = reinterpret_cast<const char*>(seen(info().kernel_path));
    const TypedRange ranges[] = {
        {.range = {{0}, 100 * kPageBytes},
         .type = BATON_MEMORY_USABLE,
         .firmware_type = 7,
         .attributes = 15},
        {.range = {{10 * kPageBytes}, 80 * kPageBytes},
         .type = BATON_MEMORY_LOADER_RECLAIMABLE,
         .origin = origin},
        {.range = {{20 * kPageBytes}, 60 * kPageBytes}, .type = BATON_MEMORY_ACPI_NVS},
        {.range = {{30 * kPageBytes}, 40 * kPageBytes}, .type = BATON_MEMORY_BAD},
    };
    static_assert(std::size(ranges) == kRanges);
    for (int i = 0; i < 2; ++i) { // as often as the firmware's map changes
        record_->set_memory_map(ranges);
        const auto map = memory_map();
        ASSERT_EQ(map.size(), 7u);
        EXPECT_EQ(map[0].firmware_type, 7u);
        EXPECT_EQ(map[0].attributes, 15u);
        EXPECT_EQ(map[1].type, uint32_t{BATON_MEMORY_LOADER_RECLAIMABLE});
        EXPECT_EQ(map[1].base_physical, 10 * kPageBytes);
        EXPECT_EQ(map[1].bytes, 10 * kPageBytes);
        EXPECT_EQ(text(map[1].origin), "/boot/kernel");
        EXPECT_EQ(map[3].type, uint32_t{BATON_MEMORY_BAD});
    }
    EXPECT_STREQ(time_stamps().back().name, "kernel entered");
    EXPECT_TRUE(baton_boot_info_is_valid(&info()));
}

TEST_F(BootInfoRecordTest, TimeStampsAreTheStepsAndThenStage2s) {
    make();
    const std::string longest(sizeof(BatonTimeStamp::name) - 1, 'x');
    const std::string too_long = longest + "y";
    const Step steps[] = {{"first", 100}, {"", 200}, {longest, 300}, {too_long, 400}};
    record_->complete({.firmware_map = {}, .runtime_mapped = true, .log = "", .steps = steps});
    const auto stamps = time_stamps();
    ASSERT_EQ(stamps.size(), std::size(steps) + kStage2TimeStamps);
    EXPECT_STREQ(stamps[0].name, "first");
    EXPECT_EQ(stamps[0].tsc, 100u);
    EXPECT_STREQ(stamps[1].name, "");
    EXPECT_EQ(stamps[2].name, longest);
    EXPECT_EQ(stamps[3].name, longest);
    EXPECT_STREQ(stamps[4].name, "stage 2 entered");
    EXPECT_EQ(stamps[4].tsc, 0u);
    EXPECT_EQ(record_->stage2_time_stamps().value,
              info().time_stamps + std::size(steps) * sizeof(BatonTimeStamp));
    EXPECT_EQ(info().flags, BATON_FLAG_RUNTIME_MAPPED);
}

TEST_F(BootInfoRecordTest, HoldsAllStepsThatALogCanHave) {
    make();
    const std::vector<Step> steps(Log::kMaxSteps, Step{"step", 1});
    record_->complete({.firmware_map = {}, .runtime_mapped = false, .log = "", .steps = steps});
    EXPECT_EQ(time_stamps().size(), Log::kMaxSteps + kStage2TimeStamps);
    EXPECT_TRUE(baton_boot_info_is_valid(&info()));
}

TEST_F(BootInfoRecordTest, TheFirmwaresMapAndTheLogAreAtTheirAddresses) {
    make();
    const Block block = allocate_block(frames_, 96, {.use = MemoryUse::firmware_map}).value();
    record_->complete({.firmware_map = {block.bytes, 48, 1},
                       .runtime_mapped = false,
                       .log = std::string_view(reinterpret_cast<char*>(block.bytes.data()), 5),
                       .steps = {}});
    EXPECT_EQ(info().firmware_memory_map, kLayout.direct_map.base.value + block.base.value);
    EXPECT_EQ(info().firmware_memory_map_bytes, 96u);
    EXPECT_EQ(info().firmware_descriptor_bytes, 48u);
    EXPECT_EQ(info().firmware_descriptor_version, 1u);
    EXPECT_EQ(info().log, kLayout.direct_map.base.value + block.base.value);
    EXPECT_EQ(info().log_bytes, 5u);
    EXPECT_EQ(info().event_log, 0u);
}

TEST_F(BootInfoRecordTest, TheEventLogIsAtItsAddress) {
    make();
    const Block block = allocate_block(frames_, 96, {.use = MemoryUse::event_log}).value();
    record_->complete({.firmware_map = {},
                       .event_log = {block.bytes.data(), 77, BATON_EVENT_LOG_TCG_2, true},
                       .runtime_mapped = false,
                       .log = "",
                       .steps = {}});
    EXPECT_EQ(info().event_log, kLayout.direct_map.base.value + block.base.value);
    EXPECT_EQ(info().event_log_bytes, 77u);
    EXPECT_EQ(info().event_log_format, BATON_EVENT_LOG_TCG_2);
    EXPECT_EQ(info().event_log_flags, BATON_EVENT_LOG_TRUNCATED);
}

} // namespace
} // namespace baton::test
