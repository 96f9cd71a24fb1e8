// SPDX-License-Identifier: BSD-2-Clause
#include "core/heap_sort.hpp"

#include <algorithm>

namespace baton {

void heap_sort(std::byte* objects, std::size_t count, std::size_t bytes,
               bool (*less)(const void*, const void*)) {
    // First the objects become a heap, then its largest goes to the end, again and again.
    std::size_t left = count / 2;
    for (std::size_t end = count; end > 1;) {
        std::size_t parent = 0;
        if (left != 0) {
            parent = --left;
        } else {
            --end;
            std::swap_ranges(objects, objects + bytes, objects + end * bytes);
        }
        for (std::size_t child; (child = 2 * parent + 1) < end; parent = child) {
            std::byte* larger = objects + child * bytes;
            if (child + 1 < end && less(larger, larger + bytes)) {
                larger += bytes;
                ++child;
            }
            std::byte* const at = objects + parent * bytes;
            if (!less(at, larger))
                break;
            std::swap_ranges(at, at + bytes, larger);
        }
    }
}

} // namespace baton
