// SPDX-License-Identifier: BSD-2-Clause
//
// Texts stand one after the other in one constant, each with its NUL: an array of pointers would
// have to be relocated.
#include "fault/names.hpp"

#include "fault/report.hpp"

#include <cstddef>

namespace baton {
namespace {

// Intel SDM 3A table 6-1, AMD APM 2 table 8-1. An empty one is reserved.
constexpr uint64_t kExceptions = 32;
constexpr char kVectors[] = "#DE divide error\0"
                            "#DB debug exception\0"
                            "NMI non-maskable interrupt\0"
                            "#BP breakpoint\0"
                            "#OF overflow\0"
                            "#BR bound range exceeded\0"
                            "#UD invalid opcode\0"
                            "#NM device not available\0"
                            "#DF double fault\0"
                            "coprocessor segment overrun\0"
                            "#TS invalid TSS\0"
                            "#NP segment not present\0"
                            "#SS stack fault\0"
                            "#GP general protection\0"
                            "#PF page fault\0"
                            "\0"
                            "#MF x87 floating-point error\0"
                            "#AC alignment check\0"
                            "#MC machine check\0"
                            "#XM SIMD floating-point error\0"
                            "#VE virtualization exception\0"
                            "#CP control protection\0"
                            "\0"
                            "\0"
                            "\0"
                            "\0"
                            "\0"
                            "\0"
                            "#HV hypervisor injection\0"
                            "#VC VMM communication\0"
                            "#SX security exception\0"
                            "\0"
                            "interrupt\0"
                            "page tables without stage 2\0"
                            "watchdog\0";

constexpr uint64_t kWithErrorCode = 1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 |
                                    1u << 17 | 1u << 21 | 1u << 29 | 1u << 30;
// #TS, #NP, #SS, #GP
constexpr uint64_t kWithSelector = 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13;

// In the order of enum Denial.
constexpr char kDenials[] = "allowed by these tables\0"
                            "not a canonical address\0"
                            "the table can't be read\0"
                            "not present\0"
                            "reserved bit set\0"
                            "read-only\0"
                            "no-execute\0"
                            "for the supervisor only\0";

/// The text number `index`.
const char* text_at(const char* texts, uint64_t index) {
    for (; index != 0; --index)
        while (*texts++ != 0) {
        }
    return texts;
}

bool is_among(uint64_t vector, uint64_t vectors) {
    return vector < kExceptions && (vectors >> vector & 1) != 0;
}

/// Intel SDM 3A figure 4-12.
void write_page_fault(TextWriter& text, uint64_t error_code) {
    const auto has = [&](unsigned bit) { return (error_code >> bit & 1) != 0; };
    text.add(has(4) ? ": fetch" : has(1) ? ": write" : ": read");
    text.add(has(0) ? ", page present" : ", page not present");
    text.add(has(2) ? ", user" : ", supervisor");
    if (has(3))
        text.add(", reserved bit set");
    if (has(5))
        text.add(", protection key");
    if (has(6))
        text.add(", shadow stack");
}

/// Intel SDM 3A figure 6-7.
void write_selector(TextWriter& text, uint64_t error_code) {
    const char* const table = (error_code & 2) != 0   ? ": IDT entry "
                              : (error_code & 4) != 0 ? ": LDT entry "
                                                      : ": GDT entry ";
    text.add(table).decimal(error_code >> 3 & 0x1fff);
    if ((error_code & 1) != 0)
        text.add(", by an event from outside");
}

} // namespace

const char* vector_name(uint64_t vector) {
    constexpr uint64_t kVectorsOfProcessor = 256;
    if (vector >= kVectorsOfProcessor)
        return text_at(kVectors, vector - kVectorsOfProcessor + kExceptions + 1);
    const char* const name = text_at(kVectors, vector < kExceptions ? vector : kExceptions);
    return *name != 0 ? name : "reserved exception";
}

bool pushes_error_code(uint64_t vector) {
    return is_among(vector, kWithErrorCode);
}

void write_error_code(TextWriter& text, uint64_t vector, uint64_t error_code) {
    if (vector == kPageFault)
        write_page_fault(text, error_code);
    else if (error_code != 0 && is_among(vector, kWithSelector))
        write_selector(text, error_code);
}

const char* denial_in_words(Denial denial) {
    return text_at(kDenials, static_cast<uint64_t>(denial));
}

} // namespace baton
