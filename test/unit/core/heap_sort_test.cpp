// SPDX-License-Identifier: BSD-2-Clause
#include "core/heap_sort.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace baton::test {
namespace {

struct Object {
    uint8_t key;
    std::array<uint8_t, 6> rest; // goes where the key goes

    bool operator==(const Object&) const = default;
};

TEST(HeapSort, SortsAnyNumberOfObjects) {
    std::mt19937 random(5);
    for (std::size_t count = 0; count < 40; ++count)
        for (const unsigned keys : {1U, 4U, 200U}) {
            std::vector<Object> objects(count);
            for (Object& object : objects) {
                object.key = static_cast<uint8_t>(random() % keys);
                object.rest.fill(static_cast<uint8_t>(object.key + 1));
            }
            std::vector<Object> sorted = objects;
            const auto is_less = [](const Object& a, const Object& b) { return a.key < b.key; };
            std::ranges::sort(sorted, is_less);
            heap_sort(std::span(objects), is_less);
            EXPECT_EQ(objects, sorted) << count << ", " << keys;
        }
}

} // namespace
} // namespace baton::test
