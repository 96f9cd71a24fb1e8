// SPDX-License-Identifier: BSD-2-Clause
//
// Reports of what is no exception of the processor.
#pragma once

#include "abi/handoff.h"
#include "fault/report.hpp"

#include <cstdint>

namespace baton::stage2 {

/// As a fault of its caller's: kPageTablesRefused, for the address in CR2, or kRecordRefused.
[[noreturn]] void report_refusal(uint64_t vector, uint64_t error_code);

/// While one processor writes to the ports, the others wait.
void lock_reports();
void unlock_reports();

/// Reports a refused record on the ports that it names, if it is a record.
[[noreturn]] void refuse_record(const BatonHandoff& given, BatonHandoffRefusal refusal);

/// Of an exception in 32-bit code, with the registers as they were there.
[[noreturn]] void report_of_32_bits(const FaultFrame& frame, const ControlRegisters& control);

} // namespace baton::stage2
