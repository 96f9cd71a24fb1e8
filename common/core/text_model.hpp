// SPDX-License-Identifier: BSD-2-Clause
//
// How likely a text's next bit is, by what came before. The program that packs the texts of errors
// and the loader that unpacks them ask the same object, bit by bit, and so agree (arithmetic
// coding: I. Witten, R. Neal and J. Cleary, "Arithmetic Coding for Data Compression", 1987). The
// chance is that of a logistic regression, learnt on the way, by the last 0, 1, 2 and 3 characters
// and by the word so far.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace baton {

class TextModel {
  public:
    static constexpr unsigned kBits = 7; // of a character, the highest first

    /// That the next bit is 1, in 1/65536: from 1 to 65535.
    uint32_t chance() {
        int sum = 0; // of logarithms to base 2, in 1/256
        for (unsigned i = 0; i < kContexts; ++i) {
            const uint32_t hash = (contexts_[i] + (bits_ | i << (kBits + 1)) * kMixer) * kMixer;
            weights_of_bit_[i] = &weights_[hash >> (32 - kWeightBits)];
            sum += *weights_of_bit_[i] >> 4;
        }
        const unsigned size = std::min(static_cast<unsigned>(sum < 0 ? -sum : sum), kMostSum);
        const unsigned odds = (512 - size % 256) << 7 >> size / 256; // 65536 of 2^-size, nearly
        const auto likely = static_cast<uint32_t>((uint64_t{1} << 32) / (65536 + odds));
        return chance_ = sum < 0 ? 65536 - likely : likely;
    }

    /// What the bit was that chance() was asked of last.
    void learn(bool bit) {
        const int error = (bit ? 65536 : 0) - static_cast<int>(chance_);
        for (Weight* weight : weights_of_bit_) {
            const int times = *weight & 15;
            const int moved = (*weight >> 4) + error * 12 / ((2 * times + 3) * 512);
            *weight =
                static_cast<Weight>(std::clamp(moved, -2047, 2047) * 16 + std::min(times + 1, 6));
        }
        bits_ = std::max(bits_, 1U) << 1 | (bit ? 1 : 0); // 0 only at the very start
        if (bits_ >> kBits != 0)
            end_character(static_cast<char>(bits_ & ((1U << kBits) - 1)));
    }

  private:
    static constexpr unsigned kContexts = 5, kWeightBits = 15, kMostSum = 11 * 256 - 1;
    static constexpr uint32_t kMixer = 0x9e3779b1; // "Fibonacci hashing": 2^32 by the golden ratio

    /// A logarithm of odds to base 2 in 1/256, times 16; and how many times it was learnt.
    using Weight = int16_t;

    void end_character(char character) {
        last_ = last_ << 8 | static_cast<uint8_t>(character);
        const auto letter = static_cast<uint8_t>((character | 0x20) - 'a');
        word_ = letter < 26 ? (word_ + letter + 1) * kMixer : 0;
        for (unsigned i = 0; i < kContexts; ++i) {
            const uint32_t context = i == kContexts - 1 ? word_ : last_ & ((1U << 8 * i) - 1);
            contexts_[i] = context * kMixer ^ context * kMixer >> 15;
        }
        bits_ = 1;
    }

    std::array<Weight, 1U << kWeightBits> weights_;
    std::array<Weight*, kContexts> weights_of_bit_;
    std::array<uint32_t, kContexts> contexts_;
    uint32_t last_; // characters
    uint32_t word_;
    uint32_t bits_; // of this character, after a 1
    uint32_t chance_;
};

} // namespace baton
