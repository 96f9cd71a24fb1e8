// SPDX-License-Identifier: BSD-2-Clause
//
// An exception whose delivery fails is a double fault, and if that fails too, the processor shuts
// down: Intel SDM 3A section 6.15, interrupt 8.
#include "tools/baton/diagnosis.hpp"

#include "tools/baton/text.hpp"

#include <array>

namespace baton::tool {
namespace {

struct Exception {
    uint32_t vector;
    std::string_view name;
};
// What code most often raises, and what the failure to deliver it does.
constexpr std::array kExceptions = {Exception{8, "#DF"}, Exception{13, "#GP"}, Exception{14, "#PF"},
                                    Exception{6, "#UD"}};
constexpr uint64_t kGateBytes = 16; // in long mode: SDM 3A section 6.14.1

/// Of a present gate, an interrupt or trap gate.
bool is_usable(uint64_t low, const CpuState& state) {
    const uint64_t type = low >> 40 & 0xf, selector = low >> 16 & 0xfff8;
    return (low >> 47 & 1) != 0 && (type == 14 || type == 15) && selector != 0 &&
           selector + 7 <= state.gdt_limit;
}

bool has_gate(const StoppedCpu& cpu, uint32_t vector) {
    const std::size_t at = std::size_t{2} * vector;
    return at < cpu.gates.size() && is_usable(cpu.gates[at], cpu.state);
}

std::string unusable_gates(const StoppedCpu& cpu) {
    std::string names;
    for (const Exception& exception : kExceptions) {
        if (!has_gate(cpu, exception.vector))
            names += (names.empty() ? "" : ", ") + std::string(exception.name);
    }
    return names;
}

} // namespace

std::vector<std::string> causes_of_triple_fault(const StoppedCpu& cpu) {
    const CpuState& state = cpu.state;
    std::vector<std::string> causes;
    if (cpu.code.empty())
        causes.push_back("no page table maps the code at RIP (CR3 " + hex_text(state.value("cr3")) +
                         ")");
    if (cpu.below.empty())
        causes.push_back("no page table maps the stack at RSP " + hex_text(state.value("rsp")) +
                         ": an overflow, or a wrong RSP");
    if (state.idt_limit + 1 < kGateBytes)
        causes.push_back("there is no IDT: its limit is " + hex_text(state.idt_limit));
    else if (cpu.gates.empty())
        causes.push_back("no page table maps the IDT at " + hex_text(state.idt_base));
    else if (const std::string names = unusable_gates(cpu); !names.empty())
        causes.push_back("the IDT at " + hex_text(state.idt_base) + ", limit " +
                         hex_text(state.idt_limit) + ", has no usable gate for " + names);
    return causes;
}

bool dies_of_nmi(const StoppedCpu& cpu) {
    constexpr uint32_t kNmi = 2;
    return !cpu.state.halted && cpu.state.is_started() && !has_gate(cpu, kNmi);
}

} // namespace baton::tool
