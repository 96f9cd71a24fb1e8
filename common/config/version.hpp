// SPDX-License-Identifier: BSD-2-Clause
//
// The order of version strings: UAPI Group, Version Format Specification, "Version Comparison".
#pragma once

#include <compare>
#include <string_view>

namespace baton {

/// How version `a` compares with `b`. Two texts can be equivalent and not the same: "1" and "1_".
/// One addition to the specification's words: characters without a meaning are skipped after a
/// separator too. Without it "~_B" would be less than "~B" but equivalent to "~0B", which is
/// equivalent to "~B", and nothing could be sorted.
std::weak_ordering compare_versions(std::string_view a, std::string_view b);

} // namespace baton
