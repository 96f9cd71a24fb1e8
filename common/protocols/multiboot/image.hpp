// SPDX-License-Identifier: BSD-2-Clause
//
// What both versions of Multiboot say alike of a kernel's file: section 3.1 of both specifications.
#pragma once

#include "memory/block.hpp"
#include "memory/e820.hpp"
#include "protocols/facts.hpp"
#include "protocols/protocol.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace baton::multiboot {

/// The address fields: physical addresses, for files that are no ELF files ("a.out kludge").
struct Addresses {
    uint32_t header;
    uint32_t load;     // all bits set: the file is loaded from its beginning on (Multiboot2)
    uint32_t load_end; // 0: the end of the file
    uint32_t bss_end;  // 0: there is no .bss
};

/// What of a file goes where.
struct Image {
    uint64_t header_offset; // in the file
    std::optional<Addresses> addresses;
    std::optional<uint32_t> entry; // instead of e_entry
};

/// At p_paddr, or by the address fields. Errors: those of plan_load() and plan_flat(), elf_* of a
/// file without address fields, multiboot_addresses_wrong, multiboot_entry_missing.
Result<LoadPlan> plan(const KernelFile& file, const Image& image, Arena& arena);

/// The section headers of an ELF file in memory below 4 GiB, and all sections that no segment
/// brings: sh_addr is where those are.
struct Sections {
    PhysAddr headers;
    Bytes bytes; // of the headers
    uint32_t count;
    uint32_t entry_bytes;
    uint32_t names; // e_shstrndx
};

/// Nothing of a file that has none. Errors: section_outside_file, file_*, out_of_memory.
Result<std::optional<Sections>> load_sections(const KernelFile& file, FrameSource& frames);

/// Kernels map little memory at first, so that what they are given lies low: the information in the
/// first MiB, sections and modules after that.
inline constexpr PhysAddr kInformationFrom{0x1'0000};
inline constexpr PhysAddr kModulesFrom{0x10'0000};

/// KiB of memory from address 0 on, at most 640, and from 1 MiB on.
struct BasicMemory {
    uint32_t lower_kib;
    uint32_t upper_kib;
};
BasicMemory basic_memory(std::span<const E820Entry> map);

/// What the kernel requests, whichever version it is written for. 0 pixels: it prefers no mode.
Requests requests(uint32_t width, uint32_t height);

/// Says of what a kernel or an entry asks for that there is no such thing.
void log_unmet(bool prefers_text, bool kaslr, Log& log);

} // namespace baton::multiboot
