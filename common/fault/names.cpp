// SPDX-License-Identifier: BSD-2-Clause
//
#include "fault/names.hpp"

#include "core/packed_texts.hpp"
#include "cpu/constants.hpp"
#include "fault/report.hpp"

namespace baton {
namespace {

// Intel SDM 3A table 6-1, AMD APM 2 table 8-1. An empty one is reserved.
constexpr auto kExceptionNames =
    packed_texts("#DE divide error", "#DB debug exception", "NMI non-maskable interrupt",
                 "#BP breakpoint", "#OF overflow", "#BR bound range exceeded", "#UD invalid opcode",
                 "#NM device not available", "#DF double fault", "coprocessor segment overrun",
                 "#TS invalid TSS", "#NP segment not present", "#SS stack fault",
                 "#GP general protection", "#PF page fault", "", "#MF x87 floating-point error",
                 "#AC alignment check", "#MC machine check", "#XM SIMD floating-point error",
                 "#VE virtualization exception", "#CP control protection", "", "", "", "", "", "",
                 "#HV hypervisor injection", "#VC VMM communication", "#SX security exception", "");
static_assert(kExceptionNames.starts.size() == cpu::kExceptions);

// In the order of their numbers from kPageTablesRefused on.
constexpr auto kOwnNames =
    packed_texts("page tables without stage 2", "watchdog", "handoff record refused",
                 "a required processor is missing");

constexpr uint64_t kWithSelector =
    1u << cpu::kVectorInvalidTss | 1u << cpu::kVectorSegmentNotPresent |
    1u << cpu::kVectorStackFault | 1u << cpu::kVectorGeneralProtection;

// In the order of enum Denial.
constexpr auto kDenials = packed_texts("allowed by these tables", "not a canonical address",
                                       "the table can't be read", "not present", "reserved bit set",
                                       "read-only", "no-execute", "for the supervisor only");

// In the order of enum BatonHandoffRefusal.
constexpr auto kRefusals = packed_texts("magic", "version_major", "size", "address of stage 2",
                                        "processor", "cr0, cr4 or efer", "page_table_root",
                                        "an address", "segments", "a segment", "", "processors");

bool is_among(uint64_t vector, uint64_t vectors) {
    return vector < cpu::kExceptions && (vectors >> vector & 1) != 0;
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
    if (vector >= kPageTablesRefused)
        return kOwnNames[vector - kPageTablesRefused];
    if (vector >= cpu::kExceptions)
        return "interrupt";
    const char* const name = kExceptionNames[vector];
    return *name != 0 ? name : "reserved exception";
}

bool pushes_error_code(uint64_t vector) {
    return is_among(vector, cpu::kVectorsWithErrorCode);
}

void write_error_code(TextWriter& text, uint64_t vector, uint64_t error_code) {
    if (vector == cpu::kVectorPageFault)
        write_page_fault(text, error_code);
    else if (vector == kRecordRefused)
        text.add(": ").add(kRefusals[error_code - BATON_REFUSED_MAGIC]);
    else if (error_code != 0 && is_among(vector, kWithSelector))
        write_selector(text, error_code);
}

const char* denial_in_words(Denial denial) {
    return kDenials[static_cast<std::size_t>(denial)];
}

} // namespace baton
