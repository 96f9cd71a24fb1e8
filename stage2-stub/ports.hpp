// SPDX-License-Identifier: BSD-2-Clause
//
// Text on the UARTs and the debug console.
#pragma once

#include "abi/handoff.h"

#include <string_view>

namespace baton::stage2 {

/// To all that the record has. A UART that takes nothing any more, or that isn't mapped, is struck
/// out of it.
void write_to_ports(BatonHandoff& record, std::string_view text);

} // namespace baton::stage2
