// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/random.hpp"

#include "core/wipe.hpp"
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"

#include <cstddef>

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

void draw_random_numbers(RandomWords& words, bool from_firmware, RandomNumbers& numbers) {
    bool from_processor = cpu::has_rdrand();
    uint64_t previous = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const uint64_t random = from_processor ? cpu::rdrand() : 0;
        // A broken one gives the same number again and again (0 and all ones have been seen).
        from_processor = from_processor && random != 0 && random != previous;
        previous = random;
        uint64_t& number = i < numbers.seed.size() ? numbers.seed[i] : numbers.slide;
        number = words[i] ^ random ^ scramble(cpu::read_tsc());
    }
    wipe(&words, sizeof words);
    numbers.from_firmware = from_firmware;
    numbers.from_processor = from_processor;
}

} // namespace baton
