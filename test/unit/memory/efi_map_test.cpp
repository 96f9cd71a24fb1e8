// SPDX-License-Identifier: BSD-2-Clause
#include "memory/efi_map.hpp"
#include "support/bytes.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kUncached = 0x1, kWriteThrough = 0x4, kWriteBack = 0x8;
constexpr uint64_t kSpecialPurpose = 0x4'0000, kRuntime = 0x8000'0000'0000'0000;

// EFI_MEMORY_TYPE in its order: UEFI 2.10 section 7.2.1.
enum EfiType : uint32_t {
    reserved,
    loader_code,
    loader_data,
    boot_code,
    boot_data,
    runtime_code,
    runtime_data,
    conventional,
    unusable,
    acpi_reclaim,
    acpi_nvs,
    mapped_io,
    mapped_io_ports,
    pal_code,
    persistent,
    unaccepted,
};

EfiMemoryDescriptor descriptor(uint32_t type, uint64_t start = 0x1000, uint64_t pages = 1,
                               uint64_t attribute = kWriteBack) {
    return {.type = type,
            .padding = 0,
            .physical_start = start,
            .virtual_start = 0,
            .number_of_pages = pages,
            .attribute = attribute};
}

/// `count` descriptors, `stride` bytes apart, of which the i-th starts at page i.
Buffer map_of(std::size_t count, std::size_t stride) {
    Buffer bytes;
    for (std::size_t i = 0; i < count; ++i) {
        append(bytes, descriptor(conventional, i * kPageBytes));
        bytes.resize((i + 1) * stride, std::byte{0xee});
    }
    return bytes;
}

TEST(EfiMemoryMap, StepsByTheFirmwaresDescriptorSize) {
    for (const std::size_t stride : {40u, 48u, 56u, 100u}) {
        const Buffer bytes = map_of(5, stride);
        const EfiMemoryMap map(bytes, stride);
        EXPECT_EQ(map.descriptor_bytes(), stride);
        ASSERT_EQ(map.size(), 5u) << stride;
        for (std::size_t i = 0; i < map.size(); ++i) {
            EXPECT_EQ(map[i].type, conventional);
            EXPECT_EQ(map[i].physical_start, i * kPageBytes);
            EXPECT_EQ(map[i].attribute, kWriteBack);
        }
    }
}

TEST(EfiMemoryMap, DescriptorsSmallerThanTheStructureMakeAnEmptyMap) {
    const Buffer bytes = map_of(5, 48);
    for (const uint64_t stride : {0u, 1u, 39u})
        EXPECT_EQ(EfiMemoryMap(bytes, stride).size(), 0u) << stride;
}

TEST(EfiMemoryMap, ADescriptorThatIsCutOffIsNotThere) {
    Buffer bytes = map_of(2, 48);
    bytes.pop_back();
    EXPECT_EQ(EfiMemoryMap(bytes, 48).size(), 1u);
}

TEST(EfiMemoryMap, IsEmptyWhereTheFirmwareGaveNothing) {
    EXPECT_EQ(EfiMemoryMap({}, 48).size(), 0u);
    EXPECT_EQ(EfiMemoryMap(map_of(1, 48), ~uint64_t{0}).size(), 0u);
}

TEST(EfiMemoryMap, AlignmentOfTheBytesDoesNotMatter) {
    const Buffer bytes = map_of(3, 48);
    const ShiftedBytes shifted(bytes, 3);
    EXPECT_EQ(EfiMemoryMap(shifted.view(), 48)[2].physical_start, 2 * kPageBytes);
}

TEST(EfiRange, IsThePagesOfTheDescriptor) {
    EXPECT_EQ(efi_range(descriptor(conventional, 0x5000, 3)), (PhysRange{{0x5000}, 0x3000}));
}

TEST(EfiRange, IsEmptyWithoutPages) {
    EXPECT_TRUE(efi_range(descriptor(conventional, 0x5000, 0)).empty());
}

