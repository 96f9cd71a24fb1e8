// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "boot/services.hpp"

#include <cstdint>

namespace baton {

LocalApic read_local_apic();

/// What CPUID says of paging, and the local APIC.
Processor read_processor();

/// What encrypts the memory of the guest that this is; null where nothing does.
const char* find_encrypted_guest();

/// Frequency of the time-stamp counter in Hz as the processor or the hypervisor says it; 0: they
/// don't.
uint64_t tsc_hz_from_cpuid();

} // namespace baton
