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

/// What headers in the first kOtherProtocolBytes of a file say, as far as they lie whole in
/// `bytes`, the file's from `offset` on. Notes are take_note()'s.
OtherProtocols find_other_protocols(Bytes bytes, uint64_t offset = 0);

} // namespace baton
