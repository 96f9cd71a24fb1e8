// SPDX-License-Identifier: BSD-2-Clause
//
// check_record(): which records stage 2 refuses, and why. maps_to_itself(): under which page tables
// it can run.
#include "record_check/record_check.hpp"

#include "cpu/constants.hpp"

#include <array>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <map>

namespace baton::test {
namespace {

constexpr uint64_t kPage = 4096, k4GiB = uint64_t{1} << 32;
constexpr uint64_t kKernel = 0xffff'ffff'8000'0000;
constexpr uint64_t kLowerEnd = 0x0000'8000'0000'0000; // the first address that isn't canonical
constexpr uint64_t kUpperStart = 0xffff'8000'0000'0000;

class CheckRecord : public testing::Test {
  protected:
    struct Segment {
        BatonHandoffSegment segment;
        uint64_t more; // than this version knows
    };
    std::array<Segment, 2> segments_{};
    BatonHandoff record_{};
    HandoffMachine machine_{.block = 0xa00'3000,
                            .physical_bits = 40,
                            .has_no_execute = true,
                            .has_five_levels = true,
                            .five_levels_now = false,
                            .from_32_bits = false};

    CheckRecord() {
        record_.magic = BATON_HANDOFF_MAGIC;
        record_.version_major = BATON_HANDOFF_VERSION_MAJOR;
        record_.version_minor = BATON_HANDOFF_VERSION_MINOR;
        record_.size = sizeof record_;
        record_.page_table_root = 0x20'0000;
        record_.direct_map_base = kUpperStart;
        record_.segments = reinterpret_cast<uint64_t>(segments_.data());
        record_.segment_count = 2;
        record_.segment_entry_bytes = sizeof(Segment);
        record_.kernel_entry = kKernel;
        record_.kernel_stack_top = kKernel + 0x3000;
        record_.boot_info = kUpperStart + 0x12'3456;
        record_.cr0 = 0x8001'0033;
        record_.cr4 = 0x6a0;
        record_.efer = 0xd00;
        segments_[0].segment = {.source_physical = 0x30'0000,
                                .destination = kKernel,
                                .file_bytes = 100,
                                .memory_bytes = kPage};
        // It has no bytes, so it may go anywhere.
        segments_[1].segment = {.source_physical = BATON_SOURCE_IN_PLACE,
                                .destination = kLowerEnd,
                                .file_bytes = 0,
                                .memory_bytes = 0};
    }

    BatonHandoffRefusal check() const { return check_record(record_, machine_); }

