// SPDX-License-Identifier: BSD-2-Clause
//
// Free memory, of which blocks are taken from the top.
#pragma once

#include "memory/frame_source.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace baton {

/// Keeps what is free as ranges in ascending order, with a gap between any two. It remembers for
/// each power of two below which address there are ranges of so many pages: what was too small once
/// isn't looked at again.
class FreeMemory {
  public:
    /// Entries of `list` that so many ranges take, each of them free or taken, and so many blocks.
    static constexpr std::size_t entries_for(std::size_t ranges, std::size_t blocks) {
        return 2 * ranges + blocks;
    }

    /// `list` is kept; it has entries_for() entries. Where there is none for a block that splits a
    /// range, the smaller part of the rest is never handed out.
    explicit FreeMemory(std::span<PhysRange> list) : list_(list) {}

    /// Before build(), in any order: what is free, and what is not, which wins. A part of a page is
    /// free only with the rest of it.
    void add_free(PhysRange range) { add(range, kFree); }
    void add_taken(PhysRange range) { add(range, kTaken); }
    /// What is free is known. O(n log n).
    void build();

    /// The highest place for `request` below `end`, which is free no more; nothing where there is
    /// none. All calls have one of two ends: one up to 4 GiB, one above. `low`: nothing below.
    std::optional<PhysAddr> take(PhysAddr end, const FrameRequest& request, PhysAddr low = {});
    /// These pages are free no more, where they were.
    void remove(PhysRange pages);

  private:
    // The edges that build() sorts: entries of `list` with an address and one of these.
    static constexpr uint64_t kFree = 0, kTaken = 2, kBegins = 0, kEnds = 1;
    static constexpr std::size_t kSizes = 64;

    void add(PhysRange range, uint64_t kind);
    std::span<PhysRange> ranges() const { return list_.first(count_); }
    std::size_t count_below(PhysAddr end) const;
    void carve(std::size_t index, PhysRange block);

    std::span<PhysRange> list_;
    std::size_t count_ = 0;
    /// No range of 2^i pages or more ends above. Of searches up to 4 GiB, and of all others.
    std::array<std::array<PhysAddr, kSizes>, 2> limits_{};
};

} // namespace baton
