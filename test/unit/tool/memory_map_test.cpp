// SPDX-License-Identifier: BSD-2-Clause
//
// Memory maps as they stand in people's logs.
#include "tools/baton/memory_map.hpp"

#include "tools/baton/failure.hpp"

#include <gtest/gtest.h>

namespace baton::tool {
namespace {

struct Range {
    uint64_t first, end;
    BatonMemoryType type;
    bool operator==(const Range&) const = default;
};

void PrintTo(const Range& range, std::ostream* out) {
    *out << std::hex << range.first << "-" << range.end << " type " << std::dec << range.type;
}

std::vector<Range> parse(std::string_view text) {
    std::vector<Range> ranges;
    for (const TypedRange& range : parse_memory_map(text, "log.txt"))
        ranges.push_back(
            {range.range.base.value, range.range.base.value + range.range.bytes, range.type});
    return ranges;
}

std::string failure(std::string_view text) {
    try {
        parse(text);
    } catch (const Failure& thrown) {
        return thrown.what();
    }
    return "no failure";
}

const std::vector<Range> kSmallPc = {{0, 0x9f000, BATON_MEMORY_USABLE},
                                     {0x9f000, 0xa0000, BATON_MEMORY_RESERVED},
                                     {0xf0000, 0x100000, BATON_MEMORY_RESERVED},
                                     {0x100000, 0x7ffe0000, BATON_MEMORY_USABLE},
                                     {0x7ffe0000, 0x80000000, BATON_MEMORY_RESERVED}};

TEST(MemoryMap, LinuxPrintsItInOneWordingAfterTheOther) {
    for (const std::string_view text :
         {"[    0.000000] BIOS-provided physical RAM map:\n"
          "[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
          "[    0.000000] BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff] reserved\n"
          "[    0.000000] BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff] reserved\n"
          "[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000007ffdffff] usable\n"
          "[    0.000000] BIOS-e820: [mem 0x000000007ffe0000-0x000000007fffffff] reserved\n"
          "[    0.000000] NX (Execute Disable) protection: active\n"
          "[    0.000000] e820: update [mem 0x00000000-0x00000fff] usable ==> reserved\n"
          "[    0.000000] e820: remove [mem 0x000a0000-0x000fffff] usable\n"
          "[    0.000000] e820: remove [mem 0x90000000-0xafffffff] usable\n"
          "[    0.000000] last_pfn = 0x7ffe0 max_arch_pfn = 0x400000000\n"
          "[    0.010000] ACPI: Reserving FACP table memory at [mem 0x7ffe2247-0x7ffe233a]\n"
          "[    0.010000] Early memory node ranges\n"
          "[    0.010000]   node   0: [mem 0x0000000000001000-0x000000000009efff]\n"
          "[    0.010000] PM: hibernation: Registered nosave memory: [mem 0x00000000-0x00000fff]\n"
          "[    0.010000] [mem 0x80000000-0xfffbffff] available for PCI devices\n"
          "[    0.200000] e820: reserve RAM buffer [mem 0x0009fc00-0x0009ffff]\n"
          "[    0.300000] pci 0000:00:02.0: BAR 0 [mem 0xfd000000-0xfdffffff pref]\n",
          "BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff]  System RAM\r\n"
          "BIOS-e820: [mem 0x000000000009fc00-0x000000000009ffff]  device reserved\r\n"
          "BIOS-e820: [gap 0x00000000000a0000-0x00000000000effff]\r\n"
          "BIOS-e820: [mem 0x00000000000f0000-0x00000000000fffff]  device reserved\r\n"
          "BIOS-e820: [mem 0x0000000000100000-0x000000007ffdffff]  System RAM\r\n"
          "BIOS-e820: [mem 0x000000007ffe0000-0x000000007fffffff]  device reserved\r\n"
          "BIOS-e820: [gap 0x0000000080000000-0x00000000fffbffff]\r\n",
          "kern  :info  : BIOS-e820: [mem 0x00000000-0x0009fbff]  639   KB kernel usable RAM\n"
          "kern  :info  : BIOS-e820: [mem 0x0009fc00-0x0009ffff]    1   KB device reserved\n"
          "kern  :info  : BIOS-e820: [gap 0x000a0000-0x000effff]  320   KB ...\n"
          "kern  :info  : BIOS-e820: [mem 0x000f0000-0x000fffff]   64   KB reserved\n"
          "kern  :info  : BIOS-e820: [mem 0x00100000-0x7ffdffff]    1.9 GB kernel usable RAM\n"
          "kern  :info  : BIOS-e820: [mem 0x7ffe0000-0x7fffffff]  128   KB reserved\n",
          " BIOS-e820: 0000000000000000 - 000000000009fc00 (usable)\n"
          " BIOS-e820: 000000000009fc00 - 00000000000a0000 (reserved)\n"
          " BIOS-e820: 00000000000f0000 - 0000000000100000 (reserved)\n"
          " BIOS-e820: 0000000000100000 - 000000007ffe0000 (usable)\n"
          " BIOS-e820: 000000007ffe0000 - 0000000080000000 (reserved)\n"})
        EXPECT_EQ(parse(text), kSmallPc) << text;
}

TEST(MemoryMap, ItIsFoundBehindWhatLogsPutBeforeIt) {
    for (const std::string prefix :
         {"", "<6>[    0.000000] ", "[    0.000000][    T0] ", "> [    0.000000] ",
          "[Mon Nov 30 06:56:38 2026] ", "Nov 30 06:56:38 box kernel: ",
          "2026-11-30T06:56:38.123456+00:00 box kernel: [    0.000000] ",
          "\x1b[32m[    0.000000] \x1b[0m\x1b[33m"})
        EXPECT_EQ(
            parse(prefix + "BIOS-e820: [mem 0x0000000000100000-0x00000000001fffff] usable\r\n"),
            (std::vector<Range>{{0x100000, 0x200000, BATON_MEMORY_USABLE}}))
            << prefix;
}

TEST(MemoryMap, EveryTypeIsThereAndAnUnknownOneIsReserved) {
    EXPECT_EQ(parse("BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff] usable\n"
                    "BIOS-e820: [mem 0x0000000000002000-0x0000000000002fff] ACPI data\n"
                    "BIOS-e820: [mem 0x0000000000004000-0x0000000000004fff] ACPI NVS\n"
                    "BIOS-e820: [mem 0x0000000000006000-0x0000000000006fff] unusable\n"
                    "BIOS-e820: [mem 0x0000000000008000-0x0000000000008fff] persistent (type 12)\n"
                    "BIOS-e820: [mem 0x000000000000a000-0x000000000000afff] soft reserved\n"
                    "BIOS-e820: [mem 0x000000000000c000-0x000000000000cfff] type 20\n"
                    "BIOS-e820: [mem 0x000000000000e000-0x000000000000efff] made of cheese\n"),
              (std::vector<Range>{{0, 0x1000, BATON_MEMORY_USABLE},
                                  {0x2000, 0x3000, BATON_MEMORY_ACPI_RECLAIMABLE},
                                  {0x4000, 0x5000, BATON_MEMORY_ACPI_NVS},
                                  {0x6000, 0x7000, BATON_MEMORY_BAD},
                                  {0x8000, 0x9000, BATON_MEMORY_PERSISTENT},
                                  {0xa000, 0xb000, BATON_MEMORY_SPECIAL_PURPOSE},
                                  {0xc000, 0xd000, BATON_MEMORY_RESERVED},
                                  {0xe000, 0xf000, BATON_MEMORY_RESERVED}}));
}

TEST(MemoryMap, TheLastMapWithMemoryCounts) {
    const std::string bios = "BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable\n"
                             "BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable\n";
    const std::vector<Range> limited = {{0x100000, 0x4000000, BATON_MEMORY_USABLE}};
    for (const std::string_view map :
         {"user-defined physical RAM map:\nuser: [mem 0x0000000000100000-0x0000000003ffffff] "
          "usable\n",
          "modified physical RAM map:\nmodified: [mem 0x0000000000100000-0x0000000003ffffff] "
          "usable\n",
          "extended physical RAM map:\n" // split inside of a page
          "reserve setup_data: [mem 0x0000000000100000-0x0000000000200017] usable\n"
          "reserve setup_data: [mem 0x0000000000200018-0x0000000000210057] usable\n"
          "reserve setup_data: [mem 0x0000000000210058-0x0000000003ffffff] usable\n",
          "BIOS-e820: [mem 0x0000000000000000-0x00000000000fffff] reserved\n" // the next boot
          "BIOS-e820: [mem 0x0000000000100000-0x0000000003ffffff] usable\n"}) {
        auto expected = limited;
        if (map.contains("reserved"))
            expected.insert(expected.begin(), {0, 0x100000, BATON_MEMORY_RESERVED});
        EXPECT_EQ(parse(bios + std::string(map)), expected) << map;
    }
    EXPECT_EQ(parse(bios + "BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff] reserved\n"),
              parse(bios));
}

TEST(MemoryMap, OverlapsAreOfTheMoreCarefulType) {
    EXPECT_EQ(parse("BIOS-e820: [mem 0x0000000000000000-0x0000000000ffffff] usable\n"
                    "BIOS-e820: [mem 0x0000000000800000-0x00000000008007ff] reserved\n"),
              (std::vector<Range>{{0, 0x800000, BATON_MEMORY_USABLE},
                                  {0x800000, 0x801000, BATON_MEMORY_RESERVED},
                                  {0x801000, 0x1000000, BATON_MEMORY_USABLE}}));
}

TEST(MemoryMap, LinuxPrintsThatOfUefi) {
    const std::vector<Range> expected = {{0, 0x1000, BATON_MEMORY_LOADER_RECLAIMABLE},
                                         {0x1000, 0x2000, BATON_MEMORY_USABLE},
                                         {0x2000, 0x3000, BATON_MEMORY_RESERVED},
                                         {0x3000, 0x4000, BATON_MEMORY_RUNTIME_SERVICES},
                                         {0x100000, 0x200000, BATON_MEMORY_USABLE},
                                         {0x200000, 0x300000, BATON_MEMORY_SPECIAL_PURPOSE}};
    EXPECT_EQ(parse("efi: mem00: [Boot Code          |   |  |  |  |  |  |  |   |WB|WT|WC|UC] "
                    "range=[0x0000000000000000-0x0000000000000fff] (0MB)\n"
                    "efi: mem01: [Loader Data        |   |  |  |  |  |  |  |   |WB|WT|WC|UC] "
                    "range=[0x0000000000001000-0x0000000000001fff] (0MB)\n"
                    "efi: mem02: [Reserved           |   |  |  |  |  |  |  |   |WB|WT|WC|UC] "
                    "range=[0x0000000000002000-0x0000000000002fff] (0MB)\n"
                    "efi: mem03: [Conventional Memory|   |  |  |  |  |  |  |   |WB|WT|WC|UC] "
                    "range=[0x0000000000100000-0x00000000001fffff] (1MB)\n"
                    "efi: mem04: [Runtime Data       |RUN|  |  |  |  |  |  |   |WB|WT|WC|UC] "
                    "range=[0x0000000000003000-0x0000000000003fff] (0MB)\n" // in no order
                    "efi: mem05: [Conventional Memory|   |  |SP|  |  |  |  |   |WB|WT|WC|UC] "
                    "range=[0x0000000000200000-0x00000000002fffff] (1MB)\n"),
              expected);
    EXPECT_EQ(
        parse("EFI: mem00: type=4, attr=0xf, range=[0x0000000000000000-0x0000000000001000) (0MB)\n"
              "EFI: mem05: type=2, attr=0xf, range=[0x0000000000001000-0x0000000000002000) (0MB)\n"
              "EFI: mem01: type=0, attr=0xf, range=[0x0000000000002000-0x0000000000003000) (0MB)\n"
              "EFI: mem02: type=6, attr=0x800000000000000f, "
              "range=[0x0000000000003000-0x0000000000004000) (0MB)\n"
              "efi: mem03: [Conventional Memory|attr=0x0f] "
              "range=[0x0000000000100000-0x0000000000200000) (1MB)\n"
              "efi: mem04: [Conventional Memory|attr=0x000000000004000f] "
              "range=[0x0000000000200000-0x0000000000300000) (1MB)\n"),
        expected);
}

TEST(MemoryMap, OtherSystemsPrintItToo) {
    for (const std::string_view text :
         {"(XEN) Xen-e820 RAM map:\n"
          "(XEN)  0000000000000000 - 000000000009fc00 (usable)\n"
          "(XEN)  000000000009fc00 - 00000000000a0000 (reserved)\n"
          "(XEN)  00000000000f0000 - 0000000000100000 (reserved)\n"
          "(XEN)  0000000000100000 - 000000007ffe0000 (usable)\n"
          "(XEN)  000000007ffe0000 - 0000000080000000 (reserved)\n",
          "(XEN) EFI RAM map:\n"
          "(XEN)  [0000000000000000, 000000000009fbff] (usable)\n"
          "(XEN)  [000000000009fc00, 000000000009ffff] (reserved)\n"
          "(XEN)  [00000000000f0000, 00000000000fffff] (reserved)\n"
          "(XEN)  [0000000000100000, 000000007ffdffff] (usable)\n"
          "(XEN)  [000000007ffe0000, 000000007fffffff] (reserved)\n",
          "SMAP type=01 base=0000000000000000 len=000000000009fc00\n"
          "SMAP type=02 base=000000000009fc00 len=0000000000000400\n"
          "SMAP type=02 base=00000000000f0000 len=0000000000010000\n"
          "SMAP type=01 base=0000000000100000 len=000000007fee0000\n"
          "SMAP type=02 base=000000007ffe0000 len=0000000000020000\n",
          "00000000-0009fbff : System RAM\n"
          "0009fc00-0009ffff : Reserved\n"
          "000a0000-000bffff : PCI Bus 0000:00\n"
          "  000a0000-000bffff : Reserved\n"
          "000f0000-000fffff : Reserved\n"
          "  000f0000-000fffff : System ROM\n"
          "00100000-7ffdffff : System RAM\n"
          "  01000000-01e00000 : Kernel code\n"
          "7ffe0000-7fffffff : Reserved\n"
          "fed00000-fed003ff : HPET 0\n",
          "0x0-0x9fbff usable\n0x9fc00-0x9ffff reserved\n0xf0000-0xfffff reserved\n"
          "0x100000-0x7ffdffff usable\n[mem 0x7ffe0000-0x7fffffff] reserved\n"})
        EXPECT_EQ(parse(text), kSmallPc) << text;
}

TEST(MemoryMap, WhatIsNoMapIsNamed) {
    EXPECT_TRUE(failure("all went well\n").contains("log.txt: there is no memory map in it"));
    EXPECT_TRUE(failure("").contains("there is no memory map in it"));
    EXPECT_TRUE(failure("00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n"
                        "  00000000-00000000 : Kernel code\n")
                    .contains("root"));
    EXPECT_TRUE(failure("BIOS-e820: [mem 0x0000000000000000-0x0000000000ffffff] reserved\n")
                    .contains("no usable memory"));
    EXPECT_TRUE(failure("BIOS-e820: [mem 0x0000000000002000-0x0000000000001000] usable\n")
                    .contains("ends before it begins: BIOS-e820: [mem"));
    EXPECT_TRUE(
        failure("e820: remove [mem 0x00100000-0x7fffffff] usable\n").contains("no memory map"));
}

TEST(MemoryMap, AddressesBeyondThePhysicalOnesAreLeftOut) {
    EXPECT_EQ(parse("BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff] usable\n"
                    "BIOS-e820: [mem 0x000ffffffffff000-0xffffffffffffffff] reserved\n"),
              (std::vector<Range>{{0, 0x1000, BATON_MEMORY_USABLE},
                                  {0xffffffffff000, 0x10000000000000, BATON_MEMORY_RESERVED}}));
}

} // namespace
} // namespace baton::tool
