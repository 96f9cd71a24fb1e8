// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 2 in memory, ready to be called.
#pragma once

#include "abi/handoff.h"
#include "core/bytes.hpp"
#include "handoff/memory.hpp"

#include <span>

namespace baton {

class Stage2Block {
  public:
    /// Nothing yet: load() makes one that can be used.
    Stage2Block() = default;

    /// Copies `blob`, stage2.bin, into frames below 4 GiB that keep clear of `avoid`, and zeroes
    /// the rest of its memory. Errors: out_of_memory, stage2_mismatch.
    static Result<Stage2Block> load(Bytes blob, FrameSource& frames,
                                    std::span<const PhysRange> avoid);

    /// Code and constants, and writable memory: to be identity-mapped, the one read-execute and the
    /// other read-write.
    PhysRange code() const { return {memory_.base, header_.writable_offset}; }
    PhysRange data() const {
        return {memory_.base + header_.writable_offset,
                header_.memory_bytes - header_.writable_offset};
    }

    /// Where its crash record will be: abi/handoff.h.
    PhysAddr crash_record_physical() const { return memory_.base + header_.crash_record_offset; }
    BatonCrashRecord& crash_record() const {
        return *reinterpret_cast<BatonCrashRecord*>(memory_.bytes.data() +
                                                    header_.crash_record_offset);
    }

    /// To be called with a handoff record in RDI.
    PhysAddr entry64() const { return memory_.base + header_.entry64_offset; }

  private:
    Stage2Block(const Block& memory, const BatonStage2Header& header)
        : memory_(memory),
          header_(header) {}

    Block memory_;
    BatonStage2Header header_{};
};

} // namespace baton
