// SPDX-License-Identifier: BSD-2-Clause
#include "acpi/entries.hpp"

#include "support/bytes.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

using acpi::Entries;
using acpi::Entry;

struct Builder {
    Buffer bytes;

    explicit Builder(std::size_t head) : bytes(head) {}
    template<class... T>
    Builder& add(T... values) {
        (append(bytes, values), ...);
        return *this;
    }
};

constexpr auto u8(unsigned value) {
    return static_cast<uint8_t>(value);
}
constexpr auto u16(unsigned value) {
    return static_cast<uint16_t>(value);
}

/// Of all entries, their types.
std::vector<unsigned> types(const Buffer& table, acpi::EntryLayout layout) {
    std::vector<unsigned> found;
    Entries entries(table, layout);
    while (const auto entry = entries.next())
        found.push_back(entry->type);
    EXPECT_FALSE(entries.next()) << "once at the end, there it stays";
    return found;
}

Entry entry_of(uint16_t type, const Builder& builder) {
    return {type, builder.bytes};
}

TEST(AcpiEntries, ComeInTheirOrderWhateverTheLayout) {
    EXPECT_EQ(types(Builder(44).add(u8(9), u8(3), u8(0), u8(1), u8(2)).bytes, acpi::kMadtLayout),
              (std::vector{9u, 1u}));
    EXPECT_EQ(types(Builder(48).add(u8(2), u8(2), u8(0), u8(3), u8(7)).bytes, acpi::kSratLayout),
              (std::vector{2u, 0u}));
    EXPECT_EQ(
        types(Builder(48).add(u16(0x104), u16(5), u8(0), u16(1), u16(4)).bytes, acpi::kDmarLayout),
        (std::vector{0x104u, 1u}));
    EXPECT_EQ(types(Builder(48).add(u8(0x11), u8(0xff), u16(4), u8(0x40), u8(1), u16(4)).bytes,
                    acpi::kIvrsLayout),
              (std::vector{0x11u, 0x40u}));
}

TEST(AcpiEntries, EndBeforeOneOfAWrongLength) {
    for (const unsigned length : {0u, 1u, 4u, 255u})
        EXPECT_EQ(
            types(Builder(44).add(u8(5), u8(2), u8(1), u8(length), u8(0)).bytes, acpi::kMadtLayout),
            std::vector{5u})
            << length;
    for (const unsigned length : {0u, 3u, 6u, 0xffffu})
        EXPECT_EQ(types(Builder(48).add(u16(1), u16(length), u8(0)).bytes, acpi::kDmarLayout),
                  std::vector<unsigned>())
            << length;
}

TEST(AcpiEntries, OfATableThatEndsAnywhereAreThoseBefore) {
    const Buffer whole =
        Builder(48).add(u8(0x10), u8(0), u16(5), u8(0), u8(0x11), u8(0), u16(4)).bytes;
    for (std::size_t bytes = 0; bytes <= whole.size(); ++bytes) {
        const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes));
        const std::size_t expected = bytes == whole.size() ? 2 : bytes >= 53 ? 1 : 0;
        EXPECT_EQ(types(cut, acpi::kIvrsLayout).size(), expected) << bytes;
    }
}

/// Whether an entry one byte shorter, and one of another type, are refused.
template<class Read>
void expect_strict(Read read, uint16_t type, const Builder& builder) {
    Builder shorter = builder;
    shorter.bytes.pop_back();
    shorter.bytes.shrink_to_fit();
    EXPECT_FALSE(read(entry_of(type, shorter)));
    EXPECT_FALSE(read(entry_of(0x7e, builder)));
}

