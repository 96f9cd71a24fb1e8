// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "memory/memory_range.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

/// The memory of a PC with so many MiB: a hole below 1 MiB, and one below 4 GiB if there is more
/// than 2 GiB.
std::vector<TypedRange> plain_memory_map(uint64_t mib);

/// Reads the lines of an E820 map as Linux tells it ("[mem 0x0000000000100000-0x000000007ffdffff]
/// usable", from `dmesg`) or of /proc/iomem ("00100000-7ffdffff : System RAM"): addresses of the
/// first and the last byte, and a type. Other lines, and indented ones of /proc/iomem, do no harm.
/// Throws a Failure if there is no usable memory.
std::vector<TypedRange> parse_memory_map(std::string_view text);

} // namespace baton::tool
