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
    {ErrorCode::boot_volume_not_found,
     {"boot_volume_not_found",
      "the firmware doesn't tell where the loader came from, or it is neither a file system nor a "
      "TFTP server: put BOOTX64.EFI on a FAT volume, or boot it by PXE",
      {"status"}}},
    {ErrorCode::boot_volume_unreadable,
     {"boot_volume_unreadable",
      "the volume that the loader came from can't be opened: check the disk and its file system",
      {"status"}}},
    {ErrorCode::boot_server_unknown,
     {"boot_server_unknown",
      "no DHCP reply that the firmware keeps names a TFTP server and a boot file: set both in the "
      "DHCP server, for IPv4",
      {"started", "over IPv6"}}},
    {ErrorCode::kernel_not_found,
     {"kernel_not_found",
      "there is no such kernel where the loader came from: copy it there, or name another one in "
      "\\loader\\entries",
      {"status"}}},
    {ErrorCode::file_not_found,
     {"file_not_found",
      "there is no such file where the loader came from, or the server refuses it: copy it "
      "there",
      {"status"}}},
    {ErrorCode::file_is_a_directory,
     {"file_is_a_directory", "it is a directory: put a file in its place", {}}},
    {ErrorCode::file_empty, {"file_empty", "the file has no bytes: copy it again", {}}},
    {ErrorCode::file_unreadable,
     {"file_unreadable",
      "the firmware failed to read the file: check the disk and its file system",
      {"status", "offset"}}},
    {ErrorCode::file_read_short,
     {"file_read_short",
      "the file ended before its size according to the directory: check the file system",
      {"offset", "missing"}}},
    {ErrorCode::file_too_large,
     {"file_too_large",
      "the file is larger than Baton reads for this purpose",
      {"bytes", "limit"}}},
    {ErrorCode::file_path_too_long,
     {"file_path_too_long", "the path is longer than Baton takes", {"bytes", "limit"}}},
    {ErrorCode::tftp_failed,
     {"tftp_failed",
      "the firmware failed to get the file from the TFTP server: check its log and the network",
      {"status"}}},
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
      "the file is no executable: link it (ld without -r) to e_type 2, ET_EXEC, or 3, ET_DYN",
      {"e_type"}}},
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
    {ErrorCode::write_execute_refused,
     {"write_execute_refused",
      "segments demand pages that are both writable and executable, and the kernel or its boot "
      "entry refuses that: in the linker script, put . = ALIGN(4096) between two segments that "
      "meet in a page, and give .text and .data segments of their own where one is both",
      {"first page", "bytes", "writable program header", "executable program header"}}},
    {ErrorCode::dynamic_outside_image,
     {"dynamic_outside_image",
      "a table that PT_DYNAMIC names does not lie in the file bytes of one segment: check that the "
      "linker script keeps .dynamic, .rela.dyn, .dynsym and .dynstr in a PT_LOAD segment",
      {"d_tag", "address", "bytes"}}},
    {ErrorCode::dynamic_bad_entry_size,
     {"dynamic_bad_entry_size",
      "the dynamic section gives a size for its entries that ELF64 doesn't have",
      {"d_tag", "size", "expected"}}},
    {ErrorCode::library_needed,
     {"library_needed",
      "the kernel asks for a shared library (DT_NEEDED), and there are none: link it with "
      "-static-pie",
      {"d_val"}}},
    {ErrorCode::relocation_without_addend,
     {"relocation_without_addend",
      "the dynamic section has relocations without addends (DT_REL), which x86-64 doesn't use",
      {"d_tag", "d_val"}}},
    {ErrorCode::relocation_unsupported,
     {"relocation_unsupported",
      "a relocation has a type that a kernel's loader doesn't apply (RELATIVE, 64, GLOB_DAT, "
      "JUMP_SLOT and RELR it does), or the symbol is an IFUNC, whose resolver it doesn't call: "
      "link "
      "with -static-pie, and without IFUNCs or -z text overridden",
      {"type", "r_offset", "symbol"}}},
    {ErrorCode::relocation_outside_image,
     {"relocation_outside_image",
      "a relocation changes bytes that do not come from the file: check the linker script",
      {"type", "r_offset"}}},
    {ErrorCode::relocation_undefined_symbol,
     {"relocation_undefined_symbol",
      "a relocation needs a symbol that the kernel doesn't define: link with -z defs to find out "
      "where",
      {"symbol", "r_offset"}}},
    {ErrorCode::base_misaligned,
     {"base_misaligned",
      "the base that the kernel wishes for isn't a multiple of its largest segment alignment",
      {"base", "p_align"}}},
    {ErrorCode::base_out_of_range,
     {"base_out_of_range",
      "the kernel does not fit between the base for it and the end of the address space",
      {"base", "pages"}}},
    {ErrorCode::note_malformed,
     {"note_malformed",
      "a note's name or descriptor reaches past the end of its segment",
      {"program header", "offset"}}},
    {ErrorCode::notes_too_large,
     {"notes_too_large",
      "a note segment is larger than Baton reads",
      {"program header", "bytes", "limit"}}},
    {ErrorCode::wish_unknown,
     {"wish_unknown",
      "the kernel requires something that this version of Baton doesn't know: use a later one",
      {"type"}}},
    {ErrorCode::wish_malformed,
     {"wish_malformed",
      "a note of the owner Baton has not the layout of its type: write it with the macros of "
      "boot_info.h",
      {"type", "descriptor bytes"}}},
    {ErrorCode::wish_not_met,
     {"wish_not_met",
      "the kernel requires something that can't be had here",
      {"type", "value 0", "value 1"}}},
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
    {ErrorCode::load_options_too_long,
     {"load_options_too_long",
      "the load options are longer than Baton reads: shorten the boot entry's options, or write "
      "them into a file in \\loader\\entries",
      {"bytes", "limit"}}},
    {ErrorCode::load_options_without_kernel,
     {"load_options_without_kernel",
      "the load options hold keys of Baton's, but no kernel: add kernel=PATH before the --",
      {}}},
    {ErrorCode::boot_text_too_long,
     {"boot_text_too_long",
      "the file is longer than a boot entry or a loader.conf may be: check that it is one",
      {"bytes", "limit"}}},
    {ErrorCode::boot_line_too_long,
     {"boot_line_too_long",
      "a line is longer than Baton reads: split it, options may be given several times",
      {"line", "bytes", "limit"}}},
    {ErrorCode::boot_text_not_plain,
     {"boot_text_not_plain",
      "the file has a control character, as binary files and UTF-16 have: save it as plain UTF-8 "
      "text",
      {"line", "column", "byte"}}},
    {ErrorCode::boot_quote_open,
     {"boot_quote_open",
      "a double quote is never closed: add the other one (two in a row stand for a quote itself)",
      {"line", "column"}}},
    {ErrorCode::boot_quote_followed,
     {"boot_quote_followed",
      "something follows the path in double quotes: remove it, or give each file a line of its own",
      {"line", "column"}}},
    {ErrorCode::boot_path_empty,
     {"boot_path_empty",
      "a path is missing, or names the root directory: write the file's path after the key",
      {"line", "column"}}},
    {ErrorCode::boot_path_too_long,
     {"boot_path_too_long",
      "a path is longer than Baton opens: move the file to a shorter one",
      {"line", "column", "bytes", "limit"}}},
    {ErrorCode::boot_path_goes_up,
     {"boot_path_goes_up",
      "a path contains a \"..\" component: write the path from the root of the volume",
      {"line", "column"}}},
    {ErrorCode::boot_path_bad_character,
     {"boot_path_bad_character",
      "a path has a control character, which no file's name can have: remove it",
      {"line", "column", "byte"}}},
    {ErrorCode::boot_setting_unknown,
     {"boot_setting_unknown",
      "a setting has a value that it can't have: kaslr is on or off, wx is refuse or allow",
      {"line", "column"}}},
    {ErrorCode::boot_key_repeated,
     {"boot_key_repeated",
      "a key that can be given once is given again: remove one of them",
      {"line", "column", "first line", "first column"}}},
    {ErrorCode::boot_entry_other_architecture,
     {"boot_entry_other_architecture",
      "the entry is for another architecture than x64: it is left out",
      {"line"}}},
    {ErrorCode::boot_entry_other_loader,
     {"boot_entry_other_loader",
      "the entry starts a Linux kernel or an EFI program, and Baton boots ELF64 kernels: it is "
      "left out; name an ELF64 file with the key kernel",
      {"line"}}},
    {ErrorCode::boot_entry_without_kernel,
     {"boot_entry_without_kernel",
      "the entry names no kernel: add a line \"kernel PATH\"",
      {"lines"}}},
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

Error Error::about(std::string_view name) const {
    Error error = *this;
    error.subject = {};
    for (std::size_t i = 0; i < name.size() && i + 1 < error.subject.size(); ++i)
        error.subject[i] = name[i];
    return error;
}

const ErrorDescription& describe(ErrorCode code) {
    return kTable[static_cast<std::size_t>(code)].description;
}

} // namespace baton
