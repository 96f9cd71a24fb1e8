// SPDX-License-Identifier: BSD-2-Clause
//
// Exactly the room that normalise() asks for, so that the sanitizer sees when it takes more.
#pragma once

#include "memory/normalise.hpp"

#include <cstddef>
#include <vector>

namespace baton::test {

struct ExactNormaliseRoom {
    explicit ExactNormaliseRoom(std::size_t claim_count)
        : edges(edges_needed(claim_count)),
          claims(claim_count),
          firmware_claims(claim_count),
          result(normalised_at_most(claim_count), {.range = {{1}, 2},
                                                   .type = BATON_MEMORY_KERNEL_AND_MODULES,
                                                   .firmware_type = 4,
                                                   .attributes = 5,
                                                   .origin = "not written"}) {}

    NormaliseRoom room() { return {edges, claims, firmware_claims, result}; }

    std::vector<RangeEdge> edges;
    std::vector<ActiveClaim> claims, firmware_claims;
    std::vector<NormalisedRange> result;
};

} // namespace baton::test
