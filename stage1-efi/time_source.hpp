// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "stage1-efi/efi.hpp"

#include <cstdint>

namespace baton {

/// Frequency of the time-stamp counter in Hz: what the processor or the hypervisor says, else
/// measured against the firmware's Stall(), which takes about a millisecond.
uint64_t find_tsc_hz(const efi::Firmware& firmware);

} // namespace baton
