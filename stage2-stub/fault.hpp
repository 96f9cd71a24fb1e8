// SPDX-License-Identifier: BSD-2-Clause
//
// Reports an exception instead of dying of it: while stage 2 runs, and in the kernel until it loads
// an IDT of its own.
#pragma once

#include "abi/handoff.h"

#include <cstdint>

namespace baton::stage2 {

/// Loads an IDT in which each exception vector reports to where `record` says. The code segment is
/// the flat one. The record must stay mapped at its address.
void install_fault_reports(const BatonHandoff* record);

/// What a report says about where it happened. `segment`: the one being copied.
void set_step(BatonHandoffStep step);
void set_segment(uint32_t segment);

} // namespace baton::stage2
