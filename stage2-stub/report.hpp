// SPDX-License-Identifier: BSD-2-Clause
//
// Reports of what is no exception of the processor.
#pragma once

#include "abi/handoff.h"

#include <cstdint>

namespace baton::stage2 {

/// As a fault of its caller's: kPageTablesRefused, for the address in CR2, or kRecordRefused.
[[noreturn]] void report_refusal(uint64_t vector, uint64_t error_code);

/// Reports a refused record on the ports that it names, if it is a record.
[[noreturn]] void refuse_record(const BatonHandoff& given, BatonHandoffRefusal refusal);

} // namespace baton::stage2
