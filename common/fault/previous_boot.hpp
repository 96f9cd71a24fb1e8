// SPDX-License-Identifier: BSD-2-Clause
//
// What became of the boot before this one. Two things say so: a non-volatile variable of the
// firmware's, which a stage 1 writes last of all, and the BatonCrashRecord that it names, in memory
// that may have survived a reset or not. Nothing of that is believed unseen.
#pragma once

#include "abi/boot_info.h"
#include "abi/handoff.h"
#include "core/address.hpp"
#include "core/bytes.hpp"
#include "core/text.hpp"
#include "memory/efi_map.hpp"
#include "memory/frame_source.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

struct PreviousBoot {
    BatonPreviousBootState state = BATON_PREVIOUS_BOOT_NONE;
    uint32_t vector = 0; // of BATON_PREVIOUS_BOOT_FAULT, as `rip` is
    uint64_t rip = 0;
    /// The report of a fault, or the error of a stage 1 that gave up: printable ASCII and "\n".
    std::string_view text() const { return {characters.data(), text_bytes}; }

    std::array<char, BATON_CRASH_RECORD_TEXT_BYTES> characters{};
    std::size_t text_bytes = 0;
};

/// What the variable holds.
struct BootMark {
    PhysAddr crash_record{};     // where they are, of a boot that left the firmware
    std::string_view error = {}; // of one that gave up; else empty
};

inline constexpr std::size_t kBootMarkBytes = 512; // at most

/// The variable's content, in `memory`, which has kBootMarkBytes. An error that is too long is cut
/// off.
Bytes write_boot_mark(const BootMark& mark, std::span<std::byte> memory);

/// A view into `content`. No value: this version has not written it.
std::optional<BootMark> parse_boot_mark(Bytes content);

/// Memory as it is now, before the loader has put anything into it.
struct MemoryNow {
    const EfiMemoryMap& map;
    std::span<const PhysRange> occupied; // never free, whatever the map says
    FrameSource& frames;                 // for access() alone
};

/// Reads what `mark` leads to, and wipes it, so that no later boot takes it for its predecessor's.
/// Memory that isn't free now is not touched, and a record that isn't whole counts as lost:
/// BATON_PREVIOUS_BOOT_STARTED.
PreviousBoot recall_boot(const BootMark& mark, const MemoryNow& memory);

/// One line on it.
void describe(TextWriter& text, const PreviousBoot& boot);

} // namespace baton
