// SPDX-License-Identifier: BSD-2-Clause
#include "uefi/boot_server.hpp"

#include "support/bytes.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace baton::test {
namespace {

constexpr uint32_t kAddress = 0x0202000a; // 10.0.2.2 as it lies in memory

/// A DHCPACK, as long as the firmware's buffer for one.
class Reply {
  public:
    Reply() : bytes_(1472) { put(236, {0x63, 0x82, 0x53, 0x63}); }

    Reply& server(uint8_t last) {
        put(20, {10, 0, 2, last});
        return *this;
    }
    Reply& file(std::string_view name) {
        for (std::size_t i = 0; i < name.size(); ++i)
            bytes_[108 + i] = std::byte(name[i]);
        return *this;
    }
    Reply& option(uint8_t code, std::string_view contents) {
        put(end_, {code, static_cast<uint8_t>(contents.size())});
        for (std::size_t i = 0; i < contents.size(); ++i)
            bytes_[end_ + 2 + i] = std::byte(contents[i]);
        end_ += 2 + contents.size();
        return *this;
    }
    Reply& byte(uint8_t value) {
        put(end_++, {value});
        return *this;
    }
    std::optional<BootServer> parse() const { return parse_dhcp_reply(bytes_); }
    std::optional<BootServer> parse(std::size_t bytes) const {
        const Buffer copy(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(bytes));
        const auto server = parse_dhcp_reply(copy); // the end of the heap block is watched
        return server ? std::optional(BootServer{server->address, {}}) : std::nullopt;
    }
    std::size_t end() const { return end_; }

