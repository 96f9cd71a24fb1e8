// SPDX-License-Identifier: BSD-2-Clause
//
// What a debugger reads: where stage 1 has put things. Nothing else reads it.
#pragma once

#include "boot/boot.hpp"
#include "core/address.hpp"

#include <cstdint>

extern "C" {
/// tools/gdb/ finds it by its name, `baton_debug`, and its fields by the debug information.
/// Physical addresses; 0: not known yet.
struct BatonDebug {
    uint64_t magic;       // kDebugMagic once the next ones are filled in
    uint64_t stage1_base; // where the image was loaded
    uint64_t stage2_base; // of its block
    uint64_t handoff;     // BatonHandoff
    uint64_t boot_info;   // what the kernel reads: BatonBootInfo, or its protocol's record
    uint64_t slide;       // of the kernel: added to the addresses of its file
    uint64_t go_on;       // a debugger writes something else than 0 to end wait_for_debugger()
};
extern volatile BatonDebug baton_debug;
}

namespace baton {

inline constexpr uint64_t kDebugMagic = 0x4755'4245'444e'5442; // "BTNDEBUG"

/// Stays until a debugger sets baton_debug.go_on.
void wait_for_debugger(PhysAddr stage1_base);

/// After prepare_boot(): says where all of it will be, and calls baton_debug_published(), where a
/// debugger can have its breakpoint.
void publish_for_debugger(PhysAddr stage1_base, const PreparedBoot& boot);

} // namespace baton
