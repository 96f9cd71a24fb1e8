// SPDX-License-Identifier: BSD-2-Clause
//
// Random numbers that are the same in each run: a failure of a property test can be repeated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace baton::test {

class Random {
  public:
    explicit Random(uint64_t seed) : engine_(seed) {}

    /// From 0 up to `limit` - 1.
    uint64_t below(uint64_t limit) { return engine_() % limit; }
    uint64_t any() { return engine_(); }
    bool one_in(uint64_t chances) { return below(chances) == 0; }
    template<class T, std::size_t N>
    const T& pick(const T (&choices)[N]) {
        return choices[below(N)];
    }
    template<class T>
    void shuffle(std::span<T> values) {
        for (std::size_t i = values.size(); i > 1; --i)
            std::swap(values[i - 1], values[below(i)]);
    }

  private:
    std::mt19937_64 engine_;
};

} // namespace baton::test
