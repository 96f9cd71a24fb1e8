// SPDX-License-Identifier: BSD-2-Clause
//
// The interrupt descriptor table and what happens in an exception. Interrupts of devices stay off
// in this example, so the 32 exceptions of the CPU are all that the table holds.

#include "exceptions.hpp"

#include "console.hpp"
#include "cpu.hpp"
#include "power.hpp"

namespace {

constexpr unsigned kExceptionCount = 32;

/// An interrupt gate (Intel SDM 3A section 6.14.1).
struct Gate {
    uint16_t offset_0_15;
    uint16_t selector;
    uint8_t stack; // 0: stay on the current one
    uint8_t type;
    uint16_t offset_16_31;
    uint32_t offset_32_63;
    uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

constexpr uint8_t kPresentInterruptGate = 0x8e;

/// The operand of LIDT.
struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    uint64_t base;
};

/// What lies on the stack in an exception: pushed by exception_common, by the stub, by the CPU.
struct ExceptionFrame {
    uint64_t rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

Gate gates[kExceptionCount];

/// The fault of the access that try_access() is making.
std::optional<Fault> probe_fault;

} // namespace

// exceptions.asm
extern "C" const uint8_t exception_stubs[kExceptionCount][16];

// probes.asm
extern "C" void probe_read(uint64_t address);
extern "C" void probe_write(uint64_t address);
extern "C" void probe_execute(uint64_t address);

/// Where a fault is expected, the place to go on at after it; RIP is 0 where none is expected. The
/// probe_ functions set both.
extern "C" {
uint64_t probe_resume_rip = 0;
uint64_t probe_resume_rsp = 0;
}

void install_exception_handlers() {
    for (unsigned vector = 0; vector < kExceptionCount; ++vector) {
        const auto stub = reinterpret_cast<uint64_t>(&exception_stubs[vector]);
        gates[vector] = {
            .offset_0_15 = static_cast<uint16_t>(stub),
            // The code segment of the loader's GDT. It lies in memory that the loader calls
            // reclaimable: a kernel that reuses that memory loads a GDT of its own before.
            .selector = read_cs(),
            .stack = 0,
            .type = kPresentInterruptGate,
            .offset_16_31 = static_cast<uint16_t>(stub >> 16),
            .offset_32_63 = static_cast<uint32_t>(stub >> 32),
            .reserved = 0,
        };
    }
    const TableRegister table = {sizeof(gates) - 1, reinterpret_cast<uint64_t>(gates)};
    asm volatile("lidt %0" : : "m"(table), "m"(gates));
}

std::string_view exception_name(uint64_t vector) {
    static constexpr std::string_view kNames[] = {
        "#DE", "#DB", "NMI", "#BP", "#OF",  "#BR", "#UD", "#NM", "#DF", "(9)", "#TS",
        "#NP", "#SS", "#GP", "#PF", "(15)", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
    };
    return vector < std::size(kNames) ? kNames[vector] : "(22-31)";
}

/// Called by exception_common; when it returns, so does the CPU, to `frame`.
extern "C" void handle_exception(ExceptionFrame* frame) {
    if (probe_resume_rip == 0) {
        print_line("kernel: FAIL: ", exception_name(frame->vector), ", error ",
                   Hex{frame->error_code}, ", rip ", Hex{frame->rip}, ", cr2 ", Hex{read_cr2()});
        power_off(Outcome::failure);
    }
    probe_fault = Fault{frame->vector, frame->error_code, read_cr2()};
    frame->rip = probe_resume_rip;
    frame->rsp = probe_resume_rsp;
}

std::optional<Fault> try_access(Access access, uint64_t address) {
    probe_fault.reset();
    switch (access) {
    case Access::read:
        probe_read(address);
        break;
    case Access::write:
        probe_write(address);
        break;
    case Access::execute:
        probe_execute(address);
        break;
    }
    probe_resume_rip = 0;
    return probe_fault;
}
