// SPDX-License-Identifier: BSD-2-Clause
//
// Doing what may fault while a fault is being reported.
#pragma once

#include <cstdint>

extern "C" {
/// 1, or 0 if a fault cut it off (interrupts.asm).
uint32_t attempt(void (*action)(void*), void* argument);
/// Ends the innermost attempt() that runs. There is one.
[[noreturn]] void abandon_attempt();
/// Whether there is.
uint32_t has_attempt();
}

namespace baton::stage2 {

/// Whether `action()` came to its end. What it has on its stack is not destroyed if not.
template<class Action>
bool try_to(Action&& action) {
    return attempt([](void* argument) { (*static_cast<Action*>(argument))(); }, &action) != 0;
}

} // namespace baton::stage2
