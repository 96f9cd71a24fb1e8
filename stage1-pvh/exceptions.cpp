// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-pvh/exceptions.hpp"

#include "core/text.hpp"
#include "stage1/cpu.hpp"

#include <array>

namespace baton {
namespace {

constexpr std::size_t kVectors = 32;
constexpr std::size_t kStubBytes = 16;
constexpr uint16_t kCodeSelector = 0x08;

/// An interrupt gate: Intel SDM 3A figure 6-8.
struct Gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t type; // present, ring 0
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

/// What exceptions.asm and the processor have pushed.
struct ExceptionFrame {
    uint64_t vector, error_code, rip, cs, rflags, rsp, ss;
};

constinit std::array<Gate, kVectors> gates{};
constinit Console* console_for_exceptions = nullptr;

} // namespace
} // namespace baton

extern "C" {
extern const std::byte exception_stubs[];

[[noreturn]] void stage1_exception(const baton::ExceptionFrame* frame) {
    using namespace baton;
    console_for_exceptions->write_line(
        Text()
            .error(Error(ErrorCode::stage1_exception,
                         {frame->vector, frame->error_code, frame->rip, cpu::read_cr2()}))
            .view());
    for (;;)
        asm volatile("cli; hlt");
}
}

namespace baton {

void report_exceptions(Console& console) {
    console_for_exceptions = &console;
    for (std::size_t i = 0; i < kVectors; ++i) {
        const auto stub = reinterpret_cast<uint64_t>(exception_stubs + i * kStubBytes);
        gates[i] = {.offset_low = static_cast<uint16_t>(stub),
                    .selector = kCodeSelector,
                    .type = 0x8e00,
                    .offset_middle = static_cast<uint16_t>(stub >> 16),
                    .offset_high = static_cast<uint32_t>(stub >> 32),
                    .reserved = 0};
    }
    cpu::write_idtr({.limit = sizeof gates - 1, .base = reinterpret_cast<uint64_t>(gates.data())});
}

} // namespace baton