TEST(EfiRange, IsCutOffAtTwoToThe52) {
    constexpr uint64_t kEnd = uint64_t{1} << 52;
    constexpr uint64_t kStart = kEnd - 2 * kPageBytes;
    for (const uint64_t pages : {uint64_t{2}, uint64_t{3}, uint64_t{1} << 52, ~uint64_t{0}})
        EXPECT_EQ(efi_range(descriptor(conventional, kStart, pages)),
                  (PhysRange{{kStart}, 2 * kPageBytes}));
    EXPECT_EQ(efi_range(descriptor(conventional, 0, ~uint64_t{0})), (PhysRange{{0}, kEnd}));
}

TEST(EfiRange, IsEmptyBeyondTwoToThe52) {
    for (const uint64_t start : {uint64_t{1} << 52, uint64_t{1} << 63, ~uint64_t{0} - 0xfff})
        EXPECT_TRUE(efi_range(descriptor(conventional, start, 2)).empty());
}

TEST(EfiMemoryType, FreeMemoryAndThatOfBootServicesIsUsable) {
    for (const uint32_t type : {conventional, boot_code, boot_data})
        EXPECT_EQ(efi_memory_type(descriptor(type)), BATON_MEMORY_USABLE) << type;
}

TEST(EfiMemoryType, LoaderMemoryIsReclaimable) {
    for (const uint32_t type : {loader_code, loader_data})
        EXPECT_EQ(efi_memory_type(descriptor(type)), BATON_MEMORY_LOADER_RECLAIMABLE) << type;
}

TEST(EfiMemoryType, EachOtherTypeKeepsItsMeaning) {
    EXPECT_EQ(efi_memory_type(descriptor(runtime_code)), BATON_MEMORY_RUNTIME_SERVICES);
    EXPECT_EQ(efi_memory_type(descriptor(runtime_data)), BATON_MEMORY_RUNTIME_SERVICES);
    EXPECT_EQ(efi_memory_type(descriptor(unusable)), BATON_MEMORY_BAD);
    EXPECT_EQ(efi_memory_type(descriptor(acpi_reclaim)), BATON_MEMORY_ACPI_RECLAIMABLE);
    EXPECT_EQ(efi_memory_type(descriptor(acpi_nvs)), BATON_MEMORY_ACPI_NVS);
    EXPECT_EQ(efi_memory_type(descriptor(persistent)), BATON_MEMORY_PERSISTENT);
    EXPECT_EQ(efi_memory_type(descriptor(unaccepted)), BATON_MEMORY_UNACCEPTED);
}

TEST(EfiMemoryType, AllElseIsReserved) {
    for (const uint32_t type : {uint32_t{reserved}, uint32_t{mapped_io}, uint32_t{mapped_io_ports},
                                uint32_t{pal_code}, 16u, 0x7000'0000u, 0x8000'0000u, ~0u})
        EXPECT_EQ(efi_memory_type(descriptor(type)), BATON_MEMORY_RESERVED) << type;
}

TEST(EfiMemoryType, FreeMemoryThatTheRuntimeUsesIsNotUsable) {
    for (const uint32_t type : {conventional, boot_code, boot_data})
        EXPECT_EQ(efi_memory_type(descriptor(type, 0, 1, kWriteBack | kRuntime)),
                  BATON_MEMORY_RUNTIME_SERVICES)
            << type;
}

TEST(EfiMemoryType, FreeMemoryForASpecialPurposeIsNotUsable) {
    for (const uint32_t type : {conventional, boot_code, boot_data})
        EXPECT_EQ(efi_memory_type(descriptor(type, 0, 1, kWriteBack | kSpecialPurpose)),
                  BATON_MEMORY_SPECIAL_PURPOSE)
            << type;
}

TEST(EfiMemoryType, WhatTheRuntimeUsesIsMoreThanASpecialPurpose) {
    EXPECT_EQ(efi_memory_type(descriptor(conventional, 0, 1, kRuntime | kSpecialPurpose)),
              BATON_MEMORY_RUNTIME_SERVICES);
}

