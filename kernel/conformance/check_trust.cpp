// SPDX-License-Identifier: BSD-2-Clause
//
// D, the end: what was verified and measured.
#include "context.hpp"

#include <cstring>
#include <string_view>

namespace conformance {
namespace {

void check_trust(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    constexpr uint32_t kVerified = BATON_TRUST_KERNEL_VERIFIED | BATON_TRUST_MODULES_VERIFIED;
    const bool is_secure = info.secure_boot == BATON_SECURE_BOOT_ON;
    verdict.expect(info.trust_flags < 2 * BATON_TRUST_MEASURED, "known trust_flags",
                   info.trust_flags);
    verdict.expect(info.verified_by <= BATON_VERIFIED_BY_SHIM, "a known verified_by",
                   info.verified_by);
    verdict.equal("somebody verifies", is_secure, info.verified_by != BATON_VERIFIED_BY_NOBODY);
    if (is_secure)
        verdict.expect((~info.trust_flags & (kVerified | BATON_TRUST_ENFORCED)) == 0,
                       "all verified under Secure Boot", info.trust_flags);
    else
        verdict.equal("nothing verified without it", 0, info.trust_flags & kVerified);
}

uint64_t digest_bytes(uint16_t algorithm) {
    switch (algorithm) {
    case 0x04: // SHA-1
        return 20;
    case 0x0b: // SHA-256
        return 32;
    case 0x0c: // SHA-384
        return 48;
    case 0x0d: // SHA-512
        return 64;
    default:
        return 0;
    }
}

/// Takes an entry of the log off `log`, and returns its event; null: it is no entry.
/// TCG PC Client Platform Firmware Profile 1.06, section 10.2.
std::span<const uint8_t> take_event(std::span<const uint8_t>& log, bool has_one_digest) {
    const auto word = [&](uint64_t at, uint64_t bytes) {
        uint32_t value = 0;
        if (at + bytes <= log.size())
            std::memcpy(&value, &log[at], bytes);
        return value;
    };
    uint64_t at = has_one_digest ? 28 : 12;
    for (uint32_t digests = has_one_digest ? 0 : word(8, 4); digests != 0; --digests) {
        const uint64_t bytes = digest_bytes(static_cast<uint16_t>(word(at, 2)));
        if (bytes == 0)
            return {};
        at += 2 + bytes;
    }
    const uint64_t bytes = word(at, 4);
    if (at + 4 + bytes > log.size())
        return {};
    const auto event = log.subspan(at + 4, bytes);
    log = log.subspan(at + 4 + bytes);
    return event;
}

bool holds(std::span<const uint8_t> event, std::string_view text) {
    return event.size() >= text.size() && std::memcmp(event.data(), text.data(), text.size()) == 0;
}

void check_event_log(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    if (info.event_log_format == BATON_EVENT_LOG_NONE) {
        verdict.equal("no log", 0, info.event_log | info.event_log_bytes | info.event_log_flags);
        return verdict.absent("event-log");
    }
    verdict.expect(context.is_in_direct_map(info.event_log, info.event_log_bytes),
                   "a log in the direct map", info.event_log);
    if (verdict.is_broken())
        return;
    const uint64_t physical = info.event_log - info.direct_map_base;
    const BatonMemoryRange* range = context.range_of(physical);
    verdict.expect(range != nullptr && context.text_at(range->origin) == "TPM event log" &&
                       physical + info.event_log_bytes <= range->base_physical + range->bytes,
                   "a range of its own", physical);
    std::span<const uint8_t> log(reinterpret_cast<const uint8_t*>(info.event_log),
                                 info.event_log_bytes);
    bool has_entry = false, has_exit = false, is_first = true;
    while (!log.empty()) {
        const auto event =
            take_event(log, is_first || info.event_log_format == BATON_EVENT_LOG_TCG_1_2);
        verdict.expect(event.data() != nullptr, "an entry of the log",
                       info.event_log_bytes - log.size());
        if (verdict.is_broken())
            return;
        is_first = false;
        has_entry |= holds(event, "baton entry: ");
        has_exit |= holds(event, "Exit Boot Services Returned with Success");
    }
    const bool is_measured = (info.trust_flags & BATON_TRUST_MEASURED) != 0;
    verdict.equal("the boot entry's event", is_measured, has_entry);
    if (info.event_log_format == BATON_EVENT_LOG_TCG_2)
        verdict.expect(has_exit, "the event of ExitBootServices");
}

constexpr Promise kPromises[] = {
    {"D15", "trust_flags and verified_by go with Secure Boot", check_trust},
    {"D16", "event_log is the TPM's, to the end of ExitBootServices", check_event_log},
};

} // namespace

std::span<const Promise> trust_promises() {
    return kPromises;
}

} // namespace conformance
