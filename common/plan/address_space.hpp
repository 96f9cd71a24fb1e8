// SPDX-License-Identifier: BSD-2-Clause
//
// The address space that the kernel starts in: its own pages, the direct map, the stack, and the
// identity mappings that stage 2 needs.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"
#include "paging/page_mapper.hpp"
#include "plan/load_plan.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace baton {

inline constexpr VirtAddr kDirectMapBase{0xffff'8000'0000'0000};
inline constexpr uint64_t kStackBytes = uint64_t{64} << 10;

/// Where in the upper half that is which has no address of its own to ask for.
struct Layout {
    VirtRange direct_map; // base is a multiple of 512 GiB, or as requested
    VirtRange stack;      // without the unmapped page on each side
    /// The first stack of another processor; an unmapped page is after each.
    VirtAddr processor_stacks{};
};

struct LayoutRequests {
    uint64_t physical_end =
        0; // one past the last byte that the direct map must reach; at most 2^52
    uint64_t stack_bytes = kStackBytes;
    uint32_t processors = 0; // others, each with a stack
    uint64_t processor_stack_bytes = 0;
    std::optional<VirtAddr> direct_map = {}; // a multiple of 1 GiB in the upper half
};

/// The direct map goes to where it is requested, if no page of the kernel is in its way there;
/// without a request to kDirectMapBase, or to the next slot of 512 GiB from which on no page of the
/// kernel is in its way. The stacks come after it, or before one that is far up. Errors:
/// no_virtual_space; for a request that can't be met, request_not_met.
Result<Layout> plan_layout(const LoadPlan& plan, const LayoutRequests& requests);

/// Memory that stage 2 uses while it changes page tables: mapped where it lies.
struct IdentityMapping {
    PhysRange range; // whole pages, none of them the kernel's
    Access access;
    Caching caching = Caching::write_back;
};

/// A range of the direct map. Whole pages.
struct DirectMapping {
    PhysRange range;
    Access access; // read_write, or read_only for what the kernel must not write to anywhere
    Caching caching;
};

struct AddressSpace {
    const LoadPlan& plan; // placed
    const Layout& layout;
    std::span<const DirectMapping> direct_map; // disjoint
    PhysAddr stack;                            // layout.stack.bytes, contiguous
    std::span<const IdentityMapping> identity;
    bool stack_in_direct_map = false; // which maps it
    /// Of other processors, unless the direct map maps them.
    struct ProcessorStacks {
        PhysAddr base{};
        uint64_t bytes = 0; // of each
        uint32_t count = 0;
    } processor_stacks{};
};

/// Fills empty page tables with all of it.
/// Errors: out_of_memory, and mapping_* where two parts have the same addresses.
Result<void> map_address_space(PageMapper& mapper, const AddressSpace& space);

} // namespace baton