TEST(EfiMemoryType, AttributesChangeNoOtherType) {
    for (uint32_t type = 0; type < 16; ++type) {
        if (type == conventional || type == boot_code || type == boot_data)
            continue;
        EXPECT_EQ(efi_memory_type(descriptor(type, 0, 1, kRuntime | kSpecialPurpose)),
                  efi_memory_type(descriptor(type)))
            << type;
    }
}

TEST(EfiTypedRange, KeepsTheFirmwaresTypeAndAttributes) {
    const TypedRange typed =
        efi_typed_range(descriptor(boot_data, 0x5000, 3, kWriteBack | kSpecialPurpose));
    EXPECT_EQ(typed.range, (PhysRange{{0x5000}, 0x3000}));
    EXPECT_EQ(typed.type, BATON_MEMORY_SPECIAL_PURPOSE);
    EXPECT_EQ(typed.firmware_type, boot_data);
    EXPECT_EQ(typed.attributes, kWriteBack | kSpecialPurpose);
    EXPECT_EQ(typed.origin, nullptr);
}

TEST(EfiTypedRange, KeepsATypeThatIsYetToCome) {
    const TypedRange typed = efi_typed_range(descriptor(0x8000'0001, 0x5000, 1));
    EXPECT_EQ(typed.type, BATON_MEMORY_RESERVED);
    EXPECT_EQ(typed.firmware_type, 0x8000'0001u);
}

TEST(EfiIsCacheable, MemoryOfEachKindThatCanBeWrittenBack) {
    for (const uint32_t type : {loader_code, loader_data, boot_code, boot_data, runtime_code,
                                runtime_data, conventional, acpi_reclaim, acpi_nvs, persistent})
        EXPECT_TRUE(efi_is_cacheable(descriptor(type))) << type;
}

TEST(EfiIsCacheable, NotWithoutTheWriteBackAttribute) {
    for (const uint64_t attribute : {uint64_t{0}, kUncached, kWriteThrough, kRuntime})
        EXPECT_FALSE(efi_is_cacheable(descriptor(conventional, 0, 1, attribute))) << attribute;
}

TEST(EfiIsCacheable, NeitherReservedNorDevicesNorBadNorUnacceptedMemory) {
    for (const uint32_t type :
         {uint32_t{reserved}, uint32_t{mapped_io}, uint32_t{mapped_io_ports}, uint32_t{pal_code},
          uint32_t{unusable}, uint32_t{unaccepted}, 16u, 0x7000'0000u, 0x8000'0000u})
        EXPECT_FALSE(efi_is_cacheable(descriptor(type))) << type;
}

TEST(EfiReservedParts, AreThoseInReservedMemoryThatCanBeCached) {
    Buffer bytes;
    for (const EfiMemoryDescriptor& each :
         {descriptor(reserved, 0x1'0000, 4), descriptor(acpi_nvs, 0x2'0000, 4),
          descriptor(reserved, 0x3'0000, 4, kUncached), descriptor(mapped_io, 0x4'0000, 4),
          descriptor(reserved, 0x5'0000, 1)})
        append(bytes, each);
    const EfiMemoryMap map(bytes, sizeof(EfiMemoryDescriptor));
    const PhysRange wanted[] = {{{0xf000}, 0x1008},   {{0x1'1004}, 8},   {{0x1'3ff8}, 16},
                                {{0x2'0000}, 0x1000}, {{0x3'0000}, 8},   {{0x4'0000}, 8},
                                {{0x4'f000}, 0x3000}, {{0x6'0000}, 0x10}};
    std::vector<PhysRange> room(map.size() + std::size(wanted));
    const auto parts = efi_reserved_parts(map, wanted, room);
    EXPECT_EQ(std::vector(parts.begin(), parts.end()),
              (std::vector<PhysRange>{
                  {{0x1'0000}, 8}, {{0x1'1004}, 8}, {{0x1'3ff8}, 8}, {{0x5'0000}, 0x1000}}));
    EXPECT_EQ(efi_reserved_parts(map, wanted, std::span(room).first(2)).size(), 2u);
}

} // namespace
} // namespace baton::test
