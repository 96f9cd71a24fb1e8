// SPDX-License-Identifier: BSD-2-Clause
//
// Memory that may not be mapped.
#pragma once

#include "paging/page_walk.hpp"

#include <cstdint>

namespace baton::stage2 {

/// From a physical address to where it is mapped: by the caller's page tables, or the record's.
uint64_t physical_offset();

MemoryReader physical_memory();
MemoryReader virtual_memory();

} // namespace baton::stage2
