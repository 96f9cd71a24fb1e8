// SPDX-License-Identifier: BSD-2-Clause
//
// stage2.bin, which every stage 1 has in it.
#pragma once

#include "abi/handoff.h"
#include "core/address.hpp"
#include "core/bytes.hpp"

namespace baton {

Bytes stage2_bytes();

/// Calls stage 2 at its 64-bit entry, which is identity-mapped as is the record.
[[noreturn]] void call_stage2(PhysAddr entry64, const BatonHandoff& record);

} // namespace baton
