// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/debug.hpp"

#include "cpu/instructions.hpp"

/// Not in .bss: a debugger may write to it before that is zeroed.
[[gnu::section(".data")]] constinit volatile BatonDebug baton_debug{};

/// All of baton_debug is filled in.
extern "C" [[gnu::noinline]] void baton_debug_published() {
    asm volatile("" : : : "memory");
}

namespace baton {

void wait_for_debugger(PhysAddr stage1_base) {
    baton_debug.stage1_base = stage1_base.value;
    baton_debug.magic = kDebugMagic;
    while (baton_debug.go_on == 0)
        cpu::pause();
}

void publish_for_debugger(PhysAddr stage1_base, const PreparedBoot& boot) {
    baton_debug.stage1_base = stage1_base.value;
    baton_debug.stage2_base = boot.stage2.block.code().base.value;
    baton_debug.handoff = reinterpret_cast<uint64_t>(boot.stage2.handoff.record);
    const uint64_t record = boot.record->address().value;
    baton_debug.boot_info = boot.record->entry_state().is_32_bit
                                ? record
                                : record - boot.memory.layout.direct_map.base.value;
    baton_debug.slide = boot.kernel.plan.slide;
    baton_debug.magic = kDebugMagic;
    baton_debug_published();
}

} // namespace baton
