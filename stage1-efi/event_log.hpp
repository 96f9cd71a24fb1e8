// SPDX-License-Identifier: BSD-2-Clause
//
// A copy of the TPM's event log for the kernel.
#pragma once

#include "protocols/facts.hpp"
#include "stage1-efi/tpm.hpp"

#include <span>

namespace baton {

class EventLogCopy {
  public:
    /// Copies the log as it is now into a block that has space for what is yet to come. Without a
    /// TPM, or where its log makes no sense, there is no log. Error: out_of_memory.
    Result<void> make(const efi::Firmware& firmware, const Tpm& tpm, FrameSource& frames, Log& log);
    /// With the events since then, after ExitBootServices.
    EventLog complete();

  private:
    bool has_final_event() const;
    Bytes next_final_event();

    EventLog log_;
    std::span<std::byte> memory_;
    const efi::Tcg2FinalEvents* final_events_ = nullptr;
    uint64_t final_count_ = 0; // that the copy has
    uint64_t final_bytes_ = 0; // these
};

} // namespace baton
