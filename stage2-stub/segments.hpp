// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "abi/handoff.h"

#include <cstdint>

namespace baton::stage2 {

inline const BatonHandoffSegment& segment_at(const BatonHandoff& record, uint32_t index) {
    const uint64_t address = record.segments + uint64_t{index} * record.segment_entry_bytes;
    return *reinterpret_cast<const BatonHandoffSegment*>(address);
}

} // namespace baton::stage2
