// SPDX-License-Identifier: BSD-2-Clause
//
// What a test tells the checker about the kernel that it is in. test/boot/kernels.py writes the
// same bytes behind the checker's own.
#pragma once

#include <cstdint>
#include <span>

enum ParameterFlags : uint32_t {
    kAllowWriteExecute = 1, // the kernel asks for pages that are writable and executable
    kFillUsable = 2,        // overwrite all usable memory, then check everything once more
    kFaultAtEnd = 4,        // end with an undefined instruction
    kResetOnce = 8,         // leave rubbish in memory and reset, before the checks
};

/// A PT_LOAD segment as the ELF file asks for it.
struct WantedSegment {
    uint64_t virtual_base;
    uint64_t file_bytes;
    uint64_t bytes;
    uint64_t permissions; // p_flags

    uint64_t end() const { return virtual_base + bytes; }
};

struct Parameters {
    uint64_t checker_bytes; // of the checker and its parameters: no pattern there
    uint32_t flags;
    uint32_t segment_count;

    bool has(ParameterFlags flag) const { return (flags & flag) != 0; }
    /// In ascending order of their addresses.
    std::span<const WantedSegment> segments() const {
        return {reinterpret_cast<const WantedSegment*>(this + 1), segment_count};
    }
};
static_assert(sizeof(WantedSegment) == 32 && sizeof(Parameters) == 16);