TEST(AcpiMadtEntries, LocalApicsHaveTheirIds) {
    const auto short_form = Builder(0).add(u8(0), u8(8), u8(7), u8(3), uint32_t{1});
    const auto old = acpi::local_apic(entry_of(0, short_form));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->uid, 7u);
    EXPECT_EQ(old->id, 3u);
    EXPECT_EQ(old->flags, 1u);
    expect_strict(acpi::local_apic, 0, short_form);

    const auto long_form =
        Builder(0).add(u8(9), u8(16), u16(0), uint32_t{0x1234}, uint32_t{2}, uint32_t{0x5678});
    const auto x2 = acpi::local_apic(entry_of(9, long_form));
    ASSERT_TRUE(x2);
    EXPECT_EQ(x2->id, 0x1234u);
    EXPECT_EQ(x2->flags, 2u);
    EXPECT_EQ(x2->uid, 0x5678u);
    expect_strict(acpi::local_apic, 9, long_form);
}

TEST(AcpiMadtEntries, IoApicsHaveTheirRegisters) {
    const auto builder = Builder(0).add(u8(1), u8(12), u16(0), uint32_t{0xfec0'1000}, uint32_t{24});
    const auto found = acpi::io_apic(entry_of(1, builder));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->registers, PhysAddr{0xfec0'1000});
    EXPECT_EQ(found->first_interrupt, 24u);
    expect_strict(acpi::io_apic, 1, builder);
}

TEST(AcpiMadtEntries, NmisHavePinPolarityAndTrigger) {
    const auto short_form = Builder(0).add(u8(4), u8(6), u8(0xff), u16(0xf), u8(1));
    const auto old = acpi::local_nmi(entry_of(4, short_form));
    ASSERT_TRUE(old);
    EXPECT_EQ(old->uid, ~0u) << "all processors";
    EXPECT_EQ(old->pin, 1u);
    EXPECT_TRUE(old->active_low);
    EXPECT_TRUE(old->level_triggered);
    expect_strict(acpi::local_nmi, 4, short_form);

    const auto long_form =
        Builder(0).add(u8(10), u8(12), u16(0x5), uint32_t{0x200}, u8(0), u8(0), u16(0));
    const auto x2 = acpi::local_nmi(entry_of(10, long_form));
    ASSERT_TRUE(x2);
    EXPECT_EQ(x2->uid, 0x200u);
    EXPECT_EQ(x2->pin, 0u);
    EXPECT_FALSE(x2->active_low);
    EXPECT_FALSE(x2->level_triggered);
    expect_strict(acpi::local_nmi, 10, long_form);

    const auto as_on_the_bus = Builder(0).add(u8(4), u8(6), u8(2), u16(0), u8(1));
    const auto isa = acpi::local_nmi(entry_of(4, as_on_the_bus));
    ASSERT_TRUE(isa);
    EXPECT_EQ(isa->uid, 2u);
    EXPECT_FALSE(isa->active_low);
    EXPECT_FALSE(isa->level_triggered);
}

TEST(AcpiIommus, HaveTheirRegisters) {
    Builder intel = Builder(0).add(u16(0), u16(16), u8(1), u8(0), u16(0), uint64_t{0xfed9'0000});
    EXPECT_EQ(acpi::intel_iommu(entry_of(0, intel)), PhysAddr{0xfed9'0000});
    expect_strict(acpi::intel_iommu, 0, intel);

    for (const auto& [type, bytes] : {std::pair{0x10, 24u}, {0x11, 40u}, {0x40, 40u}}) {
        Builder amd = Builder(0).add(u8(static_cast<unsigned>(type)), u8(0), u16(bytes), u16(2),
                                     u16(0x40), uint64_t{0xfd00'0000'0000});
        amd.bytes.resize(bytes);
        EXPECT_EQ(acpi::amd_iommu(entry_of(u16(static_cast<unsigned>(type)), amd)),
                  PhysAddr{0xfd00'0000'0000});
        expect_strict(acpi::amd_iommu, u16(static_cast<unsigned>(type)), amd);
    }
    EXPECT_FALSE(acpi::intel_iommu(entry_of(0, Builder(16)))) << "none at 0";
}

} // namespace
} // namespace baton::test
