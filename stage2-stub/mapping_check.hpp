// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "paging/page_walk.hpp"

#include <cstdint>

namespace baton::stage2 {

/// Whether page tables that are to be loaded map memory to itself. Does not return where they
/// don't.
struct MappingCheck {
    PagingMode tables;
    bool from_32_bits;

    /// For accesses with such an error code, from a page on.
    void pages(uint64_t start, uint64_t end, uint64_t error_code) const;
};

} // namespace baton::stage2
