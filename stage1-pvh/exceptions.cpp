// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-pvh/exceptions.hpp"

#include "core/text.hpp"
#include "cpu/constants.hpp"
#include "cpu/descriptors.hpp"
#include "cpu/instructions.hpp"

#include <array>

namespace baton {
namespace {

constexpr std::size_t kStubBytes = 16;

/// What exceptions.asm and the processor have pushed.
struct ExceptionFrame {
    uint64_t vector, error_code, rip, cs, rflags, rsp, ss;
};

constinit std::array<cpu::Gate, cpu::kExceptions> gates{};
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
    cpu::halt();
}
}

namespace baton {

void report_exceptions(Console& console) {
    console_for_exceptions = &console;
    for (std::size_t i = 0; i < gates.size(); ++i) {
        const auto stub = reinterpret_cast<uint64_t>(exception_stubs + i * kStubBytes);
        gates[i] = cpu::interrupt_gate(stub, cpu::kSelectorCode64, 0);
    }
    cpu::write_idtr({.limit = sizeof gates - 1, .base = reinterpret_cast<uint64_t>(gates.data())});
}

} // namespace baton
