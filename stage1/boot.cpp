// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/boot.hpp"

#include "cpu/instructions.hpp"
#include "stage1/debug.hpp"

extern "C" {
extern const std::byte stage2_blob[]; // of stage2_blob.asm
extern const std::byte stage2_blob_end[];
}

namespace baton {
namespace {

/// Both are identity-mapped.
[[noreturn]] void call_stage2(PhysAddr entry64, const BatonHandoff& record) {
    using Entry = uint32_t (*)(const BatonHandoff*);
    reinterpret_cast<Entry>(entry64.value)(&record);
    cpu::halt(); // it returns only from a record that is wrong, and HandoffRecord::fill() makes
                 // none
}

/// With the firmware's page tables, stack and segments.
[[noreturn]] void enter_beside_firmware(VirtAddr entry, const EntryState& state) {
    asm volatile("call *%0" : : "r"(entry.value), "a"(state.eax), "b"(state.ebx) : "memory");
    cpu::halt(); // there is nothing to return to
}

} // namespace

Bytes stage2_bytes() {
    return {stage2_blob, stage2_blob_end};
}

Error boot(const BootInput& input, PhysAddr stage1_base) {
    if (input.entry.debug == Debug::wait) {
        input.log.line("waiting for a debugger: its `baton break` ends that");
        wait_for_debugger(stage1_base);
    }
    FrameArena arena(input.platform.frames());
    auto prepared = prepare_boot(input, arena);
    if (!prepared)
        return prepared.error();
    publish_for_debugger(stage1_base, *prepared);
    if (const auto left = finish_boot(input, *prepared); !left)
        return left.error();
    if (prepared->kernel.requests.keep_firmware)
        enter_beside_firmware(prepared->kernel.plan.entry, prepared->record->entry_state());
    call_stage2(prepared->stage2.block.entry64(), *prepared->stage2.handoff.record);
}

} // namespace baton
