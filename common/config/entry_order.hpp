// SPDX-License-Identifier: BSD-2-Clause
//
// Which of several boot entries comes first: Boot Loader Specification, "Sorting".
#pragma once

#include "config/boot_entry.hpp"

#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// Less: `a` comes before `b`. In this order: entries that are not bad; those with a sort key; by
/// sort key, then machine id, both upwards, then version downwards; by id, as a version, downwards.
/// The specification leaves ties; they end in the id's bytes downwards, more tries left, fewer
/// done, the file's name, so that no order depends on that of a directory.
std::weak_ordering compare_entries(const BootEntry& a, const BootEntry& b);

/// Sorts by compare_entries().
void sort_entries(std::span<BootEntry> entries);

/// The index of the first entry whose id, with or without ".conf", matches the pattern of a
/// loader.conf (see matches_glob()). No value: none does, or the pattern is empty.
std::optional<std::size_t> find_default(std::span<const BootEntry> entries,
                                        std::string_view pattern);

} // namespace baton
