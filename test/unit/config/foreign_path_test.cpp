// SPDX-License-Identifier: BSD-2-Clause
#include "config/foreign_path.hpp"

#include "config/parsing.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <utility>

namespace baton::test {
namespace {

struct Foreign {
    std::string_view path, about;
};

TEST(ForeignPath, IsRefusedWithItsDeviceAndWhoseItIs) {
    const Foreign paths[] = {
        {"fs0:\\EFI\\k.elf", "fs0: is the EFI shell's"},
        {"FS12:k.elf", "FS12: is the EFI shell's"},
        {"blk1:/k.elf", "blk1: is the EFI shell's"},
        {"HD0b0:\\k", "HD0b0: is the EFI shell's"},
        {"boot():/k.elf", "boot(): is Limine's"},
        {"boot(1):k", "boot(1): is Limine's"},
        {"hdd(0:1):/k.elf", "hdd(0:1): is Limine's"},
        {"uuid(0d3a...):/k", "uuid(0d3a...): is Limine's"},
        {"guid(a-b):/k", "guid(a-b): is Limine's"},
        {"fslabel(MY OS):/k", "fslabel(MY OS): is Limine's"},
        {"tftp(10.0.0.1):/k", "tftp(10.0.0.1): is Limine's"},
        {"boot:///k.elf", "boot:// is Limine's"},
        {"(hd0,gpt1)/k.elf", "(hd0,gpt1) is GRUB's"},
        {"(hd0,1)", "(hd0,1) is GRUB's"},
        {"(cd)/k", "(cd) is GRUB's"},
        {"($root)/k", "($root) is GRUB's"},
        {"$root/k", "$root is GRUB's"},
        {"${root}/k", "${root} is GRUB's"},
        {"hd0,gpt1/k", "hd0,gpt1 is GRUB's"},
        {"hd0,gpt1", "hd0,gpt1 is GRUB's"},
        {"C:\\k.elf", "C: is Windows'"},
        {"d:/k.elf", "d: is Windows'"},
        {"C:k.elf", "C: is Windows'"},
        {"\\\\server\\share\\k.elf", "\\\\server is Windows'"},
        {"::/k.elf", ":: is mtools'"},
        {":/k.elf", ": is mtools'"},
        {"file:///k.elf", "file:// is a URL's"},
        {"tftp://10.0.0.1/k", "tftp:// is a URL's"},
        {"http://host/k", "http:// is a URL's"},
        {"https://host:8080/k", "https:// is a URL's"},
        {"ESP:/k.elf", "ESP: is a volume's or a server's"},
        {"10.0.0.1:/export/k", "10.0.0.1: is a volume's or a server's"},
        {"PciRoot(0x0)/Pci(0x1,0x1)/\\k.elf", "PciRoot(0x0) is an EFI device path's"},
        {"HD(1,GPT,1-2-3-4-5-6-7-8,0x800,0x32000)/\\k.elf",
         "HD(1,GPT,1-2-3-4-5-6-7-8,0x800,0x32000) is an EFI device path's"},
        {"HD(1,GPT,1-2-3-4-5-6-7-8-9,0x800,0x32000)/\\k.elf",
         "HD(1,GPT,1-2-3-4-5-6-7-8-9,0x800,0x3200 is an EFI device path's"},
    };
    for (const Foreign& foreign : paths)
        expect_failure(check_no_device(foreign.path, {3, 8}),
                       Error(ErrorCode::boot_path_with_device, {3, 8}).about(foreign.about));
}

TEST(ForeignPath, OwnPathsAreNotTakenForOne) {
    for (const std::string_view path : {"",
                                        "/",
                                        "\\",
                                        "k",
                                        "/boot/k.elf",
                                        "\\boot\\k.elf",
                                        "//boot//k",
                                        "\\\\boot\\\\k.elf",
                                        "\\\\k.elf",
                                        "\\\\\\boot\\k",
                                        "/a:b",
                                        "dir/fs0:/k",
                                        "k(1).elf",
                                        "/(hd0)/k",
                                        "old (2)/k.elf",
                                        "copy(2)/k",
                                        "(1) k.elf",
                                        "./(hd0)/k",
                                        "$Recycle.Bin/k",
                                        "$",
                                        "a,b",
                                        "hd,1",
                                        "k,1.elf",
                                        "(",
                                        "a(b",
                                        "my os/k",
                                        "fs0",
                                        "fs0/k",
                                        "boot",
                                        "C",
                                        "k.elf-1.2:beta",
                                        "HD(1) old"})
        EXPECT_EQ(outcome(check_no_device(path, {1, 1})), "good") << path;
}

TEST(ForeignPath, OfAnyLengthFitsIntoTheError) {
    const std::string path = "(" + std::string(900, 'x') + ")/k";
    expect_failure(
        check_no_device(path, {1, 1}),
        Error(ErrorCode::boot_path_with_device, {1, 1}).about(path.substr(0, 53) + " is GRUB's"));
}

} // namespace
} // namespace baton::test
