// SPDX-License-Identifier: BSD-2-Clause
//
// A TPM 2.0 that fails to measure what a loader gives it, and whose event log leads nowhere.
#pragma once

namespace shim {

void add_failing_tpm();

} // namespace shim
