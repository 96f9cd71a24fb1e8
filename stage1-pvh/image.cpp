// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-pvh/image.hpp"

#include "cpu/constants.hpp"
#include "cpu/descriptors.hpp"

#include <cstddef>
#include <cstdint>

namespace baton {
namespace {

constexpr uint64_t kLinkedAt = 0x10'0000; // image_start, in the linker script

struct Relocation { // Elf64_Rela
    uint64_t offset;
    uint64_t info;
    uint64_t addend;
};

} // namespace
} // namespace baton

extern "C" {
extern const std::byte image_start[]; // of the linker script, as the next two
extern const baton::Relocation relocations_start[];
extern const baton::Relocation relocations_end[];
}

namespace baton {

void prepare_image() {
    cpu::load_data_segments(cpu::kSelectorData);
    const uint64_t moved_by = reinterpret_cast<uint64_t>(image_start) - kLinkedAt;
    for (const Relocation* next = relocations_start; next != relocations_end; ++next)
        *reinterpret_cast<uint64_t*>(moved_by + next->offset) = moved_by + next->addend;
}

} // namespace baton
