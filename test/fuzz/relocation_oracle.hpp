// SPDX-License-Identifier: BSD-2-Clause
//
// What relocations must make of an image, found byte by byte: written from the gABI (chapter 5,
// "Dynamic Section", "Relocation") and the AMD64 supplement, and from nothing of common/plan.
#pragma once

#include "core/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace baton::fuzz {

/// File bytes of a segment, by linked address.
struct Piece {
    uint64_t address;
    std::vector<std::byte> bytes;
};

/// The pieces after their relocation; no value where there is one that must be refused. What the
/// dynamic section, at a linked address, and its tables say must lie in one piece each.
std::optional<std::vector<Piece>> relocated(std::vector<Piece> pieces, VirtRange dynamic,
                                            uint64_t slide);

} // namespace baton::fuzz
