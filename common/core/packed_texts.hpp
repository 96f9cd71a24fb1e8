// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace baton {

/// Constant texts, one after the other in memory, each with its NUL. An array of pointers would
/// have to be relocated, which nothing does for stage 2.
template<std::size_t kTexts, std::size_t kBytes>
struct PackedTexts {
    using Start = std::conditional_t<kBytes <= UINT8_MAX, uint8_t, uint16_t>;
    static_assert(kBytes <= UINT16_MAX);
    std::array<Start, kTexts> starts;
    std::array<char, kBytes> bytes;

    constexpr const char* operator[](std::size_t index) const { return &bytes[starts[index]]; }
    constexpr std::string_view view(std::size_t index) const {
        const std::size_t end = index + 1 < kTexts ? starts[index + 1] : kBytes;
        return {&bytes[starts[index]], end - starts[index] - 1};
    }
};

template<std::size_t... kBytes>
consteval PackedTexts<sizeof...(kBytes), (kBytes + ...)>
packed_texts(const char (&... texts)[kBytes]) {
    using Packed = PackedTexts<sizeof...(kBytes), (kBytes + ...)>;
    Packed packed{};
    std::size_t at = 0, index = 0;
    const auto add = [&](const char* text, std::size_t bytes) {
        packed.starts[index++] = static_cast<typename Packed::Start>(at);
        for (std::size_t i = 0; i < bytes; ++i)
            packed.bytes[at++] = text[i];
    };
    (add(texts, kBytes), ...);
    return packed;
}

} // namespace baton
