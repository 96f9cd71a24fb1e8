// SPDX-License-Identifier: BSD-2-Clause
//
// This kernel's own ELF headers, which the linker puts into its first segment: what the loader was
// asked for, known without the loader. A test can add segments to the file, of any shape, filled
// with a pattern (image_contents.hpp): test/boot/harness/kernels.py.
#pragma once

#include "elf.hpp"

#include <baton/boot_info.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace conformance::own_image {

struct Segment {
    uint64_t base; // with the slide
    uint64_t bytes;
    uint64_t file_bytes;
    uint64_t alignment;
    uint32_t flags; // elf::PF_*

    bool has(uint64_t address) const { return address - base < bytes; }
    bool touches(uint64_t other, uint64_t other_bytes) const {
        return other - base < bytes || base - other < other_bytes;
    }
};

/// With the slide.
Segment to_segment(const elf::ProgramHeader& header);

const elf::Header& header();
std::span<const elf::ProgramHeader> program_headers();
/// What has been added to each address of the file.
uint64_t slide();
uint64_t entry();
bool is_position_independent();

/// Those that a test has added.
std::span<const elf::ProgramHeader> added_program_headers();

/// Calls `visit(const Segment&)` for each PT_LOAD segment that has memory, in the file's order.
template<class Visit>
void for_each_load_segment(Visit visit) {
    for (const elf::ProgramHeader& header : program_headers())
        if (header.p_type == elf::PT_LOAD && header.p_memsz != 0)
            visit(to_segment(header));
}
/// The first segment of a type, PT_TLS for one.
std::optional<Segment> segment_of_type(uint32_t type);

/// Permissions that the segments ask for a page: the union of those with a byte in it, without the
/// right to write where PT_GNU_RELRO has taken it. 0: not a page of the kernel.
uint32_t page_permissions(uint64_t page);

/// The bytes of NT_GNU_BUILD_ID; empty without one.
std::span<const uint8_t> build_id();

/// The request of this type that holds: the last one; null without one.
const BatonRequestNote* request(BatonRequestType type);
/// The path of the first BATON_REQUEST_MODULE; empty without one.
std::string_view requested_module();

} // namespace conformance::own_image
