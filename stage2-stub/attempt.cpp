// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/attempt.hpp"

namespace baton::stage2 {
namespace {

/// Where an attempt goes on when it is cut off: GCC's own, which needs no library.
struct Jump {
    void* buffer[5];
};
Jump* innermost;

} // namespace

[[gnu::noinline]] bool attempt(void (*action)(void*), void* argument) {
    Jump* const outer = innermost;
    Jump here;
    innermost = &here;
    const bool is_first_return = __builtin_setjmp(here.buffer) == 0;
    if (is_first_return)
        action(argument);
    innermost = outer;
    return is_first_return;
}

void abandon_attempt() {
    __builtin_longjmp(innermost->buffer, 1);
}

bool has_attempt() {
    return innermost != nullptr;
}

} // namespace baton::stage2
