// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_in_cpp20.hpp"

static_assert(__cplusplus < 202200, "this file is here to be compiled as C++20");

namespace baton::test {

uint64_t usable_bytes_in_cpp20(const BatonBootInfo& info) {
    uint64_t bytes = 0;
    for (const BatonMemoryRange& range : BootInfoView(info).memory_map())
        if (range.type == BATON_MEMORY_USABLE)
            bytes += range.bytes;
    return bytes;
}

} // namespace baton::test
