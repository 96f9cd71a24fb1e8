// SPDX-License-Identifier: BSD-2-Clause
//
// What is left for the next boot to find: abi/handoff.h.
#pragma once

#include "abi/handoff.h"
#include "fault/report.hpp"

namespace baton::stage2 {

/// Reports are made in its text, which holds one.
extern BatonCrashRecord crash_record;
static_assert(kFaultReportBytes <= sizeof crash_record.text);

/// How far the handoff has come.
void note(BatonCrashRecordState state);

} // namespace baton::stage2
