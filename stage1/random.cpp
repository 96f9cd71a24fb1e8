// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/random.hpp"

#include "stage1/cpu.hpp"

#include <algorithm>

namespace baton {
namespace {

/// Spreads each bit of the counter over the word: the finaliser of MurmurHash3, which is a
/// bijection.
uint64_t scramble(uint64_t value) {
    value = (value ^ value >> 33) * 0xff51'afd7'ed55'8ccd;
    value = (value ^ value >> 33) * 0xc4ce'b9fe'1a85'ec53;
    return value ^ value >> 33;
}

} // namespace

RandomNumbers draw_random_numbers(const RandomWords& words, bool from_firmware) {
    RandomWords mixed = words;
    bool from_processor = cpu::has_rdrand();
    uint64_t previous = 0;
    for (uint64_t& word : mixed) {
        const uint64_t random = from_processor ? cpu::rdrand() : 0;
        // A broken one gives the same number again and again (0 and all ones have been seen).
        from_processor = from_processor && random != 0 && random != previous;
        previous = random;
        word ^= random ^ scramble(cpu::read_tsc());
    }
    RandomNumbers numbers{.seed = {},
                          .slide = mixed.back(),
                          .from_firmware = from_firmware,
                          .from_processor = from_processor};
    std::copy_n(mixed.begin(), numbers.seed.size(), numbers.seed.begin());
    return numbers;
}

} // namespace baton
