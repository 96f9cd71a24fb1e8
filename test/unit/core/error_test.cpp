// SPDX-License-Identifier: BSD-2-Clause
#include "core/error.hpp"

#include "core/error_entries.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <cctype>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace baton::test {
namespace {

// Names are stable: tools and people look for them. A new error gets a line here, and no line
// changes.
constexpr std::string_view kStableNames[] = {
    "cpu_lacks_no_execute",
    "guest_memory_encrypted",
    "random_numbers_missing",
    "boot_volume_not_found",
    "boot_volume_unreadable",
    "boot_server_unknown",
    "kernel_not_found",
    "file_not_found",
    "file_is_a_directory",
    "file_empty",
    "file_unreadable",
    "file_read_short",
    "file_too_large",
    "file_path_too_long",
    "tftp_failed",
    "out_of_memory",
    "memory_map_unavailable",
    "memory_map_too_long",
    "exit_boot_services_failed",
    "stage2_mismatch",
    "compression_unknown",
    "compressed_data_damaged",
    "built_without_zstd",
    "built_without_lz4",
    "file_size_unknown",
    "trampoline_memory_missing",
    "local_apic_off",
    "x2apic_missing",
    "start_info_unknown",
    "start_info_out_of_reach",
    "start_info_malformed",
    "start_info_too_long",
    "start_text_endless",
    "start_memory_map_missing",
    "start_module_malformed",
    "stage1_exception",
    "kernel_not_given",
    "elf_too_small",
    "elf_bad_magic",
    "elf_not_64_bit",
    "elf_not_little_endian",
    "elf_bad_version",
    "elf_wrong_machine",
    "elf_not_executable",
    "elf_bad_program_header_size",
    "elf_no_program_headers",
    "elf_too_many_program_headers",
    "elf_program_headers_outside_file",
    "elf_bad_header_size",
    "kernel_is_linux",
    "kernel_is_efi_program",
    "protocol_not_spoken",
    "limine_revision_unknown",
    "limine_request_twice",
    "limine_request_cut",
    "limine_requests_missing",
    "limine_requests_too_many",
    "limine_pointer_outside",
    "no_loadable_segment",
    "interpreter_wanted",
    "segment_outside_file",
    "segment_file_bytes_exceed_memory",
    "segment_bad_alignment",
    "segment_wraps",
    "segment_not_canonical",
    "segment_in_page_zero",
    "segments_overlap",
    "entry_not_executable",
    "write_execute_refused",
    "entry_outside_segments",
    "entry_in_zeroed_memory",
    "tls_outside_image",
    "relro_outside_image",
    "entry_physical",
    "segment_of_offsets",
    "segment_above_4_gib",
    "segment_bad_physical_address",
    "segments_share_page",
    "destination_not_free",
    "dynamic_outside_image",
    "dynamic_bad_entry_size",
    "library_needed",
    "relocation_without_addend",
    "relocation_unsupported",
    "relocation_outside_image",
    "relocation_undefined_symbol",
    "base_misaligned",
    "base_out_of_range",
    "dynamic_section_outside_image",
    "dynamic_section_not_ended",
    "dynamic_incomplete",
    "dynamic_bad_table_size",
    "relocation_table_unsupported",
    "relocation_symbol_outside_table",
    "relr_without_address",
    "note_malformed",
    "notes_too_large",
    "request_unknown",
    "request_malformed",
    "request_not_met",
    "requested_modules_too_many",
    "section_headers_outside_file",
    "symbol_table_outside_file",
    "notes_too_many",
    "pvh_entry_malformed",
    "multiboot_header_malformed",
    "multiboot_tag_unknown",
    "multiboot_information_unknown",
    "multiboot_flags_unknown",
    "multiboot_addresses_wrong",
    "multiboot_entry_missing",
    "multiboot_console_missing",
    "section_outside_file",
    "no_place_for_kernel",
    "no_virtual_space",
    "mapping_misaligned",
    "mapping_not_canonical",
    "mapping_exists",
    "load_options_too_long",
    "load_options_without_kernel",
    "boot_text_too_long",
    "boot_line_too_long",
    "boot_text_not_plain",
    "boot_quote_open",
    "boot_quote_followed",
    "boot_path_empty",
    "boot_path_too_long",
    "boot_path_goes_up",
    "boot_path_bad_character",
    "boot_setting_unknown",
    "boot_key_repeated",
    "boot_entry_other_architecture",
    "boot_entry_other_loader",
    "boot_entry_other_protocol",
    "boot_entry_without_kernel",
    "boot_path_with_hash",
    "boot_path_with_gzip",
    "boot_path_with_device",
    "bundle_damaged",
    "not_signed",
    "container_refused",
    "container_without_sbat",
    "measurement_failed",
    "tpm_missing",
};

std::vector<ErrorCode> all_codes() {
    std::vector<ErrorCode> codes;
    for (int i = 0; i < static_cast<int>(ErrorCode::count); ++i)
        codes.push_back(static_cast<ErrorCode>(i));
    return codes;
}

bool is_snake_case(std::string_view name) {
    const auto allowed = [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
    };
    return !name.empty() && std::ranges::all_of(name, allowed) && std::islower(name.front()) &&
           name.back() != '_' && name.find("__") == std::string_view::npos;
}

TEST(ErrorTable, EachNameIsStable) {
    std::set<std::string, std::less<>> names;
    for (const ErrorCode code : all_codes())
        names.emplace(describe(code).name);
    for (const std::string_view name : kStableNames)
        EXPECT_TRUE(names.contains(name)) << name << " is gone";
    EXPECT_EQ(names.size(), std::size(kStableNames)) << "a new error is not in this list";
}

TEST(ErrorTable, EachNameBelongsToOneCode) {
    std::set<std::string> names;
    for (const ErrorCode code : all_codes())
        EXPECT_TRUE(names.emplace(describe(code).name).second) << describe(code).name;
}

TEST(ErrorTable, EachNameIsInSnakeCase) {
    for (const ErrorCode code : all_codes())
        EXPECT_TRUE(is_snake_case(describe(code).name)) << describe(code).name;
}

TEST(ErrorTable, TextsAreThoseOfTheTable) {
    for (const ErrorCode code : all_codes()) {
        const ErrorDescription description(code);
        const ErrorEntry& entry = kErrorEntries[static_cast<std::size_t>(code)];
        std::string labels;
        for (const std::string_view label : description.labels)
            (labels += label.empty() || labels.empty() ? "" : ", ") += label;
        EXPECT_EQ(description.name, entry.name);
        EXPECT_EQ(labels, entry.labels);
        EXPECT_EQ(description.sentence, entry.sentence);
    }
}

TEST(ErrorTable, ANameIsThatOfItsEnumerator) {
    EXPECT_EQ(describe(ErrorCode::cpu_lacks_no_execute).name, "cpu_lacks_no_execute");
    EXPECT_EQ(describe(ErrorCode::out_of_memory).name, "out_of_memory");
    EXPECT_EQ(describe(ErrorCode::elf_too_small).name, "elf_too_small");
    EXPECT_EQ(describe(ErrorCode::segments_overlap).name, "segments_overlap");
    EXPECT_EQ(describe(ErrorCode::mapping_exists).name, "mapping_exists");
}

TEST(ErrorTable, EachSentenceSaysSomethingInOneLine) {
    for (const ErrorCode code : all_codes()) {
        const std::string sentence(describe(code).sentence);
        EXPECT_GT(sentence.size(), 20u) << describe(code).name;
        EXPECT_EQ(sentence.find('\n'), std::string_view::npos) << describe(code).name;
    }
}

TEST(ErrorTable, LabelsHaveNoGap) {
    for (const ErrorCode code : all_codes()) {
        const ErrorDescription description(code);
        const auto& labels = description.labels;
        const auto is_empty = [](std::string_view label) { return label.empty(); };
        const auto first_empty = std::ranges::find_if(labels, is_empty);
        EXPECT_TRUE(std::all_of(first_empty, labels.end(), is_empty)) << describe(code).name;
    }
}

TEST(ErrorTable, EachErrorFitsIntoALineWithTheLargestNumbers) {
    constexpr uint64_t kMost = ~uint64_t{0};
    for (const ErrorCode code : all_codes()) {
        const Error error(code, {kMost, kMost, kMost, kMost, kMost});
        Text text;
        text.error(error.about(std::string(100, 's')));
        EXPECT_FALSE(text.view().ends_with("...")) << text.view();
    }
}

TEST(Error, ASubjectIsCutOffBetweenCharacters) {
    const auto subject = [](const std::string& name) {
        return std::string(Error(ErrorCode::file_not_found).about(name).subject());
    };
    const std::string name(61, 'x'); // there is room for 63 bytes
    EXPECT_EQ(subject(name + "\xc3\xa4"), name + "\xc3\xa4");
    EXPECT_EQ(subject(name + "y\xc3\xa4"), name + "y");
    EXPECT_EQ(subject(name + "\xe2\x82\xac"), name);
    EXPECT_EQ(subject(name + "yzz"), name + "yz");
}

TEST(Error, KeepsItsNumbersInOrder) {
    const Error error(ErrorCode::segments_overlap, {1, 2, 3, 4});
    EXPECT_EQ(error.numbers(), (std::array<uint64_t, kErrorNumbers>{1, 2, 3, 4}));
}

TEST(Error, NumbersThatWereNotGivenAreZero) {
    const Error error(ErrorCode::segments_overlap, {1});
    EXPECT_EQ(error.numbers(), (std::array<uint64_t, kErrorNumbers>{1, 0, 0, 0}));
    const Error of_two(ErrorCode::out_of_memory, {1, 2});
    EXPECT_EQ(of_two.numbers(), (std::array<uint64_t, kErrorNumbers>{1, 2}));
    const Error of_three(ErrorCode::out_of_memory, {1, 2, 3});
    EXPECT_EQ(of_three.numbers(), (std::array<uint64_t, kErrorNumbers>{1, 2, 3}));
    const Error of_five(ErrorCode::out_of_memory, {1, 2, 3, 4, 5});
    EXPECT_EQ(of_five.numbers(), (std::array<uint64_t, kErrorNumbers>{1, 2, 3, 4, 5}));
}

template<class T>
constexpr bool kIsReturnedInRegisters =
    sizeof(T) <= 16 && std::is_trivially_copy_constructible_v<T> &&
    std::is_trivially_move_constructible_v<T> && std::is_trivially_destructible_v<T>;

TEST(Error, IsReturnedInARegister) {
    static_assert(sizeof(Result<void>) <= 8 && kIsReturnedInRegisters<Result<void>>);
    static_assert(kIsReturnedInRegisters<Result<int*>>);
}

TEST(Error, KeepsItsDetailsWhileEnoughOthersAreMade) {
    const Error error = Error(ErrorCode::file_not_found, {1}).about("a");
    for (uint64_t i = 1; i < kKeptErrors; ++i)
        EXPECT_EQ(Error(ErrorCode::out_of_memory, {i}).numbers()[0], i);
    EXPECT_EQ(error.numbers()[0], 1u);
    EXPECT_EQ(error.subject(), "a");
}

TEST(Error, HasNoDetailsOfOthersOnceItsOwnAreGone) {
    const Error error = Error(ErrorCode::file_not_found, {1}).about("a");
    for (uint64_t i = 1; i < 60000; ++i) {
        const Error other(ErrorCode::out_of_memory, {2});
        ASSERT_TRUE(error.numbers()[0] == 1 || i >= kKeptErrors);
        ASSERT_NE(error.numbers()[0], 2u) << i;
    }
    EXPECT_EQ(error.subject(), "");
    EXPECT_EQ(error.code, ErrorCode::file_not_found);
}

TEST(Error, WithoutDetailsTakesNoPlaceFromOthers) {
    const Error error(ErrorCode::out_of_memory, {1});
    for (std::size_t i = 0; i < 2 * kKeptErrors; ++i)
        EXPECT_EQ(Error(ErrorCode::file_not_found).numbers()[0], 0u);
    EXPECT_EQ(error.numbers()[0], 1u);
}

TEST(Error, DiffersByCodeAndByNumber) {
    const Error error(ErrorCode::out_of_memory, {1});
    EXPECT_EQ(error, Error(ErrorCode::out_of_memory, {1}));
    EXPECT_NE(error, Error(ErrorCode::out_of_memory, {2}));
    EXPECT_NE(error, Error(ErrorCode::mapping_exists, {1}));
}

TEST(Error, HasNoSubjectUntilItIsAboutOne) {
    const Error error(ErrorCode::file_not_found, {1});
    EXPECT_EQ(error.subject(), "");
    const Error about = error.about("/boot/kernel.elf");
    EXPECT_EQ(about.subject(), "/boot/kernel.elf");
    EXPECT_EQ(about.code, error.code);
    EXPECT_EQ(about.numbers(), error.numbers());
    EXPECT_NE(about, error);
    EXPECT_EQ(about.about(""), error);
}

TEST(Error, ASubjectIsCutOffAndStaysTerminated) {
    const std::string fits(ErrorDetails{}.subject.size() - 1, 'x');
    for (const std::string& subject : {fits, fits + 'y', std::string(1000, 'x')})
        EXPECT_EQ(Error(ErrorCode::file_not_found).about(subject).subject(), fits);
}

TEST(Error, ALaterSubjectLeavesNothingOfALongerOne) {
    const Error error = Error(ErrorCode::file_not_found).about("a longer subject").about("short");
    EXPECT_EQ(error, Error(ErrorCode::file_not_found).about("short"));
}

TEST(Error, FailMakesAResult) {
    const Result<int> result = fail(ErrorCode::mapping_exists, {5});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), Error(ErrorCode::mapping_exists, {5}));
}

} // namespace
} // namespace baton::test
