// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 2 in memory, ready to be called.
#pragma once

#include "abi/handoff.h"
#include "core/address.hpp"
#include "core/error.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"

namespace baton {

class Stage2Block {
  public:
    /// Nothing yet: load() makes one that can be used.
    Stage2Block() = default;

    /// Copies stage 2 into frames that keep clear of `avoid`, and zeroes the rest of its memory.
    /// Errors: out_of_memory, stage2_mismatch.
    static Result<Stage2Block> load(const efi::Firmware& firmware, FrameSource& frames,
                                    std::span<const PhysRange> avoid);

    /// Code and constants, and writable memory: to be identity-mapped, the one read-execute and the
    /// other read-write.
    PhysRange code() const { return {base_, header_.writable_offset}; }
    PhysRange data() const {
        return {base_ + header_.writable_offset, header_.memory_bytes - header_.writable_offset};
    }

    /// Where its last words will be: abi/handoff.h.
    BatonLastWords& last_words() const {
        return *reinterpret_cast<BatonLastWords*>((base_ + header_.last_words_offset).value);
    }

    /// Hands over: boot services are gone.
    [[noreturn]] void call(const BatonHandoff& record) const;

  private:
    Stage2Block(PhysAddr base, const BatonStage2Header& header) : base_(base), header_(header) {}

    PhysAddr base_{};
    BatonStage2Header header_{};
};

} // namespace baton