    /// Gives a field this value, and back its own.
    template<class Field>
    void expect_with(Field& field, std::type_identity_t<Field> value, int refusal) {
        const Field before = std::exchange(field, value);
        EXPECT_EQ(check(), refusal) << "with " << +value;
        field = before;
    }
    void ask_for_five_levels() { record_.cr4 |= cpu::kCr4La57; }
};

TEST_F(CheckRecord, AGoodRecordIsNotRefused) {
    EXPECT_EQ(check(), kNotRefused);
    expect_with(record_.version_minor, 99, kNotRefused);
    expect_with(record_.size, 4096, kNotRefused);
    expect_with(record_.size, BATON_HANDOFF_BYTES_1_0, kNotRefused);
    expect_with(record_.efer, 0x900, kNotRefused);
    expect_with(record_.cr4, 0x20, kNotRefused);
    expect_with(record_.segment_count, 0, kNotRefused);
}

TEST_F(CheckRecord, Magic) {
    expect_with(record_.magic, BATON_HANDOFF_MAGIC ^ 1, BATON_REFUSED_MAGIC);
    expect_with(record_.magic, BATON_HANDOFF_MAGIC ^ uint64_t{1} << 63, BATON_REFUSED_MAGIC);
}

TEST_F(CheckRecord, Version) {
    expect_with(record_.version_major, 0, BATON_REFUSED_VERSION);
    expect_with(record_.version_major, 2, BATON_REFUSED_VERSION);
}

TEST_F(CheckRecord, Size) {
    expect_with(record_.size, 0, BATON_REFUSED_SIZE);
    expect_with(record_.size, BATON_HANDOFF_BYTES_1_0 - 1, BATON_REFUSED_SIZE);
}

TEST_F(CheckRecord, Block) {
    expect_with(machine_.block, 0xa00'3010, BATON_REFUSED_BLOCK);
    expect_with(machine_.block, k4GiB, kNotRefused);
    ask_for_five_levels();
    expect_with(machine_.block, k4GiB - kPage, kNotRefused);
    expect_with(machine_.block, k4GiB, BATON_REFUSED_BLOCK);
    machine_.five_levels_now = true;
    expect_with(machine_.block, k4GiB, kNotRefused);
    record_.cr4 &= ~cpu::kCr4La57;
    expect_with(machine_.block, k4GiB, BATON_REFUSED_BLOCK);
}

TEST_F(CheckRecord, Processor) {
    machine_.has_no_execute = machine_.has_five_levels = false;
    EXPECT_EQ(check(), BATON_REFUSED_PROCESSOR);
    record_.efer = 0x500;
    EXPECT_EQ(check(), kNotRefused);
    ask_for_five_levels();
    EXPECT_EQ(check(), BATON_REFUSED_PROCESSOR);
}

TEST_F(CheckRecord, ControlRegisters) {
    for (const uint64_t cr0 :
         {cpu::kCr0Pe, cpu::kCr0Pg, cpu::kCr0Em, cpu::kCr0Ts, cpu::kCr0Nw, cpu::kCr0Cd, k4GiB})
        expect_with(record_.cr0, record_.cr0 ^ cr0, BATON_REFUSED_CONTROL);
    expect_with(record_.cr4, record_.cr4 ^ cpu::kCr4Pae, BATON_REFUSED_CONTROL);
    expect_with(record_.cr4, record_.cr4 | k4GiB, BATON_REFUSED_CONTROL);
    expect_with(record_.efer, record_.efer ^ cpu::kEferLme, BATON_REFUSED_CONTROL);
    expect_with(record_.efer, record_.efer | k4GiB, BATON_REFUSED_CONTROL);
}

TEST_F(CheckRecord, PageTables) {
    const uint64_t end = uint64_t{1} << machine_.physical_bits;
    for (const uint64_t root : {record_.page_table_root + 8, end, uint64_t{1} << 63})
        expect_with(record_.page_table_root, root, BATON_REFUSED_PAGE_TABLES);
    expect_with(record_.page_table_root, end - kPage, kNotRefused);
    machine_.from_32_bits = true;
    expect_with(record_.page_table_root, k4GiB, BATON_REFUSED_PAGE_TABLES);
    machine_.from_32_bits = false;
    ask_for_five_levels();
    expect_with(record_.page_table_root, k4GiB, BATON_REFUSED_PAGE_TABLES);
    expect_with(record_.page_table_root, k4GiB - kPage, kNotRefused);
    machine_.five_levels_now = true;
    expect_with(record_.page_table_root, k4GiB, kNotRefused);
}

TEST_F(CheckRecord, Addresses) {
    for (uint64_t* address : {&record_.direct_map_base, &record_.kernel_entry, &record_.boot_info,
                              &record_.kernel_stack_top})
        for (const uint64_t value : {kLowerEnd, kUpperStart - 16, uint64_t{1} << 63})
            expect_with(*address, value, BATON_REFUSED_ADDRESS);
    expect_with(record_.kernel_entry, kLowerEnd - 1, kNotRefused);
    expect_with(record_.kernel_entry, kUpperStart, kNotRefused);
    expect_with(record_.kernel_stack_top, uint64_t{0} - 16, kNotRefused);
    expect_with(record_.kernel_stack_top, record_.kernel_stack_top - 8, BATON_REFUSED_ADDRESS);
    ask_for_five_levels();
    expect_with(record_.kernel_entry, kLowerEnd, kNotRefused);
    expect_with(record_.kernel_entry, uint64_t{1} << 56, BATON_REFUSED_ADDRESS);
}

TEST_F(CheckRecord, SegmentArray) {
    constexpr uint32_t kBytes = sizeof(BatonHandoffSegment);
    expect_with(record_.segment_entry_bytes, 0, BATON_REFUSED_SEGMENTS);
    expect_with(record_.segment_entry_bytes, kBytes - 1, BATON_REFUSED_SEGMENTS);
    expect_with(record_.segments, uint64_t{0} - kBytes, BATON_REFUSED_SEGMENTS);
    machine_.from_32_bits = true;
    expect_with(record_.segments, k4GiB, BATON_REFUSED_SEGMENTS);
    record_.segments = 0x20'0000;
    expect_with(record_.segment_count, std::numeric_limits<uint32_t>::max(),
                BATON_REFUSED_SEGMENTS);
}

TEST_F(CheckRecord, Segments) {
    BatonHandoffSegment& first = segments_[0].segment;
    for (const uint64_t bytes : {kPage + 1, k4GiB})
        expect_with(first.file_bytes, bytes, BATON_REFUSED_SEGMENT);
    for (const uint64_t bytes : {uint64_t{0}, uint64_t{1} << 63, uint64_t{0} - kPage})
        expect_with(first.memory_bytes, bytes, BATON_REFUSED_SEGMENT);
    for (const uint64_t to :
         {kLowerEnd, kLowerEnd - kPage + 1, uint64_t{0} - kPage + 1, kUpperStart - kPage + 1})
        expect_with(first.destination, to, BATON_REFUSED_SEGMENT);
    for (const uint64_t to : {uint64_t{0} - kPage, kLowerEnd - kPage, kUpperStart})
        expect_with(first.destination, to, kNotRefused);
    for (const uint64_t bytes : {uint64_t{0}, kPage})
        expect_with(first.file_bytes, bytes, kNotRefused);
    expect_with(segments_[1].segment.file_bytes, 1, BATON_REFUSED_SEGMENT);
    expect_with(segments_[1].segment.memory_bytes, 1, BATON_REFUSED_SEGMENT);
    first.destination = kPage;
    first.memory_bytes = kUpperStart; // from one half to the other
    EXPECT_EQ(check(), BATON_REFUSED_SEGMENT);
    ask_for_five_levels();
    first = {.source_physical = 0, .destination = kLowerEnd, .file_bytes = 1, .memory_bytes = 1};
    EXPECT_EQ(check(), kNotRefused);
}

class CheckProcessors : public CheckRecord {
  protected:
    struct Processor {
        BatonHandoffProcessor processor;
        uint64_t more; // than this version knows
    };
    std::array<Processor, 2> processors_{};

    CheckProcessors() {
        for (Processor& processor : processors_)
            processor.processor = {.apic_id = 0,
                                   .number = 0,
                                   .area = 0x20'2000,
                                   .stack_base = kKernel + 0x4000,
                                   .stack_top = kKernel + 0x5000,
                                   .record = kUpperStart,
                                   .go = kUpperStart,
                                   .outcome = kUpperStart,
                                   .parked_tsc = 0};
        record_.processors = reinterpret_cast<uint64_t>(processors_.data());
        record_.processor_count = 2;
        record_.processor_entry_bytes = sizeof(Processor);
        record_.trampoline = 0x8000;
        record_.local_apic = 0xfee0'0000;
    }
    void expect_refused(uint64_t& field, uint64_t value) {
        expect_with(field, value, BATON_REFUSED_PROCESSORS);
    }
};

TEST_F(CheckProcessors, AGoodListIsNotRefused) {
    EXPECT_EQ(check(), kNotRefused);
    expect_with(record_.trampoline, 0x1000, kNotRefused);
    expect_with(record_.trampoline, 0x9'f000, kNotRefused);
    expect_with(record_.local_apic, 0, kNotRefused); // x2APIC
    expect_with(processors_[1].processor.parked_tsc, kUpperStart, kNotRefused);
}

TEST_F(CheckProcessors, ListAndItsEntries) {
    expect_with(record_.processor_entry_bytes, sizeof(BatonHandoffProcessor) - 1,
                BATON_REFUSED_PROCESSORS);
    expect_refused(record_.processors, ~uint64_t{0} - 64);
    BatonHandoffProcessor& last = processors_[1].processor;
    expect_refused(last.area, 0x20'1000);
    expect_refused(last.area, k4GiB);
    expect_refused(last.stack_top, kKernel + 8);
    for (uint64_t* const address :
         {&last.stack_top, &last.record, &last.go, &last.outcome, &last.parked_tsc})
        expect_refused(*address, kLowerEnd);
    machine_.from_32_bits = true;
    record_.processor_count = 0;
    record_.segment_count = 0;
    record_.segments = 0;
    EXPECT_EQ(check(), kNotRefused);
    record_.processor_count = 2; // the list is above 4 GiB in this program
    EXPECT_EQ(check(), BATON_REFUSED_PROCESSORS);
}

TEST_F(CheckProcessors, WhatIsForAllOfThem) {
    for (const uint64_t page : {0x0, 0x8010, 0xa'0000})
        expect_refused(record_.trampoline, page);
    expect_refused(record_.local_apic, 0xfee0'0010);
    expect_refused(record_.page_table_root, k4GiB);
    expect_with(machine_.block, k4GiB, BATON_REFUSED_PROCESSORS);
    expect_with(record_.kernel_gdt_bytes, 256, kNotRefused);
    expect_with(record_.kernel_gdt_bytes, 264, BATON_REFUSED_PROCESSORS);
    record_.kernel_entry = record_.kernel_stack_top = 0x10'0000;
    expect_with(record_.kernel_mode, BATON_KERNEL_32_BIT, BATON_REFUSED_PROCESSORS);
}

TEST_F(CheckProcessors, Mailbox) {
    record_.trampoline = 0;
    expect_with(record_.mailbox, 0x7000, kNotRefused);
    expect_refused(record_.mailbox, 0x7008);
    record_.mailbox = 0x7000;
    machine_.five_levels_now = true;
    EXPECT_EQ(check(), BATON_REFUSED_PROCESSORS);
}

TEST_F(CheckProcessors, AnOlderRecordHasNone) {
    record_.trampoline = 1;
    expect_with(record_.size, offsetof(BatonHandoff, processors), kNotRefused);
    EXPECT_EQ(check(), BATON_REFUSED_PROCESSORS);
}

TEST_F(CheckRecord, TheFirstReasonIsTheOneThatCounts) {
    const std::array<std::function<void()>, 10> spoil = {
        [&] { record_.magic = 0; },
        [&] { record_.version_major = 0; },
        [&] { record_.size = 0; },
        [&] { machine_.block = 1; },
        [&] { machine_.has_no_execute = false; },
        [&] { record_.cr0 = 0; },
        [&] { record_.page_table_root = 1; },
        [&] { record_.kernel_entry = kLowerEnd; },
        [&] { record_.segment_entry_bytes = 0; },
        [&] { segments_[0].segment.memory_bytes = 0; }};
    for (std::size_t i = spoil.size(); i-- > 0;) {
        spoil[i]();
        EXPECT_EQ(check(), i + 1);
    }
}

/// Four levels of tables that map a page at 0xa003000, and 2 MiB from 0xc00000 on.
class MapsToItself : public testing::Test {
  protected:
    static constexpr uint64_t kRoot = 0x1000, kThird = 0x2000, kSecond = 0x3000, kFirst = 0x4000;
    static constexpr uint64_t kP = 1, kW = 2, kPs = 1 << 7, kNx = uint64_t{1} << 63;
    static constexpr uint64_t kBlock = 0xa00'3000, kLarge = 0xc0'0000;

    std::map<uint64_t, uint64_t> words_ = {{kRoot, kThird | kP | kW},
                                           {kThird, kSecond | kP | kW},
                                           {kSecond + 8 * 0x50, kFirst | kP | kW},
                                           {kSecond + 8 * 6, kLarge | kP | kW | kPs},
                                           {kFirst + 8 * 3, kBlock | kP | kW}};
    PagingMode mode_{.cr3 = kRoot,
                     .five_level = false,
                     .physical_bits = 40,
                     .no_execute = true,
                     .write_protect = true};
    bool all_readable_ = true;

    bool maps(uint64_t page = kBlock, uint64_t error_code = kPageErrorWrite) const {
        const MemoryReader reader{
            [](const void* context, uint64_t address, uint64_t& value) {
                const auto& words = *static_cast<const std::map<uint64_t, uint64_t>*>(context);
                const auto found = words.find(address);
                if (found != words.end())
                    value = found->second;
                return found != words.end();
            },
            &words_};
        return maps_to_itself(page, error_code, mode_, reader, all_readable_);
    }
    bool maps_with(uint64_t place, uint64_t entry, uint64_t error_code = kPageErrorWrite) {
        const uint64_t before = std::exchange(words_[place], entry);
        const bool result = maps(kBlock, error_code);
        words_[place] = before;
        return result;
    }
};

TEST_F(MapsToItself, APageOfEitherSize) {
    EXPECT_TRUE(maps());
    EXPECT_TRUE(maps(kBlock, kPageErrorFetch));
    EXPECT_TRUE(maps(kLarge));
    EXPECT_TRUE(maps(kLarge + 511 * kPage));
}

TEST_F(MapsToItself, NotWhereAnEntryDeniesIt) {
    for (const uint64_t place : {kRoot, kThird, kSecond + 8 * 0x50, kFirst + 8 * 3}) {
        const uint64_t entry = words_[place];
        EXPECT_FALSE(maps_with(place, 0)) << std::hex << place;
        EXPECT_FALSE(maps_with(place, entry & ~kW)) << std::hex << place;
        EXPECT_TRUE(maps_with(place, entry & ~kW, kPageErrorFetch)) << std::hex << place;
        EXPECT_FALSE(maps_with(place, entry | kNx, kPageErrorFetch)) << std::hex << place;
        EXPECT_TRUE(maps_with(place, entry | kNx)) << std::hex << place;
    }
    mode_.no_execute = false; // then the bit is reserved
    EXPECT_FALSE(maps_with(kRoot, words_[kRoot] | kNx));
}

TEST_F(MapsToItself, NotWhereAnotherPageIs) {
    EXPECT_FALSE(maps_with(kFirst + 8 * 3, (kBlock + kPage) | kP | kW));
    EXPECT_FALSE(maps_with(kFirst + 8 * 3, kBlock | uint64_t{1} << 32 | kP | kW));
    EXPECT_FALSE(maps_with(kSecond + 8 * 0x50, kLarge | kP | kW | kPs));
}

TEST_F(MapsToItself, ATableThatCannotBeReadCountsOnlyWhereAllMustBe) {
    EXPECT_FALSE(maps_with(kSecond + 8 * 0x50, k4GiB | kP | kW));
    all_readable_ = false;
    EXPECT_TRUE(maps_with(kSecond + 8 * 0x50, k4GiB | kP | kW));
    EXPECT_FALSE(maps_with(kRoot, 0));
}

} // namespace
} // namespace baton::test
