// SPDX-License-Identifier: BSD-2-Clause
//
// Fault reports, word by word.
#include "fault/report.hpp"

#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kRoot = 0x10'1000;
constexpr uint64_t kStackTop = 0xffff'8001'0001'1000, kStackBase = 0xffff'8001'0000'1000;
constexpr uint64_t kKernel = 0xffff'ffff'8000'0000;

using Words = std::map<uint64_t, uint64_t>;

MemoryReader reader(const Words& words) {
    return {[](const void* context, uint64_t address, uint64_t& value) {
                const auto& all = *static_cast<const Words*>(context);
                const auto found = all.find(address);
                if (found != all.end())
                    value = found->second;
                return found != all.end();
            },
            &words};
}

/// A kernel's fault. A test changes what it is about.
class FaultReport : public testing::Test {
  protected:
    FaultFrame frame_ = {.r15 = 15,
                         .r14 = 14,
                         .r13 = 13,
                         .r12 = 12,
                         .r11 = 11,
                         .r10 = 10,
                         .r9 = 9,
                         .r8 = 8,
                         .rbp = 0xb,
                         .rdi = 0xd1,
                         .rsi = 0x51,
                         .rdx = 0xd,
                         .rcx = 0xc,
                         .rbx = 0xb,
                         .rax = 0xa,
                         .vector = 6,
                         .error_code = kNoErrorCode,
                         .rip = kKernel + 0x123,
                         .cs = 8,
                         .rflags = 2,
                         .rsp = kStackTop - 32,
                         .ss = 0x10};
    ControlRegisters control_ = {
        .cr0 = 0x8001'0033, .cr2 = 0x1234, .cr3 = kRoot, .cr4 = 0x6a0, .efer = 0xd00};
    BatonHandoff handoff_ = handoff();
    HandoffProgress progress_ = {
        .step = BATON_STEP_KERNEL, .segment = 0, .zeroing = false, .to = 0};
    BatonHandoffProcessor processor_{};
    std::optional<ProcessorProgress> other_;
    bool acknowledged_ = false;
    Words physical_ = {
        {kRoot, 0x10'2003}, {0x10'2000, 0x10'3003}, {0x10'3000, 0x10'4003}, {0x10'4008, 0}};
    Words stack_ = {
        {kStackTop - 32, 1}, {kStackTop - 24, 2}, {kStackTop - 16, 3}, {kStackTop - 8, 4}};

    static BatonHandoff handoff() {
        BatonHandoff handoff{};
        handoff.page_table_root = kRoot;
        handoff.kernel_entry = kKernel + 0x100;
        handoff.kernel_stack_top = kStackTop;
        handoff.kernel_stack_base = kStackBase;
        return handoff;
    }
    std::string report() {
        std::vector<char> memory(kFaultReportBytes);
        TextWriter text(memory);
        write_fault_report(text, {.frame = frame_,
                                  .control = control_,
                                  .handoff = handoff_,
                                  .progress = progress_,
                                  .other = other_ ? &*other_ : nullptr,
                                  .stage2 = {0x20'0000, 0x3000},
                                  .kernel = {kKernel, 0x5000},
                                  .acknowledged = acknowledged_,
                                  .physical_bits = 40,
                                  .physical = reader(physical_),
                                  .virtual_now = reader(stack_)});
        return std::string(text.view());
    }
    /// The line that begins with this name, without it; "" where there is none.
    std::string line(const std::string& name) {
        const std::string text = "\n" + report();
        const std::size_t start = text.find("\n" + name);
        if (start == std::string::npos)
            return "";
        const std::size_t value = text.find_first_not_of(' ', start + 1 + name.size());
        return text.substr(value, text.find('\n', value) - value);
    }
    void page_fault(uint64_t address, uint64_t error_code) {
        frame_.vector = 14;
        frame_.error_code = error_code;
        control_.cr2 = address;
    }
};

TEST_F(FaultReport, TellsAllOfAPageFault) {
    page_fault(0x1234, 2);
    EXPECT_EQ(report(), R"(baton: fault: #PF page fault, vector 14, in kernel + 0x123
step   in the kernel, entered at 0xffffffff80000100
error  0x2: write, page not present, supervisor
cause  write to 0x0000000000001234: not present at level 1
walk   level 4, entry   0 at 0x101000: 0x0000000000102003
       level 3, entry   0 at 0x102000: 0x0000000000103003
       level 2, entry   0 at 0x103000: 0x0000000000104003
       level 1, entry   1 at 0x104008: 0x0000000000000000, not present
rax    0x000000000000000a  rbx    0x000000000000000b  rcx    0x000000000000000c
rdx    0x000000000000000d  rsi    0x0000000000000051  rdi    0x00000000000000d1
rbp    0x000000000000000b  rsp    0xffff800100010fe0  r8     0x0000000000000008
r9     0x0000000000000009  r10    0x000000000000000a  r11    0x000000000000000b
r12    0x000000000000000c  r13    0x000000000000000d  r14    0x000000000000000e
r15    0x000000000000000f  rip    0xffffffff80000123  rflags 0x0000000000000002
cs     0x0000000000000008  ss     0x0000000000000010  cr0    0x0000000080010033
cr2    0x0000000000001234  cr3    0x0000000000101000  cr4    0x00000000000006a0
efer   0x0000000000000d00
stack  0x0000000000000001  0x0000000000000002  0x0000000000000003
       0x0000000000000004
)");
}

TEST_F(FaultReport, TellsNothingOfCr2WhereItHasNothingToDoWithIt) {
    EXPECT_EQ(line("baton:"), "fault: #UD invalid opcode, vector 6, in kernel + 0x123");
    EXPECT_EQ(line("error"), "");
    EXPECT_EQ(line("cause"), "");
    EXPECT_EQ(line("walk"), "");
}

TEST_F(FaultReport, NamesEachVector) {
    std::vector<char> memory(100);
    const auto name = [&](uint64_t vector) {
        TextWriter text(memory);
        write_vector(text, vector);
        return std::string(text.view());
    };
    EXPECT_EQ(name(0), "#DE divide error, vector 0");
    EXPECT_EQ(name(2), "NMI non-maskable interrupt, vector 2");
    EXPECT_EQ(name(8), "#DF double fault, vector 8");
    EXPECT_EQ(name(9), "coprocessor segment overrun, vector 9");
    EXPECT_EQ(name(15), "reserved exception, vector 15");
    EXPECT_EQ(name(18), "#MC machine check, vector 18");
    EXPECT_EQ(name(21), "#CP control protection, vector 21");
    EXPECT_EQ(name(27), "reserved exception, vector 27");
    EXPECT_EQ(name(28), "#HV hypervisor injection, vector 28");
    EXPECT_EQ(name(30), "#SX security exception, vector 30");
    EXPECT_EQ(name(31), "reserved exception, vector 31");
    EXPECT_EQ(name(32), "interrupt, vector 32");
    EXPECT_EQ(name(255), "interrupt, vector 255");
}

TEST_F(FaultReport, TellsWhoseCodeItWas) {
    const auto where = [&](uint64_t rip) {
        frame_.rip = rip;
        return line("baton: fault: #UD invalid opcode, vector 6,");
    };
    EXPECT_EQ(where(0x20'0000), "in stage 2 + 0x0");
    EXPECT_EQ(where(0x20'2fff), "in stage 2 + 0x2fff");
    EXPECT_EQ(where(0x20'3000), "at unknown 0x203000");
    EXPECT_EQ(where(kKernel - 1), "at unknown 0xffffffff7fffffff");
    EXPECT_EQ(where(kKernel + 0x4fff), "in kernel + 0x4fff");
    EXPECT_EQ(where(kKernel + 0x5000), "at unknown 0xffffffff80005000");
}

TEST_F(FaultReport, TellsTheStep) {
    frame_.rip = 0x20'0100;
    EXPECT_EQ(line("step"), "entering the kernel at 0xffffffff80000100");
    frame_.rip = kKernel;
    EXPECT_EQ(line("step"), "in the kernel, entered at 0xffffffff80000100");
    acknowledged_ = true;
    EXPECT_EQ(line("step"), "in the kernel, entered at 0xffffffff80000100, acknowledged");
    progress_.step = BATON_STEP_ENTERED;
    EXPECT_EQ(line("step"), "loading descriptor tables");
    progress_.step = BATON_STEP_TABLES;
    EXPECT_EQ(line("step"), "loading the page tables at 0x101000");
    progress_.step = BATON_STEP_STATE;
    EXPECT_EQ(line("step"), "setting the machine state for the kernel");
    progress_ = {
        .step = BATON_STEP_COPY, .segment = 2, .zeroing = false, .to = 0xffff'ffff'8020'1000};
    EXPECT_EQ(line("step"), "copying segment 2 to 0xffffffff80201000");
    progress_.zeroing = true;
    EXPECT_EQ(line("step"), "zeroing the end of segment 2, from 0xffffffff80201000");
    progress_.to = 0;
    EXPECT_EQ(line("step"), "zeroing the end of segment 2");
    progress_.zeroing = false;
    EXPECT_EQ(line("step"), "copying segment 2");
}

TEST_F(FaultReport, TellsTheBitsOfAPageFaultsErrorCode) {
    const auto error = [&](uint64_t error_code) {
        page_fault(0x1234, error_code);
        return line("error");
    };
    EXPECT_EQ(error(0), "0x0: read, page not present, supervisor");
    EXPECT_EQ(error(3), "0x3: write, page present, supervisor");
    EXPECT_EQ(error(0x15), "0x15: fetch, page present, user");
    EXPECT_EQ(error(9), "0x9: read, page present, supervisor, reserved bit set");
    EXPECT_EQ(error(0x21), "0x21: read, page present, supervisor, protection key");
    EXPECT_EQ(error(0x43), "0x43: write, page present, supervisor, shadow stack");
}

TEST_F(FaultReport, TellsTheSelectorOfAnErrorCode) {
    const auto error = [&](uint64_t vector, uint64_t error_code) {
        frame_.vector = vector;
        frame_.error_code = error_code;
        return line("error");
    };
    EXPECT_EQ(error(13, 0), "0x0");
    EXPECT_EQ(error(13, 0x18), "0x18: GDT entry 3");
    EXPECT_EQ(error(10, 0x24), "0x24: LDT entry 4");
    EXPECT_EQ(error(11, 0x72), "0x72: IDT entry 14");
    EXPECT_EQ(error(12, 0x73), "0x73: IDT entry 14, by an event from outside");
    EXPECT_EQ(error(17, 0x18), "0x18");
    EXPECT_EQ(error(8, 0), "0x0");
    EXPECT_EQ(error(13, kNoErrorCode), "none: raised by an INT instruction");
    EXPECT_EQ(error(3, kNoErrorCode), "");
}

TEST_F(FaultReport, TellsWhichEntryDeniesAndWhy) {
    physical_[0x10'4008] = uint64_t{1} << 63 | 0x7001;
    page_fault(0x1234, 3);
    EXPECT_EQ(line("cause"), "write to 0x0000000000001234: read-only at level 1");
    EXPECT_EQ(line("       level 1"), ", entry   1 at 0x104008: 0x8000000000007001, read-only");
    page_fault(0x1234, 0x11);
    EXPECT_EQ(line("cause"), "fetch from 0x0000000000001234: no-execute at level 1");
    page_fault(0x1234, 5);
    EXPECT_EQ(line("cause"), "read of 0x0000000000001234: for the supervisor only at level 4");
    EXPECT_EQ(line("walk   level 4"),
              ", entry   0 at 0x101000: 0x0000000000102003, for the supervisor only");
    page_fault(0x1234, 1);
    EXPECT_EQ(line("cause"), "read of 0x0000000000001234: allowed by these tables");
    physical_[0x10'3000] |= uint64_t{1} << 40;
    page_fault(0x1234, 9);
    EXPECT_EQ(line("cause"), "read of 0x0000000000001234: reserved bit set at level 2");
    physical_.erase(0x10'2000);
    page_fault(0x1234, 0);
    EXPECT_EQ(line("cause"), "read of 0x0000000000001234: the table can't be read at level 3");
    EXPECT_EQ(line("       level 3"), ", entry   0 at 0x102000, the table can't be read");
}

TEST_F(FaultReport, WalksFiveLevelsWhereThereAreFive) {
    control_.cr4 |= 1 << 12;
    page_fault(0x1234, 0);
    EXPECT_EQ(line("walk   level 5"), ", entry   0 at 0x101000: 0x0000000000102003");
}

TEST_F(FaultReport, NamesTheGuardPagesOfTheStack) {
    physical_[kRoot + 8 * 256] = physical_[kRoot + 8 * 511] = 0;
    page_fault(kStackBase - 8, 2);
    EXPECT_EQ(line("cause"), "write to 0xffff800100000ff8: kernel stack overflow: guard page");
    page_fault(kStackBase - 0x1000, 2);
    EXPECT_EQ(line("cause"), "write to 0xffff800100000000: kernel stack overflow: guard page");
    page_fault(kStackBase - 0x1001, 2);
    EXPECT_EQ(line("cause"), "write to 0xffff8000ffffffff: not present at level 4");
    page_fault(kStackTop, 0);
    EXPECT_EQ(line("cause"), "read of 0xffff800100011000: above the kernel stack: guard page");
    page_fault(kStackTop + 0x1000, 0);
    EXPECT_EQ(line("cause"), "read of 0xffff800100012000: not present at level 4");
    handoff_.kernel_stack_base = 0; // an early caller's record
    page_fault(uint64_t{0} - 8, 0);
    EXPECT_EQ(line("cause"), "read of 0xfffffffffffffff8: not present at level 4");
}

TEST_F(FaultReport, ADoubleFaultShowsTheWalkAlone) {
    page_fault(0x1234, 0);
    frame_.vector = 8;
    EXPECT_EQ(line("cause"), "");
    EXPECT_EQ(line("walk   level 4"), ", entry   0 at 0x101000: 0x0000000000102003");
}

TEST_F(FaultReport, PageTablesWithoutStage2AreThoseOfTheRecord) {
    page_fault(0x20'0000, kPageErrorFetch);
    frame_.vector = kPageTablesRefused;
    frame_.rip = 0x20'0100;
    handoff_.page_table_root = 0x30'0000;
    handoff_.cr4 = 1 << 12;
    physical_[0x30'0000] = 0;
    progress_.step = BATON_STEP_TABLES;
    EXPECT_TRUE(report().starts_with(
        R"(baton: fault: page tables without stage 2, in stage 2 + 0x100
step   loading the page tables at 0x300000
cause  fetch from 0x0000000000200000: not present at level 5
walk   level 5, entry   0 at 0x300000: 0x0000000000000000, not present
rax )")) << report();
}

TEST_F(FaultReport, PageTablesThatMapStage2ElsewhereAreNamed) {
    page_fault(0x20'0000, kPageErrorFetch);
    frame_.vector = kPageTablesRefused;
    handoff_.page_table_root = control_.cr3;
    handoff_.efer = control_.efer;
    physical_[0x10'3008] = 0x40'0083; // 2 MiB at another address
    EXPECT_EQ(line("cause"), "fetch from 0x0000000000200000: mapped to another address");
}

TEST_F(FaultReport, ARefusedRecordIsReportedWithNumberAndField) {
    frame_.vector = kRecordRefused;
    frame_.rip = 0x20'0100;
    frame_.error_code = BATON_REFUSED_CONTROL;
    EXPECT_TRUE(report().starts_with(
        R"(baton: fault: handoff record refused, in stage 2 + 0x100
error  0x6: cr0, cr4 or efer
rax )")) << report();
    frame_.error_code = BATON_REFUSED_MAGIC;
    EXPECT_EQ(line("error"), "0x1: magic");
    frame_.error_code = BATON_REFUSED_SEGMENT;
    EXPECT_EQ(line("error"), "0xa: a segment");
}

TEST_F(FaultReport, TellsOfTheWatchdog) {
    frame_.vector = kWatchdogExpired;
    handoff_.watchdog_seconds = 30;
    EXPECT_EQ(line("baton:"), "fault: watchdog, in kernel + 0x123");
    EXPECT_EQ(line("error"), "");
    EXPECT_EQ(line("cause"), "no acknowledgement after 30 s");
}

TEST_F(FaultReport, NamesTheRegistersThatHoldNoCanonicalAddress) {
    frame_.vector = 13;
    frame_.error_code = 0;
    EXPECT_EQ(line("cause"), "");
    frame_.rdi = 0x0000'8000'0000'0000;
    EXPECT_EQ(line("cause"), "not a canonical address: rdi");
    frame_.vector = 12;
    frame_.rsp = 0x1234'0000'0000'0000;
    EXPECT_EQ(line("cause"), "not a canonical address: rdi, rsp");
    frame_.error_code = 0x18; // it was a selector
    EXPECT_EQ(line("cause"), "");
}

TEST_F(FaultReport, NamesCodeOf32BitsByAnOpcode) {
    EXPECT_EQ(line("cause"), ""); // it can't be read
    for (const uint64_t opcode : {0x60, 0x06, 0xea, 0xd6}) {
        stack_[frame_.rip] = 0xff00 + opcode;
        EXPECT_EQ(line("cause"), "32-bit code in 64-bit mode") << opcode;
    }
    stack_[frame_.rip] = 0x600b'0f; // ud2
    EXPECT_EQ(line("cause"), "");
    stack_[frame_.rip] = 0x60;
    frame_.vector = 0;
    EXPECT_EQ(line("cause"), "");
    frame_.vector = 6;
    control_.efer = 0; // in that mode it is an instruction
    EXPECT_EQ(line("cause"), "");
}

TEST_F(FaultReport, TheStackEndsWhereItCannotBeRead) {
    stack_.clear();
    EXPECT_EQ(line("stack"), "can't be read");
    for (uint64_t i = 0; i < 20; ++i)
        stack_[frame_.rsp + 8 * i] = i;
    EXPECT_TRUE(
        report().ends_with("       0x0000000000000009  0x000000000000000a  0x000000000000000b\n"))
        << "twelve words at the most";
}

TEST_F(FaultReport, TellsWhoseItIsWhereThereAreSeveralProcessors) {
    EXPECT_EQ(line("cpu"), "");
    handoff_.processor_count = 3;
    handoff_.processor_number = 1;
    EXPECT_EQ(line("cpu"), "processor 1, which boots");
    processor_.apic_id = 0x21;
    processor_.number = 5;
    other_.emplace(processor_, false, 0);
    progress_.step = BATON_STEP_STATE; // of the boot processor
    EXPECT_EQ(line("cpu"), "processor 5, APIC id 0x21");
    EXPECT_EQ(line("step"), "starting");
    other_.emplace(processor_, true, 0);
    EXPECT_EQ(line("step"), "parked");
    other_.emplace(processor_, true, kKernel + 0x200);
    EXPECT_EQ(line("step"), "in the kernel, entered at 0xffffffff80000200");
}

TEST_F(FaultReport, KnowsTheStackOfAnotherProcessor) {
    processor_.stack_base = kStackBase + 0x10'0000;
    processor_.stack_top = kStackTop + 0x10'0000;
    other_.emplace(processor_, true, kKernel);
    page_fault(processor_.stack_base - 8, 2);
    EXPECT_TRUE(line("cause").ends_with(": kernel stack overflow: guard page"));
    page_fault(processor_.stack_top + 8, 2);
    EXPECT_TRUE(line("cause").ends_with(": above the kernel stack: guard page"));
    page_fault(kStackBase - 8, 2); // the boot processor's
    EXPECT_FALSE(line("cause").ends_with("guard page"));
}

TEST_F(FaultReport, EndsWithWhatHappensNext) {
    std::vector<char> memory(100);
    const auto end = [&](BatonAfterFault after) {
        TextWriter text(memory);
        write_after_fault(text, after, 10);
        return std::string(text.view());
    };
    EXPECT_EQ(end(BATON_AFTER_FAULT_HALT), "baton: end of report: stopped\n");
    EXPECT_EQ(end(BATON_AFTER_FAULT_EXIT), "baton: end of report: leaving QEMU\n");
    EXPECT_EQ(end(BATON_AFTER_FAULT_RESET), "baton: end of report: reset in 10 s\n");
}

TEST_F(FaultReport, TheLongestReportFitsWithColumnsToSpare) {
    control_.cr4 |= 1 << 12;
    page_fault(~uint64_t{0}, 0x7f);
    progress_ = {.step = BATON_STEP_COPY, .segment = ~0u, .zeroing = true, .to = ~uint64_t{0}};
    constexpr uint64_t kHigh = 0xff'ffff'f000;
    control_.cr3 = kHigh;
    physical_[kHigh + 8 * 511] = kHigh | 7;
    for (uint64_t i = 0; i < 20; ++i)
        stack_[frame_.rsp + 8 * i] = ~i;
    EXPECT_LT(report().size() + 400, kFaultReportBytes);
}

} // namespace
} // namespace baton::test
