// SPDX-License-Identifier: BSD-2-Clause
//
// A load plan together with the memory that its arrays and its file lie in.
#pragma once

#include "elf/image.hpp"
#include "plan/load_plan.hpp"
#include "support/elf_builder.hpp"
#include "support/errors.hpp"
#include "support/fake_frames.hpp"
#include "tools/baton/heap_arena.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

namespace baton::test {

struct Planned {
    Buffer file;
    std::unique_ptr<HeapArena> arena = std::make_unique<HeapArena>();
    Result<LoadPlan> result;

    LoadPlan& plan() { return result.value(); }
};

/// `claimed_file_bytes`: how long the file is said to be, where its bytes don't matter.
inline Planned plan_of(const ElfBuilder& elf, uint64_t claimed_file_bytes = 0,
                       const LoadRules& rules = {}) {
    Planned planned{.file = elf.build(), .result = LoadPlan{}};
    const uint64_t file_bytes = std::max<uint64_t>(claimed_file_bytes, planned.file.size());
    const auto header = elf::parse_header(planned.file, file_bytes);
    if (!header)
        throw std::invalid_argument(outcome(header));
    const elf::Image image(
        *header,
        std::span(planned.file)
            .subspan(header->program_headers_offset, header->program_headers_bytes()),
        file_bytes);
    planned.result = plan_load(image, rules, *planned.arena);
    return planned;
}

/// A plan of these segments, entered at the first one's beginning, which must be executable.
inline Planned plan_of(std::initializer_list<Load> loads) {
    ElfBuilder elf;
    elf.entry(loads.begin()->vaddr);
    for (const Load& load : loads)
        elf.load(load);
    return plan_of(elf, uint64_t{1} << 30);
}

/// The same with physical memory from `frames`.
inline Planned placed(std::initializer_list<Load> loads, FakeFrames& frames) {
    Planned planned = plan_of(loads);
    EXPECT_EQ(outcome(place(planned.plan(), frames)), "good");
    return planned;
}

} // namespace baton::test
