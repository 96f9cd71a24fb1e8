// SPDX-License-Identifier: BSD-2-Clause
#include "compression/checksums.hpp"

#include <array>
#include <bit>

namespace baton {
namespace {

/// "PRIME32_1" and so on; `rotation` is that of a round.
struct Xxh32 {
    using Word = uint32_t;
    static constexpr Word k1 = 0x9e3779b1, k2 = 0x85ebca77, k3 = 0xc2b2ae3d, k4 = 0x27d4eb2f,
                          k5 = 0x165667b1;
    static constexpr int kRotation = 13;
};
struct Xxh64 {
    using Word = uint64_t;
    static constexpr Word k1 = 0x9e3779b185ebca87, k2 = 0xc2b2ae3d27d4eb4f, k3 = 0x165667b19e3779f9,
                          k4 = 0x85ebca77c2b2ae63, k5 = 0x27d4eb2f165667c5;
    static constexpr int kRotation = 31;
};

template<class T>
T take(Bytes& bytes) {
    const T value = read_at<T>(bytes, 0);
    bytes = bytes.subspan(sizeof(T));
    return value;
}

template<class Xxh>
typename Xxh::Word round(typename Xxh::Word lane, typename Xxh::Word word) {
    return std::rotl(lane + word * Xxh::k2, Xxh::kRotation) * Xxh::k1;
}

/// Steps 1 to 4: what is left in `bytes` is less than a stripe.
template<class Xxh>
typename Xxh::Word stripes(Bytes& bytes) {
    using Word = typename Xxh::Word;
    const Word size = static_cast<Word>(bytes.size());
    if (bytes.size() < 4 * sizeof(Word))
        return Xxh::k5 + size;
    Word a = Xxh::k1 + Xxh::k2, b = Xxh::k2, c = 0, d = Word{0} - Xxh::k1;
    while (bytes.size() >= 4 * sizeof(Word)) {
        a = round<Xxh>(a, take<Word>(bytes));
        b = round<Xxh>(b, take<Word>(bytes));
        c = round<Xxh>(c, take<Word>(bytes));
        d = round<Xxh>(d, take<Word>(bytes));
    }
    Word sum = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
    if constexpr (sizeof(Word) == 8)
        for (const Word lane : {a, b, c, d})
            sum = (sum ^ round<Xxh>(0, lane)) * Xxh::k1 + Xxh::k4;
    return sum + size;
}

} // namespace

uint32_t xxh32(Bytes bytes) {
    using X = Xxh32;
    uint32_t sum = stripes<X>(bytes);
    while (bytes.size() >= 4)
        sum = std::rotl(sum + take<uint32_t>(bytes) * X::k3, 17) * X::k4;
    while (!bytes.empty())
        sum = std::rotl(sum + take<uint8_t>(bytes) * X::k5, 11) * X::k1;
    sum = (sum ^ sum >> 15) * X::k2;
    sum = (sum ^ sum >> 13) * X::k3;
    return sum ^ sum >> 16;
}

uint64_t xxh64(Bytes bytes) {
    using X = Xxh64;
    uint64_t sum = stripes<X>(bytes);
    while (bytes.size() >= 8)
        sum = std::rotl(sum ^ round<X>(0, take<uint64_t>(bytes)), 27) * X::k1 + X::k4;
    if (bytes.size() >= 4)
        sum = std::rotl(sum ^ take<uint32_t>(bytes) * X::k1, 23) * X::k2 + X::k3;
    while (!bytes.empty())
        sum = std::rotl(sum ^ take<uint8_t>(bytes) * X::k5, 11) * X::k1;
    sum = (sum ^ sum >> 33) * X::k2;
    sum = (sum ^ sum >> 29) * X::k3;
    return sum ^ sum >> 32;
}

} // namespace baton
