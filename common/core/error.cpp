// SPDX-License-Identifier: BSD-2-Clause
#include "core/error.hpp"

namespace baton {
namespace {

struct Entry {
    ErrorCode code;
    ErrorDescription description;
};

// In the order of ErrorCode, which the static_assert below holds it to.
constexpr Entry kTable[] = {
    {ErrorCode::cpu_lacks_no_execute,
     {"cpu_lacks_no_execute",
      "the processor has no NX bit (CPUID 80000001h EDX bit 20), or it is disabled in the "
      "firmware's "
      "setup: enable it there",
      {}}},
    {ErrorCode::five_level_paging_active,
     {"five_level_paging_active",
      "the firmware runs with 5-level paging, which this version can't leave: disable it in the "
      "firmware's setup",
      {"cr4"}}},
    {ErrorCode::boot_volume_not_found,
     {"boot_volume_not_found",
      "the firmware doesn't tell which volume the loader came from, or that volume has no file "
      "system: put BOOTX64.EFI on a FAT volume",
      {"status"}}},
    {ErrorCode::boot_volume_unreadable,
     {"boot_volume_unreadable",
      "the volume that the loader came from can't be opened: check the disk and its file system",
      {"status"}}},
    {ErrorCode::kernel_not_found,
     {"kernel_not_found",
      "there is no \\baton\\kernel.elf on the volume that the loader came from: copy the kernel "
      "there",
      {"status"}}},
    {ErrorCode::kernel_is_a_directory,
     {"kernel_is_a_directory",
      "\\baton\\kernel.elf is a directory: put the kernel's ELF file in its place",
      {}}},
    {ErrorCode::kernel_empty,
     {"kernel_empty", "\\baton\\kernel.elf has no bytes: copy the kernel again", {}}},
    {ErrorCode::kernel_unreadable,
     {"kernel_unreadable",
      "the firmware failed to read the kernel file: check the disk and its file system",
      {"status", "offset", "file size"}}},
    {ErrorCode::kernel_read_short,
     {"kernel_read_short",
      "the kernel file ended before its size according to the directory: check the file system",
      {"offset", "file size"}}},
    {ErrorCode::out_of_memory,
     {"out_of_memory",
      "no free block of memory of this size and alignment is left: give the machine more memory, "
      "or "
      "make the kernel smaller",
      {"bytes", "alignment"}}},
    {ErrorCode::memory_map_unavailable,
     {"memory_map_unavailable",
      "the firmware doesn't give its memory map: this is a defect of the firmware",
      {"status", "bytes"}}},
    {ErrorCode::exit_boot_services_failed,
     {"exit_boot_services_failed",
      "the firmware refused each time to exit boot services: this is a defect of the firmware",
      {"status", "tries"}}},
    {ErrorCode::stage2_mismatch,
     {"stage2_mismatch",
      "stage 1 was built with a stage 2 of another version: build both anew",
      {"major", "minor"}}},
    {ErrorCode::elf_too_small,
     {"elf_too_small",
      "the file is smaller than an ELF64 header: it is cut short, or no ELF file",
      {"file size", "needed"}}},
    {ErrorCode::elf_bad_magic,
     {"elf_bad_magic",
      "the file does not begin with 7F 'E' 'L' 'F': it is no ELF file",
      {"first bytes"}}},
    {ErrorCode::elf_not_64_bit,
     {"elf_not_64_bit",
      "the file is ELF32, and Baton boots ELF64: compile and link it for x86-64 (-m64)",
      {"EI_CLASS"}}},
    {ErrorCode::elf_not_little_endian,
     {"elf_not_little_endian",
      "the file's data encoding is not little-endian: link it for x86-64",
      {"EI_DATA"}}},
    {ErrorCode::elf_bad_version,
     {"elf_bad_version", "the file's ELF version is not 1", {"EI_VERSION", "e_version"}}},
    {ErrorCode::elf_wrong_machine,
     {"elf_wrong_machine",
      "the file is for another processor: compile it for x86-64, e_machine 62",
      {"e_machine"}}},
    {ErrorCode::elf_not_executable,
     {"elf_not_executable",
      "the file is no executable: link it (ld without -r) to e_type 2, ET_EXEC",
      {"e_type"}}},
    {ErrorCode::elf_position_independent,
     {"elf_position_independent",
      "the file is position independent (ET_DYN), which this version does not relocate: link it "
      "with "
      "-no-pie",
      {}}},
    {ErrorCode::elf_bad_program_header_size,
     {"elf_bad_program_header_size",
      "the size of a program header is not that of ELF64",
      {"e_phentsize", "expected"}}},
    {ErrorCode::elf_no_program_headers,
     {"elf_no_program_headers",
      "the file has no program headers, so nothing says what to load: link it, don't only compile "
      "it",
      {}}},
    {ErrorCode::elf_too_many_program_headers,
     {"elf_too_many_program_headers",
      "the file says that it has 65535 or more program headers (PN_XNUM)",
      {"e_phnum"}}},
    {ErrorCode::elf_program_headers_outside_file,
     {"elf_program_headers_outside_file",
      "the program headers reach past the end of the file: it is cut short, copy it again",
      {"e_phoff", "e_phnum", "file size"}}},
    {ErrorCode::no_loadable_segment,
     {"no_loadable_segment",
      "no PT_LOAD segment has any memory: check the linker script's PHDRS",
      {"program headers"}}},
    {ErrorCode::interpreter_wanted,
     {"interpreter_wanted",
      "the file asks for a program interpreter (PT_INTERP): a kernel has none, link it with "
      "-static "
      "and --no-dynamic-linker",
      {"program header"}}},
    {ErrorCode::segment_outside_file,
     {"segment_outside_file",
      "a segment's bytes reach past the end of the file: it is cut short, copy it again",
      {"program header", "p_offset", "p_filesz", "file size"}}},
    {ErrorCode::segment_file_bytes_exceed_memory,
     {"segment_file_bytes_exceed_memory",
      "a segment has more bytes in the file than in memory",
      {"program header", "p_filesz", "p_memsz"}}},
    {ErrorCode::segment_bad_alignment,
     {"segment_bad_alignment",
      "a segment's alignment is not 0 or a power of two",
      {"program header", "p_align"}}},
    {ErrorCode::segment_wraps,
     {"segment_wraps",
      "a segment reaches past the last address: lower its address or its size in the linker script",
      {"program header", "p_vaddr", "p_memsz"}}},
    {ErrorCode::segment_not_canonical,
     {"segment_not_canonical",
      "a segment lies where no 48-bit virtual address is: link the kernel below 0000800000000000h "
      "or "
      "from FFFF800000000000h on",
      {"program header", "p_vaddr", "p_memsz"}}},
    {ErrorCode::segment_in_page_zero,
     {"segment_in_page_zero",
      "a segment begins in page 0, which stays unmapped so that null pointers fault: link the "
      "kernel "
      "at 1000h or above",
      {"program header", "p_vaddr"}}},
    {ErrorCode::segments_overlap,
     {"segments_overlap",
      "two segments claim the same addresses: check the linker script",
      {"program header", "other program header", "p_vaddr", "other p_vaddr"}}},
    {ErrorCode::entry_not_executable,
     {"entry_not_executable",
      "the entry point lies in no executable segment: check ENTRY() and the PHDRS flags in the "
      "linker "
      "script",
      {"e_entry"}}},
    {ErrorCode::no_virtual_space,
     {"no_virtual_space",
      "the kernel's segments leave no room in the upper half for the direct map or the stack",
      {"bytes"}}},
    {ErrorCode::mapping_misaligned,
     {"mapping_misaligned",
      "a mapping is not made of whole pages",
      {"virtual", "physical", "bytes"}}},
    {ErrorCode::mapping_not_canonical,
     {"mapping_not_canonical",
      "a mapping lies outside the virtual or the physical address space",
      {"virtual", "physical", "bytes"}}},
    {ErrorCode::mapping_exists, {"mapping_exists", "an address is mapped already", {"virtual"}}},
};

consteval bool table_follows_enum() {
    if (std::size(kTable) != static_cast<std::size_t>(ErrorCode::count))
        return false;
    for (std::size_t i = 0; i < std::size(kTable); ++i)
        if (static_cast<std::size_t>(kTable[i].code) != i)
            return false;
    return true;
}
static_assert(table_follows_enum());

} // namespace

const ErrorDescription& describe(ErrorCode code) {
    return kTable[static_cast<std::size_t>(code)].description;
}

} // namespace baton
