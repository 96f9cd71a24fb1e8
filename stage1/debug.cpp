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

void publish_for_debugger(PhysAddr stage1_base, HandoffBuilder& builder) {
    baton_debug.stage1_base = stage1_base.value;
    baton_debug.stage2_base = builder.stage2().code().base.value;
    baton_debug.handoff = reinterpret_cast<uint64_t>(builder.handoff());
    baton_debug.boot_info = reinterpret_cast<uint64_t>(&builder.boot_info());
    baton_debug.slide = builder.plan().slide;
    baton_debug.magic = kDebugMagic;
    baton_debug_published();
}

} // namespace baton
