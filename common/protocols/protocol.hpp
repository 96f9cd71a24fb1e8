// SPDX-License-Identifier: BSD-2-Clause
//
// The seam between the recipe and the boot protocols that kernels are written for. A protocol is a
// folder here; protocols.cpp lists them. The recipe knows this header alone.
#pragma once

#include "abi/handoff.h"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "loading/kernel_file.hpp"
#include "log/log.hpp"
#include "protocols/facts.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// What protocols want different of the processor at the kernel's first instruction. Registers that
/// aren't here are 0.
struct EntryState {
    /// 32-bit code, without paging, all segments flat: the entry point and all that the kernel gets
    /// are physical addresses below 4 GiB. CR0 and CR4 are then PE and ET, and 0.
    bool is_32_bit = false;
    uint64_t rdi = 0; // 64-bit code
    uint32_t eax = 0;
    uint32_t ebx = 0;
    std::optional<uint64_t> cr0 = {}; // 64-bit code: instead of what Baton's protocol promises
    std::optional<uint64_t> cr4 = {}; // without LA57, which is the kernel's number of levels
    std::optional<uint64_t> pat = {};
    /// 64-bit code: a table of the record's, in the direct map, with room for a TSS's descriptor at
    /// `task`; 0 bytes: stage 2's.
    struct Segments {
        VirtAddr table{};
        uint16_t bytes = 0;
        uint16_t code = 0;
        uint16_t data = 0;
        uint16_t task = 0;
    } segments{};
    bool without_reports = false; // 64-bit code: an empty IDT, so that no fault is reported
};

/// What a kernel and stage 2 share of a processor, as virtual addresses: fields of
/// BatonHandoffProcessor.
struct ProcessorWords {
    VirtAddr record{};
    VirtAddr go{};
    VirtAddr outcome{};
    VirtAddr parked_tsc{};
};

/// What a kernel reads: made before the firmware is left, completed after. It lies in memory that
/// the kernel sees in the direct map.
class KernelRecord {
  public:
    /// Its virtual address.
    virtual VirtAddr address() const = 0;
    /// The processor's state at the kernel's first instruction.
    virtual EntryState entry_state() const { return {.rdi = address().value}; }
    /// The virtual address of a uint32_t that the kernel writes to once it runs; 0: it has none.
    virtual VirtAddr acknowledgement() const { return {}; }
    /// Where stage 2 stores the time of its steps: kStage2TimeStamps stamps; 0: nowhere.
    virtual VirtAddr stage2_time_stamps() { return {}; }

    /// Of a processor that stage 2 starts: number `index` of BootFacts::processors.
    virtual ProcessorWords processor(std::size_t /*index*/) const { return {}; }

    /// What all memory is, as the firmware says now. May be called several times; allocates
    /// nothing.
    virtual void set_memory_map(std::span<const TypedRange> ranges) = 0;
    /// The firmware is gone: nothing here can fail.
    virtual void complete(const LastFacts& facts) = 0;
    /// Secrets in a record that will not be used.
    virtual void wipe_secrets() {}

  protected:
    ~KernelRecord() = default;
};

/// What chooses where a kernel goes.
struct PlanInput {
    unsigned address_bits; // of virtual addresses
    const RandomNumbers& random;
    bool kaslr; // is requested
};

struct KernelPlan {
    LoadPlan plan; // not placed
    bool kaslr;    // at a random address
};

class Protocol {
  public:
    /// As the boot entry's setting has it.
    virtual std::string_view name() const = 0;
    /// What the kernel reads, for people: "BootInfo".
    virtual std::string_view record_name() const = 0;

    /// Recognise: what a file asks for; nothing: it doesn't speak this protocol. The file may be
    /// no ELF file. Errors: those of its requests, elf_*, file_*, out_of_memory.
    virtual Result<std::optional<Requests>> recognise(const KernelFile& file,
                                                      Arena& arena) const = 0;
    /// Plan: where the kernel's segments go. Requests that can't be met and aren't required are
    /// logged, and taken out of `requests`. Errors: those of plan_load() and slide_to(),
    /// request_not_met, random_numbers_missing.
    virtual Result<KernelPlan> plan(const KernelFile& file, Requests& requests,
                                    const PlanInput& input, Arena& arena, Log& log) const = 0;
    /// Write: the record, in frames of `frames`, for a memory map made of at most `ranges`
    /// ranges. Errors: out_of_memory.
    virtual Result<KernelRecord*> write(const BootFacts& facts, std::size_t ranges,
                                        FrameSource& frames) const = 0;

  protected:
    ~Protocol() = default;
};

/// A kernel's protocol and what it asks for.
struct Recognised {
    const Protocol* protocol;
    Requests requests;
};

/// All protocols that Baton has, the one that a kernel gets that speaks several of them first. The
/// last one takes any ELF file.
std::span<const Protocol* const> protocols();

/// The first protocol that a file speaks, or the one with the name that is wanted. Errors: those of
/// Protocol::recognise(), protocol_not_spoken, kernel_is_linux, kernel_is_efi_program.
Result<Recognised> recognise(const KernelFile& file, std::string_view wanted, Arena& arena);

/// Plans a kernel for its virtual addresses, with the slide that `requests` and `input` choose.
/// Errors: as those of Protocol::plan().
Result<KernelPlan> plan_paged(const elf::Image& image, Requests& requests, const PlanInput& input,
                              LoadRules rules, Arena& arena, Log& log);

/// Warns of a request, a BatonRequestType, that can't be met and isn't required.
void leave_out_request(uint32_t type, Log& log);

inline constexpr uint64_t kStage2TimeStamps = BATON_STEP_KERNEL;

} // namespace baton
