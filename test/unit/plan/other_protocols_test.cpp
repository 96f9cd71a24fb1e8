// SPDX-License-Identifier: BSD-2-Clause
#include "plan/other_protocols.hpp"

#include "core/text.hpp"
#include "support/bytes.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <initializer_list>
#include <string>

namespace baton::test {
namespace {

constexpr uint32_t kMagic1 = 0x1bad'b002;
constexpr uint32_t kMagic2 = 0xe852'50d6;

/// A file with words at an offset.
Buffer file_with(std::size_t offset, std::initializer_list<uint32_t> words,
                 std::size_t bytes = 0x1'0000) {
    Buffer file(bytes);
    for (const uint32_t word : words) {
        std::memcpy(file.data() + offset, &word, sizeof word);
        offset += sizeof word;
    }
    return file;
}
Buffer multiboot1_at(std::size_t offset) {
    return file_with(offset, {kMagic1, 3, 0u - kMagic1 - 3});
}
Buffer multiboot2_at(std::size_t offset) {
    return file_with(offset, {kMagic2, 0, 24, 0u - kMagic2 - 24});
}
bool finds(const Buffer& file, OtherProtocol protocol) {
    return find_other_protocols(file).contains(protocol);
}

TEST(OtherProtocols, Multiboot1HasItsHeaderInTheFirst8KiB) {
    for (const std::size_t offset : {0u, 4u, 0x1000u, 8192u - 12})
        EXPECT_TRUE(finds(multiboot1_at(offset), OtherProtocol::multiboot1)) << offset;
    for (const std::size_t offset : {2u, 8192u - 8, 8192u})
        EXPECT_FALSE(finds(multiboot1_at(offset), OtherProtocol::multiboot1)) << offset;
}

TEST(OtherProtocols, Multiboot2HasItsHeaderInTheFirst32KiB) {
    for (const std::size_t offset : {0u, 8u, 0x2000u, 32768u - 16})
        EXPECT_TRUE(finds(multiboot2_at(offset), OtherProtocol::multiboot2)) << offset;
    for (const std::size_t offset : {4u, 32768u - 8, 32768u})
        EXPECT_FALSE(finds(multiboot2_at(offset), OtherProtocol::multiboot2)) << offset;
}

TEST(OtherProtocols, APartIsLookedThroughByItsPlaceInTheFile) {
    const Buffer one = multiboot1_at(0x1004), two = multiboot2_at(0x4008);
    const auto finds_in = [](const Buffer& file, std::size_t offset, OtherProtocol protocol) {
        return find_other_protocols(Bytes(file).subspan(offset), offset).contains(protocol);
    };
    for (const std::size_t offset : {0x1000u, 0x1001u, 0x1004u})
        EXPECT_TRUE(finds_in(one, offset, OtherProtocol::multiboot1)) << offset;
    EXPECT_FALSE(finds_in(one, 0x1005, OtherProtocol::multiboot1));
    EXPECT_TRUE(finds_in(two, 0x4004, OtherProtocol::multiboot2));
    EXPECT_FALSE(find_other_protocols(Bytes(two).subspan(0x4008), 0x4004)
                     .contains(OtherProtocol::multiboot2)); // not at a multiple of 8
    EXPECT_TRUE(find_other_protocols(Bytes(one).subspan(0x1004), 8192).empty());
}

TEST(OtherProtocols, AMagicNumberWithoutItsChecksumIsNoHeader) {
    EXPECT_TRUE(find_other_protocols(file_with(64, {kMagic1, 3, 1})).empty());
    EXPECT_TRUE(find_other_protocols(file_with(64, {kMagic2, 0, 24, 1})).empty());
}

TEST(OtherProtocols, ABzImageIsLinux) {
    Buffer file = file_with(0x202, {0x5372'6448});
    EXPECT_FALSE(finds(file, OtherProtocol::linux_boot));
    file[0x1fe] = std::byte{0x55};
    file[0x1ff] = std::byte{0xaa};
    EXPECT_TRUE(finds(file, OtherProtocol::linux_boot));
}

TEST(OtherProtocols, AFileOfAnyLengthCanBeLookedThrough) {
    Buffer file = multiboot2_at(0);
    for (std::size_t bytes = 0; bytes < 0x240; ++bytes) {
        Buffer cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(bytes));
        cut.shrink_to_fit();
        EXPECT_EQ(finds(cut, OtherProtocol::multiboot2), bytes >= 16) << bytes;
    }
}

TEST(OtherProtocols, AreNamedTogether) {
    OtherProtocols protocols;
    EXPECT_TRUE(protocols.empty());
    protocols.add(OtherProtocol::multiboot2);
    protocols.add(OtherProtocol::pvh);
    Text text;
    describe(protocols, text);
    EXPECT_EQ(text.view(),
              "this kernel speaks Multiboot2, which enters 32-bit code, and PVH, which enters "
              "32-bit code: Baton doesn't have that yet");
}

} // namespace
} // namespace baton::test
