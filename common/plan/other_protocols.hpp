// SPDX-License-Identifier: BSD-2-Clause
//
// Recognises kernels that were written for another boot protocol.
#pragma once

#include "core/bytes.hpp"
#include "core/other_protocols.hpp"

#include <cstdint>

namespace baton {

/// Where all headers are that are looked for: Multiboot2's, which reaches the furthest.
inline constexpr uint64_t kOtherProtocolBytes = 32768;

/// What headers in the first kOtherProtocolBytes of a file, or in all of a shorter one, say. Of
/// fewer bytes, what there is counts. Notes are take_note()'s.
OtherProtocols find_other_protocols(Bytes head);

} // namespace baton
