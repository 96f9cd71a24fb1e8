// SPDX-License-Identifier: BSD-2-Clause
//
// Relocates a position-independent kernel of four segments by tables of any kind.
//
// The input is the slide, where the dynamic section is, and the segments' file bytes. The words
// become what a second reader of the tables makes of them, or the kernel is refused by both; and
// nothing outside of the file bytes changes.
#include "elf/image.hpp"
#include "fuzz/frames.hpp"
#include "fuzz/input.hpp"
#include "fuzz/relocation_oracle.hpp"
#include "fuzz/require.hpp"
#include "loading/relocate.hpp"
#include "support/elf_builder.hpp"
#include "tools/baton/heap_arena.hpp"

#include <algorithm>
#include <vector>

namespace baton::fuzz {
namespace {

using test::ElfBuilder;
using test::Load;

#pragma pack(push, 1)
struct RelocationInput {
    uint32_t slide_pages;
    uint8_t upper_half; // 1: there
    uint16_t dynamic;   // linked address
    uint16_t dynamic_bytes;
};
#pragma pack(pop)
static_assert(sizeof(RelocationInput) == 9); // as make_seeds.py has it

/// Text, data with .bss behind a hole, and two that share a page.
constexpr Load kSegments[] = {
    {.vaddr = 0, .memory_bytes = 0x400, .flags = test::kR | test::kX, .file_bytes = 0x400},
    {.vaddr = 0x1000, .memory_bytes = 0x900, .flags = test::kR | test::kW, .file_bytes = 0x600},
    {.vaddr = 0x3000, .memory_bytes = 0x200, .flags = test::kR | test::kW, .file_bytes = 0x200},
    {.vaddr = 0x3200, .memory_bytes = 0x400, .flags = test::kR, .file_bytes = 0x1f9},
};

uint64_t slide_of(const RelocationInput& input) {
    constexpr uint64_t kUpperHalf = 0xffff'8000'0000'0000;
    const uint64_t slide = (uint64_t{input.slide_pages} + 1) * kPageBytes;
    return (input.upper_half & 1) != 0 ? kUpperHalf + slide : slide;
}

Buffer elf_file(const RelocationInput& input) {
    ElfBuilder elf;
    elf.header.e_type = elf::ET_DYN;
    for (const Load& load : kSegments)
        elf.load(load);
    elf.add({.p_type = elf::PT_DYNAMIC,
             .p_flags = 0,
             .p_offset = 0,
             .p_vaddr = input.dynamic,
             .p_paddr = 0,
             .p_filesz = input.dynamic_bytes,
             .p_memsz = input.dynamic_bytes,
             .p_align = 8});
    return elf.build(0x1000); // whose bytes nobody reads
}

/// A planned kernel with its file bytes in their frames.
class Kernel {
  public:
    Kernel(const RelocationInput& input, const std::vector<Piece>& pieces)
        : file_(elf_file(input)) {
        const auto image = require_good(elf::Image::parse(file_), "the file is in order");
        plan_ =
            require_good(plan_load(image, {.slide = slide_of(input)}, arena_), "the plan is good");
        require_good(place(plan_, frames_), "there is memory");
        for (const Piece& piece : pieces)
            std::ranges::copy(piece.bytes, frames_.access(physical(piece.address)));
    }

    Result<RelocationCounts> relocate() { return baton::relocate(plan_, frames_); }
    /// All memory, after `pieces` would have been put where they belong.
    std::vector<Buffer> memory_with(const std::vector<Piece>& pieces) {
        std::vector<Buffer> all = memory();
        for (const Piece& piece : pieces) {
            const Region& region = *plan_.region_of({piece.address + plan_.slide});
            const auto index = static_cast<std::size_t>(&region - plan_.regions.data());
            std::ranges::copy(piece.bytes, all[index].data() + (piece.address + plan_.slide -
                                                                region.pages.base.value));
        }
        return all;
    }
    std::vector<Buffer> memory() {
        std::vector<Buffer> all;
        for (const Region& region : plan_.regions) {
            const Bytes bytes(frames_.access(region.physical), region.pages.bytes);
            all.emplace_back(bytes.begin(), bytes.end());
        }
        return all;
    }

  private:
    PhysAddr physical(uint64_t address) const { return plan_.physical({address + plan_.slide}); }

    Buffer file_;
    HeapArena arena_;
    Frames frames_{{{uint64_t{1} << 20}, 16 * kPageBytes}, {}};
    LoadPlan plan_{};
};

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    using namespace baton::fuzz;
    Input input(data, size);
    const auto wanted = input.take<RelocationInput>();
    std::vector<Piece> pieces;
    for (const Load& load : kSegments) {
        pieces.push_back({load.vaddr, input.take_bytes(load.file_bytes)});
        pieces.back().bytes.resize(load.file_bytes);
    }
    Kernel kernel(wanted, pieces);
    const auto before = kernel.memory();
    const auto counts = kernel.relocate();
    require_named(counts);

    const auto expected =
        relocated(pieces, {{wanted.dynamic}, wanted.dynamic_bytes}, slide_of(wanted));
    require(counts.has_value() == expected.has_value(),
            "a kernel is refused where its tables are wrong, and nowhere else");
    const auto after = kernel.memory();
    if (expected)
        require(after == kernel.memory_with(*expected), "words become what the tables say");
    require(kernel.memory_with(pieces) == before, "nothing but file bytes changes");
    return 0;
}
