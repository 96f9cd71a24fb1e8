// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/crash_record.hpp"

#include "core/checksum.hpp"
#include "cpu/instructions.hpp"

#include <span>

namespace baton::stage2 {

[[gnu::section(".bss.crash_record")]] alignas(4096) BatonCrashRecord crash_record;

void note(BatonCrashRecordState state) {
    crash_record.magic = BATON_CRASH_RECORD_MAGIC;
    crash_record.size = sizeof crash_record;
    crash_record.state = state;
    const auto bytes = std::as_bytes(std::span(&crash_record, 1));
    crash_record.checksum =
        checksum(bytes.first(offsetof(BatonCrashRecord, text) + crash_record.text_bytes)
                     .subspan(offsetof(BatonCrashRecord, size)));
    // A reset may do away with what is in the caches alone.
    constexpr std::size_t kCacheLineBytes = 64; // or more
    for (std::size_t i = 0; i < sizeof crash_record; i += kCacheLineBytes)
        cpu::flush_cache_line(&bytes[i]);
}

} // namespace baton::stage2
