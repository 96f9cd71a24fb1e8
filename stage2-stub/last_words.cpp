// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/last_words.hpp"

#include "core/checksum.hpp"
#include "stage2-stub/cpu.hpp"

#include <span>

namespace baton::stage2 {

[[gnu::section(".bss.last_words")]] alignas(4096) BatonLastWords last_words;

void note(BatonLastWordsState state) {
    last_words.magic = BATON_LAST_WORDS_MAGIC;
    last_words.size = sizeof last_words;
    last_words.state = state;
    const auto bytes = std::as_bytes(std::span(&last_words, 1));
    last_words.checksum =
        checksum(bytes.first(offsetof(BatonLastWords, text) + last_words.text_bytes)
                     .subspan(offsetof(BatonLastWords, size)));
    // A reset may do away with what is in the caches alone.
    constexpr std::size_t kCacheLineBytes = 64; // or more
    for (std::size_t i = 0; i < sizeof last_words; i += kCacheLineBytes)
        flush_cache_line(&bytes[i]);
}

void note_fault(const FaultFrame& frame, std::size_t text_bytes) {
    last_words.rip = frame.rip;
    last_words.vector = static_cast<uint32_t>(frame.vector);
    last_words.text_bytes = static_cast<uint32_t>(text_bytes);
    note(BATON_LAST_WORDS_FAULT);
}

} // namespace baton::stage2
