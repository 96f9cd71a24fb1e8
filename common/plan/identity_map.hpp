// SPDX-License-Identifier: BSD-2-Clause
//
// The lower memory at virtual = physical, where a kernel requests it.
#pragma once

#include "core/arena.hpp"
#include "plan/address_space.hpp"
#include "plan/load_plan.hpp"

#include <cstdint>
#include <span>

namespace baton {

struct IdentityRequest {
    uint64_t bytes;             // from address 0 on, whole pages
    bool has_devices = true;    // what the direct map doesn't show, uncacheable
    bool is_executable = false; // where the direct map is
};

/// Maps to itself what is requested, from page 1 on, but for what `there` maps already and for the
/// kernel's pages; what `direct_map` shows is mapped as there. `plan` is placed. Returns `there`
/// and what is new, made in `arena`. Errors: the request IDENTITY isn't met where a page of the
/// kernel lies elsewhere in memory; out_of_memory.
Result<std::span<const IdentityMapping>>
plan_identity_map(const IdentityRequest& request, const LoadPlan& plan,
                  std::span<const DirectMapping> direct_map, std::span<const IdentityMapping> there,
                  Arena& arena);

} // namespace baton
