// SPDX-License-Identifier: BSD-2-Clause
//
// Constants of x86-64 processors, under the names of the manuals. nasm.py makes the same for NASM
// (kCr4La57: CR4_LA57): each definition is one line, a number or a bit.
#pragma once

#include <cstdint>

namespace baton::cpu {

// CR0: Intel SDM 3A section 2.5.
inline constexpr uint64_t kCr0Pe = uint64_t{1} << 0;  // protected mode
inline constexpr uint64_t kCr0Mp = uint64_t{1} << 1;  // WAIT obeys TS
inline constexpr uint64_t kCr0Em = uint64_t{1} << 2;  // there is no FPU
inline constexpr uint64_t kCr0Ts = uint64_t{1} << 3;  // the FPU's state is another task's
inline constexpr uint64_t kCr0Et = uint64_t{1} << 4;  // always 1
inline constexpr uint64_t kCr0Ne = uint64_t{1} << 5;  // FPU errors are exceptions
inline constexpr uint64_t kCr0Wp = uint64_t{1} << 16; // read-only pages are so for ring 0 too
inline constexpr uint64_t kCr0Nw = uint64_t{1} << 29; // caches don't write through
inline constexpr uint64_t kCr0Cd = uint64_t{1} << 30; // caches are off
inline constexpr uint64_t kCr0Pg = uint64_t{1} << 31; // paging

// CR4: Intel SDM 3A section 2.5.
inline constexpr uint64_t kCr4Pae = uint64_t{1} << 5;         // entries of page tables have 64 bits
inline constexpr uint64_t kCr4Mce = uint64_t{1} << 6;         // machine checks are exceptions
inline constexpr uint64_t kCr4Pge = uint64_t{1} << 7;         // global pages
inline constexpr uint64_t kCr4Osfxsr = uint64_t{1} << 9;      // SSE
inline constexpr uint64_t kCr4Osxmmexcpt = uint64_t{1} << 10; // SSE errors are exceptions
inline constexpr uint64_t kCr4La57 = uint64_t{1} << 12;       // page tables have five levels
inline constexpr uint64_t kCr4Cet = uint64_t{1} << 23;        // control-flow enforcement

// DR7 without a breakpoint: Intel SDM 3B section 17.2.4.
inline constexpr uint64_t kDr7Reset = 0x400;

// Model-specific registers: Intel SDM 4 table 2-2.
inline constexpr uint32_t kMsrApicBase = 0x1b;   // IA32_APIC_BASE
inline constexpr uint32_t kMsrPat = 0x277;       // IA32_PAT
inline constexpr uint32_t kMsrX2apicId = 0x802;  // IA32_X2APIC_APICID
inline constexpr uint32_t kMsrX2apicIcr = 0x830; // IA32_X2APIC_ICR
inline constexpr uint32_t kMsrEfer = 0xc0000080; // IA32_EFER

// IA32_APIC_BASE, and registers of a local APIC in memory: Intel SDM 3A sections 10.4 and 10.6.
inline constexpr uint32_t kApicBaseX2apic = 0x400; // registers are MSRs, ids have 32 bits
inline constexpr uint32_t kApicBaseEnabled = 0x800;
inline constexpr uint32_t kApicId = 0x20; // in the highest byte
inline constexpr uint32_t kApicCommand = 0x300;
inline constexpr uint32_t kApicDestination = 0x310; // as the id

// EFER: Intel SDM 3A section 2.2.1.
inline constexpr uint64_t kEferLme = uint64_t{1} << 8;  // with paging, long mode
inline constexpr uint64_t kEferLma = uint64_t{1} << 10; // the processor is in long mode
inline constexpr uint64_t kEferNxe = uint64_t{1} << 11; // pages may be no-execute

// Leaves of CPUID and bits of its answers: Intel SDM 2A, CPUID.
inline constexpr uint32_t kCpuidFeatures = 1;
inline constexpr uint32_t kCpuidMonitor = 3; // of ECX
inline constexpr uint32_t kCpuidRdrand = 30; // of ECX
inline constexpr uint32_t kCpuidMtrr = 12;   // of EDX
inline constexpr uint32_t kCpuidMoreFeatures = 7;
inline constexpr uint32_t kCpuidLa57 = 16; // of ECX
inline constexpr uint32_t kCpuidExtendedMax = 0x80000000;
inline constexpr uint32_t kCpuidExtendedFeatures = 0x80000001;
inline constexpr uint32_t kCpuidNx = 20;        // of EDX
inline constexpr uint32_t kCpuidHugePages = 26; // of EDX
inline constexpr uint32_t kCpuidLongMode = 29;  // of EDX
inline constexpr uint32_t kCpuidAddressSizes = 0x80000008;

// Exceptions: Intel SDM 3A table 6-1, AMD APM 2 section 8.2.
inline constexpr uint32_t kVectors = 256;
inline constexpr uint32_t kExceptions = 32; // the first of them
inline constexpr uint32_t kVectorNmi = 2;
inline constexpr uint32_t kVectorDoubleFault = 8;
inline constexpr uint32_t kVectorInvalidTss = 10;
inline constexpr uint32_t kVectorSegmentNotPresent = 11;
inline constexpr uint32_t kVectorStackFault = 12;
inline constexpr uint32_t kVectorGeneralProtection = 13;
inline constexpr uint32_t kVectorPageFault = 14;
inline constexpr uint32_t kVectorMachineCheck = 18;
// A bit for each exception that pushes an error code: 8, 10 to 14, 17, 21, 29, 30.
inline constexpr uint32_t kVectorsWithErrorCode = 0x60227d00;

// Segments of ring 0 that have been accessed (Intel SDM 3A section 3.4.5), and where Baton's GDTs
// have them.
inline constexpr uint64_t kDescriptorCode64 = 0x00af9b000000ffff;
inline constexpr uint64_t kDescriptorData = 0x00cf93000000ffff;
inline constexpr uint64_t kDescriptorCode32 = 0x00cf9b000000ffff;
inline constexpr uint64_t kDescriptorTask32 = 0x0000890000000067; // a 32-bit TSS at 0
inline constexpr uint16_t kSelectorCode64 = 0x08;
inline constexpr uint16_t kSelectorData = 0x10;
inline constexpr uint16_t kSelectorCode32 = 0x18;
// In the GDT of 32-bit kernels. They begin with GRUB's selectors: some load a GDT that has code and
// data there too, and no segment register. Gates have the selector of code in most kernels' GDTs.
inline constexpr uint16_t kSelector32Gate = 0x08;
inline constexpr uint16_t kSelector32Code = 0x10;
inline constexpr uint16_t kSelector32Data = 0x18;
inline constexpr uint16_t kSelector32Task = 0x20;

} // namespace baton::cpu
