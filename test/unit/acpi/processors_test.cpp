// SPDX-License-Identifier: BSD-2-Clause
#include "acpi/processors.hpp"

#include "support/bytes.hpp"
#include "support/physical_memory.hpp"

#include <array>
#include <gtest/gtest.h>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kRoot = 0xf'0000, kRsdt = 0x10'0000, kMadt = 0x11'0000, kSrat = 0x12'0000;

using Entry = std::vector<unsigned>; // bytes

Buffer bytes_of(const Entry& values) {
    Buffer bytes;
    for (const unsigned value : values)
        bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

Buffer text(std::string_view characters) {
    const auto bytes = std::as_bytes(std::span(characters));
    return {bytes.begin(), bytes.end()};
}

void set_checksum(Buffer& bytes, std::size_t at, std::size_t count) {
    unsigned sum = 0;
    for (const std::byte byte : Bytes(bytes).first(count))
        sum += static_cast<unsigned>(byte);
    bytes[at] = static_cast<std::byte>(-sum);
}

Buffer table(std::string_view signature, std::size_t head, const std::vector<Entry>& entries) {
    Buffer bytes = text(signature);
    bytes.resize(head);
    for (const Entry& entry : entries)
        for (const std::byte byte : bytes_of(entry))
            bytes.push_back(byte);
    const auto length = static_cast<uint32_t>(bytes.size());
    std::memcpy(&bytes[4], &length, sizeof length);
    set_checksum(bytes, 9, bytes.size());
    return bytes;
}

Entry apic(unsigned id, unsigned uid, unsigned flags = 1) {
    return {0, 8, uid, id, flags, 0, 0, 0};
}
Entry x2apic(unsigned id, unsigned uid, unsigned flags = 1) {
    return {9,     16, 0, 0, id & 0xff,  id >> 8 & 0xff,  0, 0,
            flags, 0,  0, 0, uid & 0xff, uid >> 8 & 0xff, 0, 0};
}

class AcpiProcessors : public testing::Test {
  protected:
    Islands memory_;
    std::array<std::byte, std::size_t{512} << 10> storage_;

    void put_acpi(const std::vector<Entry>& madt, const std::vector<Entry>& srat = {}) {
        Buffer root = text("RSD PTR ");
        root.resize(16);
        append(root, static_cast<uint32_t>(kRsdt));
        set_checksum(root, 8, root.size());
        memory_.put(kRoot, root);
        memory_.put(kRsdt, table("RSDT", 36, {{0, 0, kMadt >> 16, 0}, {0, 0, kSrat >> 16, 0}}));
        memory_.put(kMadt, table("APIC", 44, madt));
        memory_.put(kSrat, table("SRAT", 48, srat));
    }
    void put_mp(const std::vector<Entry>& entries, uint64_t pointer_at = 639 * 1024) {
        Buffer bytes = text("PCMP");
        bytes.resize(44);
        for (const Entry& entry : entries)
            for (const std::byte byte : bytes_of(entry))
                bytes.push_back(byte);
        bytes[4] = static_cast<std::byte>(bytes.size());
        set_checksum(bytes, 7, bytes.size());
        memory_.put(0x5000, bytes);
        Buffer area(1024);
        const Buffer pointer = bytes_of({'_', 'M', 'P', '_', 0, 0x50, 0, 0, 1, 4});
        std::ranges::copy(pointer, area.begin() + 32);
        Buffer sum(area.begin() + 32, area.begin() + 48);
        set_checksum(sum, 10, sum.size());
        area[42] = sum[10];
        memory_.put(pointer_at, area);
    }
    acpi::Processors find(PhysAddr rsdp = {kRoot}) {
        Arena arena(storage_);
        return acpi::find_processors(memory_, rsdp, arena).value();
    }
    std::vector<uint32_t> ids() {
        std::vector<uint32_t> found;
        for (const acpi::Processor& processor : find().list)
            found.push_back(processor.id);
        return found;
    }
};

TEST_F(AcpiProcessors, AreThoseOfTheMadtInItsOrder) {
    put_acpi({apic(4, 1), {1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, x2apic(0x1234, 300), apic(0, 0)});
    const auto list = find().list;
    ASSERT_EQ(list.size(), 3u);
    EXPECT_EQ(list[0].id, 4u);
    EXPECT_EQ(list[0].uid, 1u);
    EXPECT_EQ(list[1].id, 0x1234u);
    EXPECT_EQ(list[1].uid, 300u);
    EXPECT_EQ(list[2].id, 0u);
    EXPECT_TRUE(list[0].enabled && list[1].enabled && list[2].enabled);
}

TEST_F(AcpiProcessors, ThatCanNeitherBeUsedNorPluggedInAreNotListed) {
    put_acpi({apic(0, 0), apic(1, 1, 0), apic(2, 2, 2), x2apic(3, 3, 0), x2apic(4, 4, 3)});
    const auto list = find().list;
    ASSERT_EQ(ids(), (std::vector<uint32_t>{0, 2, 4}));
    EXPECT_FALSE(list[1].enabled);
    EXPECT_TRUE(list[2].enabled);
}

TEST_F(AcpiProcessors, ThatTwoEntriesDescribeAreListedOnce) {
    put_acpi({apic(0, 0), apic(1, 1), x2apic(1, 1), x2apic(0, 0)});
    EXPECT_EQ(ids(), (std::vector<uint32_t>{0, 1}));
}

TEST_F(AcpiProcessors, EndBeforeAnEntryOfAWrongLength) {
    for (const Entry& bad :
         {Entry{0, 0, 1, 1, 1, 0, 0, 0}, {0, 200, 1, 1, 1, 0, 0, 0}, {0, 1}, {9}}) {
        put_acpi({apic(0, 0), bad});
        EXPECT_EQ(ids(), (std::vector<uint32_t>{0}));
    }
    put_acpi({apic(0, 0),
              {0, 7, 1, 1, 1, 0, 0},
              {9, 15, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0},
              apic(2, 2)});
    EXPECT_EQ(ids(), (std::vector<uint32_t>{0, 2})) << "what is too short is passed over";
}

TEST_F(AcpiProcessors, HaveTheDomainThatTheSratSays) {
    put_acpi({apic(0, 0), apic(1, 1), x2apic(2, 2), apic(3, 3), apic(4, 4)},
             {{0, 16, 7, 1, 1, 0, 0, 0, 0, 2, 3, 4, 0, 0, 0, 0},
              {2, 24, 0, 0, 9, 0, 0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
              {0, 16, 5, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},   // not enabled
              {0, 16, 5, 200, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, // of no processor
              {0, 8, 5, 4, 1, 0, 0, 0}});                          // too short
    const auto list = find().list;
    ASSERT_EQ(list.size(), 5u);
    EXPECT_EQ(list[0].numa_domain, acpi::kNoNumaDomain);
    EXPECT_EQ(list[1].numa_domain, 0x0403'0207u);
    EXPECT_EQ(list[2].numa_domain, 0x0100'0009u);
    EXPECT_EQ(list[3].numa_domain, acpi::kNoNumaDomain);
    EXPECT_EQ(list[4].numa_domain, acpi::kNoNumaDomain);
}

TEST_F(AcpiProcessors, OfAFirmwareHaveItsMailbox) {
    const Entry wakeup = {16, 16, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x20, 0, 1, 0, 0, 0};
    put_acpi({apic(0, 0)});
    EXPECT_EQ(find().mailbox.value, 0u);
    put_acpi({apic(0, 0), wakeup});
    EXPECT_EQ(find().mailbox.value, 0u) << "no memory is there";
    memory_.put(0x1'0020'0000, Buffer(0x3000));
    EXPECT_EQ(find().mailbox.value, 0x1'0020'1000u);
    Entry bad = wakeup;
    bad[9] = 0x18;
    put_acpi({apic(0, 0), bad});
    EXPECT_EQ(find().mailbox.value, 0u) << "not a page";
    bad = {wakeup.begin(), wakeup.end() - 1};
    bad[1] = 15;
    put_acpi({apic(0, 0), bad});
    EXPECT_EQ(find().mailbox.value, 0u) << "too short";
}

TEST_F(AcpiProcessors, BeyondTheMostAreCounted) {
    std::vector<Entry> entries;
    for (unsigned id = 0; id < kMostProcessors + 3; ++id)
        entries.push_back(x2apic(id, id));
    put_acpi(entries);
    EXPECT_EQ(find().list.size(), kMostProcessors);
    EXPECT_EQ(find().left_out, 3u);
}

TEST_F(AcpiProcessors, NeedMemory) {
    put_acpi({apic(0, 0)});
    Arena none(std::span<std::byte>{});
    EXPECT_EQ(acpi::find_processors(memory_, {kRoot}, none).error().code, ErrorCode::out_of_memory);
}

Entry mp_processor(unsigned id, unsigned flags) {
    Entry entry(20);
    entry[1] = id;
    entry[3] = flags;
    return entry;
}

TEST_F(AcpiProcessors, WithoutAMadtAreThoseOfTheMpTable) {
    const Entry bus{1, 0, 'I', 'S', 'A', ' ', ' ', ' '};
    const std::vector<Entry> entries = {mp_processor(2, 3), bus, mp_processor(3, 0),
                                        mp_processor(5, 1)};
    put_mp(entries);
    EXPECT_EQ(ids(), (std::vector<uint32_t>{2, 5}));

    memory_ = {};
    put_mp(entries, 0xf'0400 - 0x400);
    EXPECT_TRUE(ids().empty()) << "an area that isn't there as a whole";

    memory_ = {};
    memory_.put(0x40e, bytes_of({0x00, 0x90}));
    put_mp(entries, 0x9'0000);
    EXPECT_EQ(ids(), (std::vector<uint32_t>{2, 5})) << "in the extended BIOS data area";

    put_acpi({apic(7, 7)});
    EXPECT_EQ(ids(), (std::vector<uint32_t>{7})) << "the MADT counts";
}

TEST_F(AcpiProcessors, OfADamagedMpTableAreNone) {
    const std::vector<Entry> entries = {mp_processor(2, 1)};
    constexpr uint64_t kPointer = 639 * 1024;
    for (const auto& [address, offset] : {std::pair{kPointer, 32u},
                                          {kPointer, 36u},
                                          {kPointer, 42u},
                                          {uint64_t{0x5000}, 0u},
                                          {0x5000, 4u},
                                          {0x5000, 50u}}) {
        put_mp(entries);
        memory_[address][offset] ^= std::byte{0x10};
        EXPECT_TRUE(ids().empty()) << address << '+' << offset;
    }
    put_mp({mp_processor(2, 1), {0, 3, 0, 1}});
    EXPECT_EQ(ids(), (std::vector<uint32_t>{2})) << "the last entry is cut short";
}

TEST_F(AcpiProcessors, WithoutATableAreNone) {
    EXPECT_TRUE(ids().empty());
}

} // namespace
} // namespace baton::test
