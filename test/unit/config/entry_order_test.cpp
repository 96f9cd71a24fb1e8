// SPDX-License-Identifier: BSD-2-Clause
#include "config/entry_order.hpp"

#include "config/entry_file.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

struct Keys {
    std::string_view sort_key = {};
    std::string_view machine_id = {};
    std::string_view version = {};
};

BootEntry entry(std::string_view file_name, const Keys& keys = {}) {
    const EntryName name = parse_entry_name(file_name);
    BootEntry result;
    result.file_name = file_name;
    result.id = name.id;
    result.tries = name.tries;
    result.sort_key = keys.sort_key;
    result.machine_id = keys.machine_id;
    result.version = keys.version;
    return result;
}

std::vector<std::string_view> names_of(std::span<const BootEntry> entries) {
    std::vector<std::string_view> names(entries.size());
    std::ranges::transform(entries, names.begin(), &BootEntry::file_name);
    return names;
}

/// The entries must be sorted into the order that they are given in, from whatever order.
void expect_in_order(const std::vector<BootEntry>& entries) {
    Random random(1);
    for (int round = 0; round < 20; ++round) {
        std::vector<BootEntry> shuffled = entries;
        random.shuffle(std::span(shuffled));
        sort_entries(shuffled);
        ASSERT_EQ(names_of(shuffled), names_of(entries));
    }
}

TEST(EntryOrder, FileNamesAreVersionsDownwards) {
    expect_in_order({entry("os-6.10.conf"), entry("os-6.9.conf"), entry("os-6.9~rc1.conf"),
                     entry("another-7.conf")});
}

TEST(EntryOrder, EntriesWithASortKeyComeFirst) {
    expect_in_order({entry("a.conf", {.sort_key = "zzz"}), entry("z.conf", {.version = "99"})});
}

TEST(EntryOrder, SortKeysGoUpwards) {
    expect_in_order({entry("a.conf", {.sort_key = "B"}), entry("c.conf", {.sort_key = "a"}),
                     entry("d.conf", {.sort_key = "a1"}),
                     entry("b.conf", {.sort_key = "\xc3\xa4"})});
}

TEST(EntryOrder, ThenMachineIdsGoUpwardsAndNoneIsLowest) {
    expect_in_order({entry("a.conf", {.sort_key = "os", .version = "1"}),
                     entry("b.conf", {.sort_key = "os", .machine_id = "1", .version = "2"}),
                     entry("c.conf", {.sort_key = "os", .machine_id = "2", .version = "3"})});
}

TEST(EntryOrder, ThenVersionsGoDownwards) {
    expect_in_order({entry("a.conf", {.sort_key = "os", .version = "6.10"}),
                     entry("d.conf", {.sort_key = "os", .version = "6.9"}),
                     entry("c.conf", {.sort_key = "os", .version = "6.9~rc2"}),
                     entry("b.conf", {.sort_key = "os"})});
}

TEST(EntryOrder, ThenFileNamesGoDownwards) {
    expect_in_order({entry("os-10.conf", {.sort_key = "os", .version = "6"}),
                     entry("os-9.conf", {.sort_key = "os", .version = "6"})});
}

TEST(EntryOrder, AVersionWithoutASortKeyDoesNotCount) {
    expect_in_order({entry("b.conf", {.version = "1"}), entry("a.conf", {.version = "2"})});
}

TEST(EntryOrder, EntriesWithoutTriesLeftComeLast) {
    expect_in_order({entry("b+1-9.conf", {.sort_key = "z"}), entry("a.conf"),
                     entry("c+0-1.conf", {.sort_key = "a"}), entry("z+0.conf")});
}

TEST(EntryOrder, TiesHaveAnOrderToo) {
    expect_in_order({entry("os.conf"), entry("os+3.conf"), entry("os+2-1.conf"),
                     entry("os+2-2.conf"), entry("os+0-3.conf"), entry("os+0-4.conf")});
    expect_in_order({entry("os_1.conf"), entry("os1.conf")}); // the same as versions
}

TEST(EntryOrder, ThereMayBeNoEntries) {
    sort_entries({});
    EXPECT_FALSE(find_default({}, "*"));
}

TEST(DefaultEntry, IsTheFirstThatMatchesWithOrWithoutTheSuffix) {
    const std::vector<BootEntry> entries = {entry("other.conf"), entry("my-os-2+3-1.conf"),
                                            entry("my-os-1.conf")};
    for (const std::string_view pattern :
         {"my-os-2", "my-os-2.conf", "my-os-*", "MY-OS-?.CONF", "my-os-2.*", "m*f"})
        EXPECT_EQ(find_default(entries, pattern), std::optional<std::size_t>(1)) << pattern;
    EXPECT_EQ(find_default(entries, "*1"), std::optional<std::size_t>(2));
}

TEST(DefaultEntry, MayBeNone) {
    const std::vector<BootEntry> entries = {entry("a.conf")};
    for (const std::string_view pattern : {"", "b", "a.con", "@saved", "a.conf.conf"})
        EXPECT_FALSE(find_default(entries, pattern)) << pattern;
}

} // namespace
} // namespace baton::test
