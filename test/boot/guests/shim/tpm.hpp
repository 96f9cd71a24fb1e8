// SPDX-License-Identifier: BSD-2-Clause
//
// A TPM 2.0 that measures nothing, and whose event log leads nowhere.
#pragma once

namespace shim {

void add_tpm();

} // namespace shim
