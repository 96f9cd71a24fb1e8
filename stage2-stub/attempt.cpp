// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/attempt.hpp"

#include "stage2-stub/processor.hpp"

namespace baton::stage2 {

/// Where an attempt goes on when it is cut off: GCC's own, which needs no library.
struct Jump {
    void* buffer[5];
};

[[gnu::noinline]] bool attempt(void (*action)(void*), void* argument) {
    Processor& processor = this_processor();
    Jump* const outer = processor.innermost;
    Jump here;
    processor.innermost = &here;
    const bool is_first_return = __builtin_setjmp(here.buffer) == 0;
    if (is_first_return)
        action(argument);
    processor.innermost = outer;
    return is_first_return;
}

[[gnu::section(".off_path")]] void abandon_attempt() {
    __builtin_longjmp(this_processor().innermost->buffer, 1);
}

[[gnu::section(".off_path")]] bool has_attempt() {
    return this_processor().innermost != nullptr;
}

} // namespace baton::stage2
