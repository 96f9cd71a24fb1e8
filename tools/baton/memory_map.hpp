// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "memory/memory_range.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

/// Reads a memory map as others print it: `dmesg` of any Linux ("BIOS-e820: [mem 0x0-0x9fbff]
/// usable", and what Linux makes of it: user, modified, reserve setup_data), with "efi=debug" the
/// firmware's own ("efi: mem00: [Conventional Memory|…] range=[0x0-0xfff]"), Xen, FreeBSD's SMAP
/// lines, /proc/iomem ("00100000-7ffdffff : System RAM"), and bare lines "0x100000-0x7fffffff
/// usable". Prefixes and other lines do no harm; what changes a map later ("e820: update", "e820:
/// remove") is ignored. Of several maps the last one counts that has usable memory. A type that
/// isn't known is reserved. The result is sorted, in whole pages and disjoint, as the loader makes
/// it: where ranges overlap, the more careful type wins. Memory of UEFI's boot services, which is
/// free once the firmware has been left, is loader-reclaimable.
///
/// Throws a Failure, which `name` begins, if there is no map, or none with usable memory.
std::vector<TypedRange> parse_memory_map(std::string_view text, const std::string& name);

} // namespace baton::tool
