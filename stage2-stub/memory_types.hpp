// SPDX-License-Identifier: BSD-2-Clause
//
// The MTRRs, which must be the same on all processors: Intel SDM 3A section 11.11.8.
#pragma once

namespace baton::stage2 {

/// The boot processor's.
void remember_memory_types();

/// Sets those of another processor where they differ.
void use_remembered_memory_types();

} // namespace baton::stage2
