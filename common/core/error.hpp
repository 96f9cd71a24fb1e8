// SPDX-License-Identifier: BSD-2-Clause
//
// Errors are values: a code with a stable name, a sentence a person can act on, and the numbers.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <string_view>

namespace baton {

enum class ErrorCode : uint16_t {
    // The machine and its firmware.
    cpu_lacks_no_execute,
    boot_volume_not_found,
    boot_volume_unreadable,
    boot_server_unknown,
    kernel_not_found,
    file_not_found,
    file_is_a_directory,
    file_empty,
    file_unreadable,
    file_read_short,
    file_too_large,
    file_path_too_long,
    tftp_failed,
    out_of_memory,
    memory_map_unavailable,
    exit_boot_services_failed,
    stage2_mismatch,
    // The ELF header.
    elf_too_small,
    elf_bad_magic,
    elf_not_64_bit,
    elf_not_little_endian,
    elf_bad_version,
    elf_wrong_machine,
    elf_not_executable,
    elf_bad_program_header_size,
    elf_no_program_headers,
    elf_too_many_program_headers,
    elf_program_headers_outside_file,
    // The segments.
    no_loadable_segment,
    interpreter_wanted,
    segment_outside_file,
    segment_file_bytes_exceed_memory,
    segment_bad_alignment,
    segment_wraps,
    segment_not_canonical,
    segment_in_page_zero,
    segments_overlap,
    entry_not_executable,
    write_execute_refused,
    // Position-independent kernels.
    dynamic_outside_image,
    dynamic_bad_entry_size,
    library_needed,
    relocation_without_addend,
    relocation_unsupported,
    relocation_outside_image,
    relocation_undefined_symbol,
    base_misaligned,
    base_out_of_range,
    // What the kernel wishes.
    note_malformed,
    notes_too_large,
    wish_unknown,
    wish_malformed,
    wish_not_met,
    // The address space.
    no_virtual_space,
    mapping_misaligned,
    mapping_not_canonical,
    mapping_exists,
    boot_info_full,
    // Boot entries and load options.
    load_options_too_long,
    load_options_without_kernel,
    boot_text_too_long,
    boot_line_too_long,
    boot_text_not_plain,
    boot_quote_open,
    boot_quote_followed,
    boot_path_empty,
    boot_path_too_long,
    boot_path_goes_up,
    boot_path_bad_character,
    boot_setting_unknown,
    boot_key_repeated,
    boot_entry_other_architecture,
    boot_entry_other_loader,
    boot_entry_without_kernel,
    count, // not an error: how many there are
};

inline constexpr std::size_t kErrorNumbers = 4;

/// An error and its numbers, in the order of the labels of its description.
struct Error {
    ErrorCode code;
    std::array<uint64_t, kErrorNumbers> numbers{};
    std::array<char, 48> subject{}; // what it is about, NUL-terminated: a symbol, a path; or empty

    constexpr explicit Error(ErrorCode error_code, std::initializer_list<uint64_t> values = {})
        : code(error_code) {
        std::size_t i = 0;
        for (uint64_t value : values)
            if (i < kErrorNumbers)
                numbers[i++] = value;
    }
    /// The same error with a subject, cut off to what there is room for.
    Error about(std::string_view name) const;
    constexpr bool operator==(const Error&) const = default;
};

struct ErrorDescription {
    std::string_view name;                              // stable: tests and tools look for it
    std::string_view sentence;                          // what is wrong, and what to do
    std::array<std::string_view, kErrorNumbers> labels; // of the numbers; empty: there is none
};

/// `code` is one of the enumerators but `count`.
const ErrorDescription& describe(ErrorCode code);

template<class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorCode::…, {number, …});` in a function that returns a Result.
constexpr std::unexpected<Error> fail(ErrorCode code,
                                      std::initializer_list<uint64_t> numbers = {}) {
    return std::unexpected(Error(code, numbers));
}

} // namespace baton
