// SPDX-License-Identifier: BSD-2-Clause
//
// The notes of the program that runs the tests, as its linker put them together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace baton::test {

/// One PT_NOTE segment.
struct OwnNotes {
    std::span<const std::byte> bytes;
    uint64_t alignment;
};

std::vector<OwnNotes> own_notes();

} // namespace baton::test
