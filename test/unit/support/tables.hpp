// SPDX-License-Identifier: BSD-2-Clause
//
// Page tables under test: a PageMapper over fake frames, and the walker that reads what it made.
#pragma once

#include "paging/entry.hpp"
#include "paging/page_mapper.hpp"
#include "support/fake_frames.hpp"
#include "support/page_walker.hpp"

#include <cstdint>
#include <vector>

namespace baton::test {

struct Tables {
    FakeFrames frames;
    PageMapper mapper;
    unsigned levels;

    explicit Tables(bool huge_pages = true, bool five_level = false)
        : mapper(PageMapper::create(frames, {huge_pages, five_level}).value()),
          levels(five_level ? 5 : 4) {}

    /// As the processor would translate, with the PAT that Baton sets.
    PageWalker walker() {
        return {[this](uint64_t physical) { return frames.read(physical); }, mapper.root().value,
                paging::kPat, levels};
    }
    /// {} where nothing is mapped.
    Translation at(uint64_t address) { return walker().translate(address).value_or(Translation{}); }
    bool is_mapped(uint64_t address) { return walker().translate(address).has_value(); }

    /// The sizes of all pages, by address.
    std::vector<uint64_t> page_sizes() {
        std::vector<uint64_t> sizes;
        for (const Leaf& leaf : walker().leaves())
            sizes.push_back(leaf.translation.page_bytes);
        return sizes;
    }
};

} // namespace baton::test
