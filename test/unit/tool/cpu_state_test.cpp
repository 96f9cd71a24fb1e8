// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/cpu_state.hpp"

#include "tools/baton/diagnosis.hpp"

#include <gtest/gtest.h>

namespace baton::tool {
namespace {

// What QEMU 7.2 prints for a kernel and a processor that nobody has started.
constexpr std::string_view kDump = R"(
CPU#0
RAX=0000000000000001 RBX=0000000000000000 RCX=00000000c0000080 RDX=0000000000000000
RSI=0000000000000000 RDI=ffff80000ffa6000 RBP=0000000000000000 RSP=ffff800040010ff8
R8 =0000000000000008 R9 =0000000000000000 R10=0000000000000000 R11=0000000000000000
R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=000000000000000f
RIP=ffffffff80001002 RFL=00000046 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
ES =0010 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]
CS =0008 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]
SS =0010 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]
LDT=0000 0000000000000000 0000ffff 00008200 DPL=0 LDT
TR =0018 000000000ffb6000 00000067 00008b00 DPL=0 TSS64-busy
GDT=     ffff80000ffb5000 00000027
IDT=     ffff80000ffb7000 00000fff
CR0=80010033 CR2=0000000000000010 CR3=000000000ffa5000 CR4=000006a0
DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=0000000000000000
DR6=00000000ffff0ff0 DR7=0000000000000400
EFER=0000000000000d00
FCW=037f FSW=0000 [ST=0] FTW=00 MXCSR=00001f80

CPU#1
EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000633
ESI=00000000 EDI=00000000 EBP=00000000 ESP=00000000
EIP=0000fff0 EFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=1
CS =f000 ffff0000 0000ffff 00009b00
GDT=     00000000 0000ffff
IDT=     00000000 0000ffff
CR0=60000010 CR2=00000000 CR3=00000000 CR4=00000000
)";

TEST(CpuState, RegistersOfAllProcessorsAreRead) {
    const auto states = read_cpu_states(kDump);
    ASSERT_EQ(states.size(), 2u);
    EXPECT_EQ(states[0].number, 0u);
    EXPECT_EQ(states[0].value("rip"), 0xffffffff80001002);
    EXPECT_EQ(states[0].value("r8"), 8u);
    EXPECT_EQ(states[0].value("r15"), 15u);
    EXPECT_EQ(states[0].value("cs"), 8u);
    EXPECT_EQ(states[0].value("cr0"), 0x80010033);
    EXPECT_EQ(states[0].value("cr2"), 0x10u);
    EXPECT_EQ(states[0].value("efer"), 0xd00u);
    EXPECT_EQ(states[0].idt_base, 0xffff80000ffb7000);
    EXPECT_EQ(states[0].idt_limit, 0xfffu);
    EXPECT_EQ(states[0].gdt_limit, 0x27u);
    EXPECT_TRUE(states[0].halted && !states[0].interrupts_on() && states[0].is_started());
    EXPECT_EQ(states[1].number, 1u);
    EXPECT_EQ(states[1].value("rip"), 0xfff0u);
    EXPECT_FALSE(states[1].is_started());
}

TEST(CpuState, MemoryIsReadAsFarAsItIsMapped) {
    EXPECT_EQ(read_memory_words("ffff800040010ff8: 0x0000000000000001 0xffffffff80001015\r\n"
                                "ffff800040011008: Cannot access memory\r\n"),
              (std::vector<uint64_t>{1, 0xffffffff80001015}));
    EXPECT_TRUE(read_memory_words("0000000000000000: Cannot access memory\n").empty());
    EXPECT_TRUE(read_memory_words("").empty());
}

/// In 64-bit code with interrupts off.
CpuState at(uint64_t rip, uint64_t rcx = 0) {
    return {.registers = {{"rip", rip}, {"rcx", rcx}, {"cr0", 0x80010033}, {"rflags", 2}}};
}

TEST(CpuBehaviour, HangsAreToldApartFromWork) {
    using enum CpuBehaviour::Kind;
    EXPECT_EQ(judge({at(0x1000), at(0x1000)}).kind, stuck);
    EXPECT_EQ(judge({at(0x1000), at(0x1006), at(0x1000)}).kind, stuck);
    EXPECT_EQ(judge({at(0x1000, 1), at(0x1000, 2)}).kind, loop);
    EXPECT_EQ(judge({at(0x1000, 1), at(0x1000, 2)}).changes, std::vector<std::string>{"rcx"});
    EXPECT_EQ(judge({at(0x1000), at(0x9000)}).kind, running);
    EXPECT_EQ(judge({at(0x9000), at(0x1000), at(0x1000)}).addresses,
              (std::vector<uint64_t>{0x1000, 0x9000}));
}

TEST(CpuBehaviour, HaltedIsAHangUnlessAnInterruptCanCome) {
    using enum CpuBehaviour::Kind;
    CpuState halt = at(0x1001);
    halt.halted = true;
    EXPECT_EQ(judge({halt, halt}).kind, halted);
    CpuState wait = halt;
    wait.registers["rflags"] = 0x202;
    EXPECT_EQ(judge({wait, wait}).kind, idle);
    EXPECT_EQ(judge({wait, at(0x9000)}).kind, running);
    EXPECT_EQ(judge({read_cpu_states(kDump)[1]}).kind, not_started);
}

/// A processor that could deliver any exception.
StoppedCpu able() {
    constexpr uint64_t kGate = uint64_t{0x8e} << 40 | uint64_t{8} << 16;
    StoppedCpu cpu{.state = at(0x1000), .code = {0}, .below = {0}, .stack = {0}};
    cpu.state.idt_base = 0x2000;
    cpu.state.idt_limit = 0xfff;
    cpu.state.gdt_limit = 0x27;
    for (int vector = 0; vector < 32; ++vector)
        cpu.gates.insert(cpu.gates.end(), {kGate, 0});
    return cpu;
}

std::string first_cause(const StoppedCpu& cpu) {
    const auto causes = causes_of_triple_fault(cpu);
    return causes.empty() ? "" : causes.front();
}

TEST(TripleFault, WhatKeptAnExceptionFromBeingDeliveredIsNamed) {
    EXPECT_EQ(first_cause(able()), "");
    StoppedCpu cpu = able();
    cpu.code.clear();
    EXPECT_TRUE(first_cause(cpu).contains("the code at RIP"));
    cpu = able();
    cpu.below.clear();
    EXPECT_TRUE(first_cause(cpu).contains("the stack at RSP"));
    cpu = able();
    cpu.state.idt_limit = 0;
    cpu.gates.clear();
    EXPECT_TRUE(first_cause(cpu).contains("there is no IDT"));
    cpu = able();
    cpu.gates.clear();
    EXPECT_TRUE(first_cause(cpu).contains("maps the IDT at 0x2000"));
    cpu = able();
    cpu.gates.resize(2 * 8); // up to vector 7
    EXPECT_TRUE(first_cause(cpu).ends_with("no usable gate for #DF, #GP, #PF"));
    cpu = able();
    cpu.gates[2 * 13] &= ~(uint64_t{1} << 47); // not present
    EXPECT_TRUE(first_cause(cpu).ends_with("no usable gate for #GP"));
    cpu = able();
    cpu.gates[2 * 14] |= uint64_t{0x28} << 16; // outside the GDT
    EXPECT_TRUE(first_cause(cpu).ends_with("no usable gate for #PF"));
}

} // namespace
} // namespace baton::tool
