// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/event_log.hpp"

#include "memory/block.hpp"
#include "stage1-efi/firmware_facts.hpp"
#include "uefi/event_log.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

constexpr uint64_t kMostLogBytes = uint64_t{16} << 20;
constexpr uint64_t kMostEventBytes = uint64_t{1} << 20;
// For what ExitBootServices adds: two events for each try, of some 300 bytes.
constexpr uint64_t kReserve = uint64_t{16} << 10;

Bytes bytes_at(uint64_t address, uint64_t bytes) {
    return {reinterpret_cast<const std::byte*>(address), bytes};
}

/// All of a log whose last entry is at `last`; empty where that makes no sense.
Bytes whole_log(uint64_t log, uint64_t last, BatonEventLogFormat format) {
    if (log == 0 || last < log || last - log > kMostLogBytes)
        return {};
    const bool has_one_digest = format == BATON_EVENT_LOG_TCG_1_2 || last == log;
    const uint64_t bytes = event_bytes(bytes_at(last, kMostEventBytes),
                                       has_one_digest ? EventForm::one_digest : EventForm::digests);
    return bytes == 0 ? Bytes() : bytes_at(log, last - log + bytes);
}

} // namespace

Result<void> EventLogCopy::make(const efi::Firmware& firmware, const Tpm& tpm, FrameSource& frames,
                                Log& log) {
    if (!tpm.is_there())
        return {};
    EFI_PHYSICAL_ADDRESS start = 0, last = 0;
    BOOLEAN truncated = 0;
    const auto get = [&](BatonEventLogFormat format) {
        log_.format = format;
        return tpm.protocol()->GetEventLog(tpm.protocol(), format, &start, &last, &truncated);
    };
    EFI_STATUS status = get(BATON_EVENT_LOG_TCG_2);
    if (efi::failed(status))
        status = get(BATON_EVENT_LOG_TCG_1_2);
    const Bytes known = efi::failed(status) ? Bytes() : whole_log(start, last, log_.format);
    if (known.empty()) {
        log.warn("the TPM's event log can't be read: status %x", status);
        log_ = {};
        return {};
    }
    const Block block =
        TRY(allocate_block(frames, known.size() + kReserve, {.use = MemoryUse::event_log}));
    memory_ = block.bytes;
    std::ranges::copy(known, memory_.begin());
    log_.log = memory_.data();
    log_.bytes = known.size();
    log_.truncated = truncated != 0;
    if (log_.format == BATON_EVENT_LOG_TCG_2)
        final_events_ = reinterpret_cast<const efi::Tcg2FinalEvents*>(
            find_table(*firmware.system, efi::kTcg2FinalEventsGuid));
    while (has_final_event()) // is in the log already
        if (const Bytes event = next_final_event(); event.empty())
            final_events_ = nullptr;
    return {};
}

bool EventLogCopy::has_final_event() const {
    return final_events_ != nullptr && final_count_ < final_events_->NumberOfEvents;
}

/// Empty: it makes no sense.
Bytes EventLogCopy::next_final_event() {
    const Bytes events =
        bytes_at(reinterpret_cast<uint64_t>(final_events_ + 1) + final_bytes_, kMostEventBytes);
    const uint64_t bytes =
        final_bytes_ > kMostLogBytes ? 0 : event_bytes(events, EventForm::digests);
    ++final_count_;
    final_bytes_ += bytes;
    return events.first(bytes);
}

EventLog EventLogCopy::complete() {
    while (has_final_event() && !log_.truncated) {
        const Bytes event = next_final_event();
        log_.truncated = event.empty() || !fits(log_.bytes, event.size(), memory_.size());
        if (log_.truncated)
            break;
        std::memcpy(memory_.data() + log_.bytes, event.data(), event.size());
        log_.bytes += event.size();
    }
    return log_;
}

} // namespace baton
