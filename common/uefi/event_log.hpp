// SPDX-License-Identifier: BSD-2-Clause
//
// The entries of a TPM's event log: TCG PC Client Platform Firmware Profile 1.06, section 10.2.
#pragma once

#include "core/bytes.hpp"

#include <cstdint>

namespace baton {

enum class EventForm : uint8_t {
    one_digest, // TCG_PCClientPCREvent: all of a log of version 1.2, the first of one of version 2
    digests,    // TCG_PCR_EVENT2: all others
};

/// The entry that `log` begins with takes so many bytes; 0: it doesn't end in `log`, or has a
/// digest of an algorithm that isn't known.
uint64_t event_bytes(Bytes log, EventForm form);

} // namespace baton
