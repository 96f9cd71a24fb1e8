// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <cstring>

namespace baton {

/// Zeroes a secret that nobody reads any more: no compiler may leave that out.
inline void wipe(void* memory, std::size_t bytes) {
    std::memset(memory, 0, bytes);
    asm volatile("" : : "r"(memory) : "memory");
}

} // namespace baton
