// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 2, its record, and the watchdog, in their places.
#pragma once

#include "abi/handoff.h"
#include "boot/handoff_record.hpp"
#include "boot/processors.hpp"
#include "boot/services.hpp"
#include "core/bytes.hpp"
#include "protocols/facts.hpp"

#include <array>
#include <optional>
#include <span>

namespace baton {

/// Stage 2 in memory, ready to be called.
class Stage2Block {
  public:
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

    /// What other processors start with.
    Bytes trampoline() const {
        return memory_.bytes.subspan(header_.trampoline_offset, header_.trampoline_bytes);
    }

    /// To be called with a handoff record in RDI.
    PhysAddr entry64() const { return memory_.base + header_.entry64_offset; }

  private:
    Stage2Block(const Block& memory, const BatonStage2Header& header)
        : memory_(memory),
          header_(header) {}

    Block memory_;
    BatonStage2Header header_;
};

/// What is identity-mapped while page tables change.
struct Stage2 {
    Stage2Block block;
    HandoffRecord handoff;
    std::span<const PhysRange> avoid; // the kernel's virtual pages, as physical addresses
    std::optional<WatchdogPlan> watchdog;
    std::array<BatonRegisterWrite, 4> watchdog_disarm;

    /// For the kernel; empty without a watchdog.
    std::span<const BatonRegisterWrite> disarm() const {
        return std::span(watchdog_disarm).first(watchdog ? watchdog_disarm.size() : 0);
    }
};

/// The kernel's virtual pages, as physical addresses: what is identity-mapped can't be there.
/// Error: out_of_memory.
Result<std::span<const PhysRange>> kernel_pages(const LoadPlan& plan, Arena& arena);

/// Loads stage 2, with the trampoline of `processors`, and allocates its record, clear of the
/// kernel's addresses. Without a watchdog. Errors: out_of_memory, stage2_mismatch, mapping_*.
Result<Stage2> load_stage2(const Services& with, Bytes blob, const LoadPlan& plan,
                           const ProcessorPlan& processors);

/// The same with the watchdog that `requests` ask for: its timer is chosen, and armed at the very
/// end. Error: request_not_met.
Result<Stage2> choose_watchdog(const Services& with, const Stage2& stage2,
                               const Requests& requests);

} // namespace baton
