// SPDX-License-Identifier: BSD-2-Clause
#include "config/entry_order.hpp"

#include "config/glob.hpp"
#include "config/version.hpp"

#include <algorithm>

namespace baton {
namespace {

std::weak_ordering compare_tries(const BootEntry& a, const BootEntry& b) {
    if (a.tries.has_value() != b.tries.has_value())
        return a.tries.has_value() <=> b.tries.has_value(); // not counted: known to be good
    const BootTries tries_a = a.tries.value_or(BootTries{});
    const BootTries tries_b = b.tries.value_or(BootTries{});
    if (tries_a.left != tries_b.left)
        return tries_b.left <=> tries_a.left;
    return tries_a.done <=> tries_b.done;
}

} // namespace

std::weak_ordering compare_entries(const BootEntry& a, const BootEntry& b) {
    if (a.is_bad() != b.is_bad())
        return a.is_bad() <=> b.is_bad();
    if (a.sort_key.empty() != b.sort_key.empty())
        return a.sort_key.empty() <=> b.sort_key.empty();
    if (!a.sort_key.empty()) {
        if (const auto order = a.sort_key <=> b.sort_key; order != 0)
            return order;
        if (const auto order = a.machine_id <=> b.machine_id; order != 0)
            return order;
        if (const auto order = compare_versions(b.version, a.version); order != 0)
            return order;
    }
    if (const auto order = compare_versions(b.id, a.id); order != 0)
        return order;
    if (const auto order = b.id <=> a.id; order != 0)
        return order;
    if (const auto order = compare_tries(a, b); order != 0)
        return order;
    return a.file_name <=> b.file_name;
}

void sort_entries(std::span<BootEntry> entries) {
    std::sort(entries.begin(), entries.end(),
              [](const BootEntry& a, const BootEntry& b) { return compare_entries(a, b) < 0; });
}

std::optional<std::size_t> find_default(std::span<const BootEntry> entries,
                                        std::string_view pattern) {
    if (pattern.empty())
        return std::nullopt;
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (matches_glob(pattern, entries[i].id) || matches_glob(pattern, entries[i].id, ".conf"))
            return i;
    return std::nullopt;
}

} // namespace baton
