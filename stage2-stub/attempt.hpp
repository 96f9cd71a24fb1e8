// SPDX-License-Identifier: BSD-2-Clause
//
// Doing what may fault while a fault is being reported.
#pragma once

namespace baton::stage2 {

/// False if abandon_attempt() has cut `action(argument)` off.
bool attempt(void (*action)(void*), void* argument);
/// Ends the innermost attempt() of this processor. There is one.
[[noreturn]] void abandon_attempt();
/// Whether there is.
bool has_attempt();

/// Whether `action()` came to its end. What it has on its stack is not destroyed if not.
template<class Action>
bool try_to(Action&& action) {
    return attempt([](void* argument) { (*static_cast<Action*>(argument))(); }, &action);
}

} // namespace baton::stage2
