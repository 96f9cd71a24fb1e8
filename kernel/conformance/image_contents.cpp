// SPDX-License-Identifier: BSD-2-Clause
#include "image_contents.hpp"

#include "own_image.hpp"

#include <array>

namespace conformance {
namespace {

constexpr size_t kWords = 1537; // more than three pages, and not whole ones

/// Numbers without regularity, each different.
constexpr uint64_t pattern_at(size_t index, uint64_t seed) {
    return (index + seed) * 0x9e37'79b9'7f4a'7c15;
}

constexpr std::array<uint64_t, kWords> make_pattern(uint64_t seed) {
    std::array<uint64_t, kWords> pattern{};
    for (size_t i = 0; i < pattern.size(); ++i)
        pattern[i] = pattern_at(i, seed);
    return pattern;
}

constexpr uint64_t kConstantsSeed = 11;
constexpr uint64_t kDataSeed = 44;

} // namespace

// Visible to other files so that the compiler does not see that no one writes to them.
extern constinit const std::array<uint64_t, kWords> pattern_in_constants =
    make_pattern(kConstantsSeed);
constinit std::array<uint64_t, kWords> pattern_in_data = make_pattern(kDataSeed);
uint8_t zeroes[70'001]; // a .bss worth the name
constexpr uint8_t kReturnInstruction = 0xc3;
extern const uint8_t return_in_constants = kReturnInstruction;
uint8_t return_in_data = kReturnInstruction;

// Nobody reads them: a thread's block is made of them by a kernel that has threads.
[[gnu::used]] thread_local constinit uint64_t thread_local_data = kThreadLocalData;
[[gnu::used]] thread_local constinit uint64_t thread_local_zeroes[3] = {};

// Addresses in constants: R_X86_64_RELATIVE or RELR in a position-independent image, and in
// PT_GNU_RELRO.
extern constinit const std::array<const uint64_t*, 3> addresses = {
    &pattern_in_constants[0], &pattern_in_data[7], &pattern_in_data[kWords - 1]};

} // namespace conformance

// relocations.asm
extern "C" {
[[gnu::visibility("hidden")]] extern const uint64_t relocation_subject_address;
uint64_t relocation_subject_place();
uint64_t relocation_subject_by_got();
uint64_t relocation_function_by_plt();
}

namespace conformance {

uint64_t relocated_constant_address() {
    return reinterpret_cast<uint64_t>(&addresses);
}

namespace {

/// What is at an address of an added segment: harness/kernels.py makes the same bytes.
uint8_t added_byte(uint64_t address) {
    return static_cast<uint8_t>(address ^ (address >> 8) * 0x9e37'79b9'7f4a'7c15 >> 56);
}

/// The same for eight addresses, the first of which is a multiple of eight: their low three bits
/// are all that differs.
uint64_t added_word(uint64_t address) {
    return added_byte(address) * 0x0101'0101'0101'0101 ^ 0x0706'0504'0302'0100;
}

/// The first address in [at, end) that doesn't hold its byte; 0 if there is none. By words, since
/// there can be many.
uint64_t first_other(uint64_t at, uint64_t end, uint8_t (*byte)(uint64_t),
                     uint64_t (*word)(uint64_t)) {
    while (at < end) {
        if (at % 8 == 0 && end - at >= 8 &&
            *reinterpret_cast<const volatile uint64_t*>(at) == word(at)) {
            at += 8;
            continue;
        }
        if (*reinterpret_cast<const volatile uint8_t*>(at) != byte(at))
            return at;
        ++at;
    }
    return 0;
}

} // namespace

uint64_t first_nonzero_byte_in_bss() {
    uint64_t found = 0;
    own_image::for_each_load_segment([&](const own_image::Segment& segment) {
        if (found == 0)
            found = first_other(
                segment.base + segment.file_bytes, segment.base + segment.bytes,
                [](uint64_t) { return uint8_t{0}; }, [](uint64_t) { return uint64_t{0}; });
    });
    return found;
}

void expect_file_bytes(Verdict& verdict) {
    for (size_t i = 0; i < kWords; ++i) {
        verdict.equal("a constant", pattern_at(i, kConstantsSeed), pattern_in_constants[i]);
        verdict.equal("a word of data", pattern_at(i, kDataSeed), pattern_in_data[i]);
    }
    verdict.equal("the size of the zeroes", 70'001, sizeof zeroes);
    for (const elf::ProgramHeader& header : own_image::added_program_headers()) {
        const uint64_t other =
            first_other(header.p_vaddr, header.p_vaddr + header.p_filesz, added_byte, added_word);
        verdict.expect(other == 0, "the pattern of an added segment", other);
    }
}

void expect_relocations(Verdict& verdict) {
    const auto* constants = reinterpret_cast<const volatile uint64_t*>(addresses[0]);
    const auto* data = reinterpret_cast<const volatile uint64_t*>(addresses[1]);
    const auto* last = reinterpret_cast<const volatile uint64_t*>(addresses[2]);
    verdict.equal("through an address", pattern_at(0, kConstantsSeed), *constants);
    verdict.equal("through an address", pattern_at(7, kDataSeed), *data);
    verdict.equal("through an address", pattern_at(kWords - 1, kDataSeed), *last);
    verdict.equal("R_X86_64_64", relocation_subject_place(), relocation_subject_address);
    verdict.equal("R_X86_64_GLOB_DAT", relocation_subject_place(), relocation_subject_by_got());
    verdict.equal("R_X86_64_JUMP_SLOT", 0x4444'1111, relocation_function_by_plt());
}

} // namespace conformance
