// SPDX-License-Identifier: BSD-2-Clause
#include "uefi/event_log.hpp"

namespace baton {
namespace {

/// Of a TPM_ALG_ID: TCG Algorithm Registry 1.34, table 3. 0: it isn't known.
uint64_t digest_bytes(uint16_t algorithm) {
    switch (algorithm) {
    case 0x04: // SHA-1
        return 20;
    case 0x0b: // SHA-256
    case 0x12: // SM3-256
    case 0x27: // SHA3-256
        return 32;
    case 0x0c: // SHA-384
    case 0x28: // SHA3-384
        return 48;
    case 0x0d: // SHA-512
    case 0x29: // SHA3-512
        return 64;
    default:
        return 0;
    }
}

/// Where the event's size is; 0: nowhere.
uint64_t end_of_digests(Bytes log) {
    constexpr uint64_t kCountAt = 8, kDigestsAt = 12;
    if (!fits(0, kDigestsAt, log.size()))
        return 0;
    uint64_t at = kDigestsAt;
    for (auto count = read_at<uint32_t>(log, kCountAt); count != 0; --count) {
        if (!fits(at, sizeof(uint16_t), log.size()))
            return 0;
        const uint64_t bytes = digest_bytes(read_at<uint16_t>(log, at));
        at += sizeof(uint16_t) + bytes;
        if (bytes == 0 || at > log.size())
            return 0;
    }
    return at;
}

} // namespace

uint64_t event_bytes(Bytes log, EventForm form) {
    constexpr uint64_t kSizeAt = 28; // after a digest of SHA-1
    const uint64_t size_at = form == EventForm::one_digest ? kSizeAt : end_of_digests(log);
    if (size_at == 0 || !fits(size_at, sizeof(uint32_t), log.size()))
        return 0;
    const uint64_t bytes = size_at + sizeof(uint32_t) + read_at<uint32_t>(log, size_at);
    return bytes <= log.size() ? bytes : 0;
}

} // namespace baton
