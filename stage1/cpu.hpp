// SPDX-License-Identifier: BSD-2-Clause
//
// The processor's instructions that stage 1 needs, one function each.
#pragma once

#include <cstdint>

namespace baton::cpu {

struct CpuidResult {
    uint32_t eax, ebx, ecx, edx;
};

inline CpuidResult cpuid(uint32_t leaf, uint32_t subleaf = 0) {
    CpuidResult result;
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf), "c"(subleaf));
    return result;
}

inline uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

inline uint64_t read_cr0() {
    uint64_t value;
    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

inline uint64_t read_msr(uint32_t index) {
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
    return uint64_t{high} << 32 | low;
}

inline uint64_t read_cr2() {
    uint64_t value;
    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

inline uint64_t read_cr3() {
    uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

inline uint64_t read_cr4() {
    uint64_t value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

/// All of the caller's code and stack lie at the same addresses in the new tables.
inline void write_cr3(uint64_t value) {
    asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}
inline void write_msr(uint32_t index, uint64_t value) {
    asm volatile("wrmsr"
                 :
                 : "c"(index), "a"(static_cast<uint32_t>(value)),
                   "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}

inline uint64_t read_stack_pointer() {
    uint64_t value;
    asm volatile("mov %%rsp, %0" : "=r"(value));
    return value;
}

/// GDTR or IDTR: Intel SDM 3A figure 2-6.
struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    uint64_t base;
};
inline TableRegister read_gdtr() {
    TableRegister value;
    asm volatile("sgdt %0" : "=m"(value));
    return value;
}
inline TableRegister read_idtr() {
    TableRegister value;
    asm volatile("sidt %0" : "=m"(value));
    return value;
}
inline void write_idtr(const TableRegister& value) {
    asm volatile("lidt %0" : : "m"(value));
}

inline void out8(uint16_t port, uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
inline uint8_t in8(uint16_t port) {
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

inline void out32(uint16_t port, uint32_t value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}
inline uint32_t in32(uint16_t port) {
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/// MAXPHYADDR: Intel SDM 3A section 4.1.4.
inline unsigned physical_address_bits() {
    return cpuid(0x8000'0000).eax >= 0x8000'0008 ? cpuid(0x8000'0008).eax & 0xff : 36;
}

/// CPUID 80000001h EDX: bit 20 is NX, bit 26 is 1 GiB pages (Intel SDM 2A, CPUID).
inline uint32_t extended_features() {
    return cpuid(0x8000'0000).eax >= 0x8000'0001 ? cpuid(0x8000'0001).edx : 0;
}
inline bool has_no_execute() {
    return (extended_features() & 1u << 20) != 0;
}
inline bool has_huge_pages() {
    return (extended_features() & 1u << 26) != 0;
}

/// CPUID 7 ECX bit 16: LA57.
inline bool has_five_level_paging() {
    return cpuid(0).eax >= 7 && (cpuid(7).ecx & 1u << 16) != 0;
}
/// CR4 bit 12.
inline bool five_level_paging_is_on() {
    return (read_cr4() & 1u << 12) != 0;
}

/// CPUID 1 ECX bit 30.
inline bool has_rdrand() {
    return (cpuid(1).ecx & 1u << 30) != 0;
}
/// 0 where the processor has no random number ready, ten times over (Intel SDM 1 section 7.3.17.1).
inline uint64_t rdrand() {
    for (unsigned tries = 0; tries < 10; ++tries) {
        uint64_t value;
        bool valid;
        asm volatile("rdrand %0" : "=r"(value), "=@ccc"(valid));
        if (valid)
            return value;
    }
    return 0;
}

} // namespace baton::cpu