  private:
    void put(std::size_t at, std::initializer_list<uint8_t> values) {
        for (const uint8_t value : values)
            bytes_[at++] = std::byte(value);
    }
    Buffer bytes_;
    std::size_t end_ = 240;
};

TEST(BootServer, ComesFromTheFieldsOfTheReply) {
    const Reply reply = Reply().server(2).file("lab/BOOTX64.EFI").option(53, "\5").byte(255);
    const auto server = reply.parse();
    ASSERT_TRUE(server);
    EXPECT_EQ(server->address, kAddress);
    EXPECT_EQ(server->file, "lab/BOOTX64.EFI");
}

TEST(BootServer, TheFileFieldMayBeFull) {
    const std::string name(128, 'f');
    const Reply reply = Reply().server(2).file(name);
    ASSERT_TRUE(reply.parse());
    EXPECT_EQ(reply.parse()->file, name);
}

TEST(BootServer, OptionsGoBeforeTheFileFieldAndBehindTheServerField) {
    const std::string_view identifier("\12\0\2\2", 4);
    const Reply both =
        Reply().server(2).file("old.efi").byte(0).option(67, "new.efi").option(54, "abcd");
    ASSERT_TRUE(both.parse());
    EXPECT_EQ(both.parse()->address, kAddress);
    EXPECT_EQ(both.parse()->file, "new.efi");
    const Reply options = Reply().option(54, identifier).option(67, std::string_view("n.efi\0", 6));
    ASSERT_TRUE(options.parse());
    EXPECT_EQ(options.parse()->address, kAddress);
    EXPECT_EQ(options.parse()->file, "n.efi");
}

TEST(BootServer, NothingBehindTheEndOptionCounts) {
    EXPECT_FALSE(Reply().server(2).byte(255).option(67, "a.efi").parse());
}

TEST(BootServer, IsNotThereWithoutBothParts) {
    EXPECT_FALSE(Reply().parse());
    EXPECT_FALSE(Reply().server(2).parse());
    EXPECT_FALSE(Reply().file("a.efi").parse());
    EXPECT_FALSE(Reply().file("a.efi").option(54, "abc").parse());
    EXPECT_FALSE(parse_dhcp_reply(Buffer(1472)));
}

TEST(BootServer, APacketThatIsCutOffIsReadNoFurther) {
    const Reply reply = Reply().server(2).option(12, "name").option(67, "a.efi");
    for (std::size_t bytes = 0; bytes < reply.end(); ++bytes)
        EXPECT_FALSE(reply.parse(bytes)) << bytes;
    EXPECT_TRUE(reply.parse(reply.end()));
}

TEST(BootServer, PathsCountFromTheDirectoryOfTheBootFile) {
    const auto root = [](std::string_view file) { return BootServer{1, file}.root(); };
    EXPECT_EQ(root("BOOTX64.EFI"), "");
    EXPECT_EQ(root("/BOOTX64.EFI"), "/");
    EXPECT_EQ(root("lab/one/baton.efi"), "lab/one/");
}

TEST(BootServer, PathsCountFromTheCopyOfABootVolume) {
    const auto root = [](std::string_view file) { return BootServer{1, file}.root(); };
    EXPECT_EQ(root("EFI/BOOT/BOOTX64.EFI"), "");
    EXPECT_EQ(root("/efi/boot/bootx64.efi"), "/");
    EXPECT_EQ(root("lab/EFI/BOOT/BOOTX64.EFI"), "lab/");
    EXPECT_EQ(root("notEFI/BOOT/BOOTX64.EFI"), "notEFI/BOOT/");
    EXPECT_EQ(root("EFI/BOOT/more/BOOTX64.EFI"), "EFI/BOOT/more/");
}

TEST(BootServer, EitherSeparatorEndsADirectory) {
    const auto root = [](std::string_view file) { return BootServer{1, file}.root(); };
    EXPECT_EQ(root("Boot\\my-os\\BOOTX64.EFI"), "Boot\\my-os\\");
    EXPECT_EQ(root("Boot\\my-os/BOOTX64.EFI"), "Boot\\my-os/");
    EXPECT_EQ(root("Boot/my-os\\BOOTX64.EFI"), "Boot/my-os\\");
    EXPECT_EQ(root("\\BOOTX64.EFI"), "\\");
    EXPECT_EQ(root("\\\\BOOTX64.EFI"), "\\\\");
    EXPECT_EQ(root("\\EFI\\BOOT\\BOOTX64.EFI"), "\\");
    EXPECT_EQ(root("EFI\\Boot\\bootx64.efi"), "");
    EXPECT_EQ(root("lab\\efi/boot\\BOOTX64.EFI"), "lab\\");
    EXPECT_EQ(root("lab\\\\EFI\\\\BOOT\\\\BOOTX64.EFI"), "lab\\\\");
    EXPECT_EQ(root("lab//EFI//BOOT//BOOTX64.EFI"), "lab//");
    EXPECT_EQ(root("notEFI\\BOOT\\BOOTX64.EFI"), "notEFI\\BOOT\\");
    EXPECT_EQ(root("BOOT\\BOOTX64.EFI"), "BOOT\\");
}

TEST(BootServer, ADriveIsADirectory) {
    const auto root = [](std::string_view file) { return BootServer{1, file}.root(); };
    EXPECT_EQ(root("C:\\tftp\\BOOTX64.EFI"), "C:\\tftp\\");
    EXPECT_EQ(root("C:\\EFI\\BOOT\\BOOTX64.EFI"), "C:\\");
    EXPECT_EQ(root("c:EFI\\BOOT\\BOOTX64.EFI"), "c:");
    EXPECT_EQ(root("C:BOOTX64.EFI"), "C:");
    EXPECT_EQ(root("a:b"), "a:");
    EXPECT_EQ(root("lab/C:x"), "lab/");
}

TEST(BootServer, OtherPathsHaveTheSeparatorOfTheBootFile) {
    const auto separator = [](std::string_view file) { return BootServer{1, file}.separator(); };
    EXPECT_EQ(separator("Boot\\my-os\\BOOTX64.EFI"), '\\');
    EXPECT_EQ(separator("\\BOOTX64.EFI"), '\\');
    EXPECT_EQ(separator("C:\\BOOTX64.EFI"), '\\');
    EXPECT_EQ(separator("Boot/my-os\\BOOTX64.EFI"), '\\');
    EXPECT_EQ(separator("Boot\\my-os/BOOTX64.EFI"), '/');
    EXPECT_EQ(separator("/BOOTX64.EFI"), '/');
    EXPECT_EQ(separator("BOOTX64.EFI"), '/');
    EXPECT_EQ(separator("C:BOOTX64.EFI"), '/');
}

} // namespace
} // namespace baton::test
