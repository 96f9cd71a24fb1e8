// SPDX-License-Identifier: BSD-2-Clause
//
// Checks of the machine state that the boot protocol promises at the kernel's first instruction.
// The bits are those of Intel SDM 3A section 2.5 (CR0, CR4) and section 2.2.1 (EFER).

#include "checks.hpp"
#include "cpu.hpp"

namespace {

constexpr uint64_t kCr0ProtectionEnable = 1 << 0;
constexpr uint64_t kCr0MonitorCoprocessor = 1 << 1;
constexpr uint64_t kCr0ExtensionType = 1 << 4;
constexpr uint64_t kCr0NumericError = 1 << 5;
constexpr uint64_t kCr0WriteProtect = 1 << 16;
constexpr uint64_t kCr0Paging = 1u << 31;
constexpr uint64_t kCr0 = kCr0ProtectionEnable | kCr0MonitorCoprocessor | kCr0ExtensionType |
                          kCr0NumericError | kCr0WriteProtect | kCr0Paging;

constexpr uint64_t kCr4PhysicalAddressExtension = 1 << 5;
constexpr uint64_t kCr4GlobalPages = 1 << 7;
constexpr uint64_t kCr4OsFxsr = 1 << 9;
constexpr uint64_t kCr4OsXmmExceptions = 1 << 10;
constexpr uint64_t kCr4 =
    kCr4PhysicalAddressExtension | kCr4GlobalPages | kCr4OsFxsr | kCr4OsXmmExceptions;

constexpr uint32_t kEferMsr = 0xc0000080;
constexpr uint64_t kEferLongModeEnable = 1 << 8;
constexpr uint64_t kEferLongModeActive = 1 << 10;
constexpr uint64_t kEferNoExecuteEnable = 1 << 11;
constexpr uint64_t kEfer = kEferLongModeEnable | kEferLongModeActive | kEferNoExecuteEnable;

// As at power-on, but entry 5 (the sixth byte) is 1, write-combining (Intel SDM 3A section 12.12).
constexpr uint32_t kPatMsr = 0x277;
constexpr uint64_t kPat = 0x0007'0106'0007'0406;

constexpr uint64_t kRflagsInterrupt = 1 << 9;
constexpr uint64_t kRflagsDirection = 1 << 10;

constexpr uint64_t kCodeSelector = 0x08;
constexpr uint64_t kDataSelector = 0x10;

constexpr uint64_t kX87ControlWord = 0x037f; // after FNINIT
constexpr uint64_t kMxcsr = 0x1f80;          // after reset

} // namespace

void check_stack(CheckList& checks, const baton::BootInfoView& boot, uint64_t entry_rsp) {
    const BatonBootInfo& info = boot.record();
    const uint64_t offset = entry_rsp - info.stack_base;
    if (entry_rsp < info.stack_base || offset >= info.stack_bytes) {
        checks.fail("RSP", "expected inside the stack, found ", Hex{entry_rsp});
        return; // without a look at what is there
    }
    checks.pass("RSP");
    checks.equal("RSP + 8 modulo 16", 0, (entry_rsp + 8) % 16);
    checks.equal("return address", 0, *reinterpret_cast<const uint64_t*>(entry_rsp));
}

void check_registers(CheckList& checks, const baton::BootInfoView& boot) {
    checks.equal("CR0: PG WP NE ET MP PE", kCr0, read_cr0());
    checks.equal("CR3 is kernel_cr3", boot.record().kernel_cr3, read_cr3());
    checks.equal("CR4: OSXMMEXCPT OSFXSR PGE PAE", kCr4, read_cr4());
    checks.equal("EFER: NXE LMA LME", kEfer, read_msr(kEferMsr));
    checks.equal("PAT", kPat, read_msr(kPatMsr));
    checks.equal("RFLAGS: IF, DF clear", 0, read_rflags() & (kRflagsInterrupt | kRflagsDirection));
    checks.equal("CS", kCodeSelector, read_cs());
    checks.equal("SS", kDataSelector, read_ss());
    checks.equal("x87 control word", kX87ControlWord, read_x87_control_word());
    checks.equal("MXCSR", kMxcsr, read_mxcsr());
}
