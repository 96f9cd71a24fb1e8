// SPDX-License-Identifier: BSD-2-Clause
//
// The privileged instructions that stage 2 needs, one function each.
#pragma once

#include <cstdint>

namespace baton::stage2 {

inline constexpr uint32_t kMsrPat = 0x277;        // IA32_PAT
inline constexpr uint32_t kMsrEfer = 0xc000'0080; // IA32_EFER

inline uint64_t read_msr(uint32_t index) {
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
    return uint64_t{high} << 32 | low;
}
inline void write_msr(uint32_t index, uint64_t value) {
    asm volatile("wrmsr"
                 :
                 : "c"(index), "a"(static_cast<uint32_t>(value)),
                   "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}

inline void write_cr0(uint64_t value) {
    asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}
inline void write_cr3(uint64_t value) {
    asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}
inline void write_cr4(uint64_t value) {
    asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}
inline void write_dr7(uint64_t value) {
    asm volatile("mov %0, %%dr7" : : "r"(value));
}

inline uint64_t read_cr0() {
    uint64_t value;
    asm volatile("mov %%cr0, %0" : "=r"(value));
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

inline uint64_t read_cr2() {
    uint64_t value;
    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

/// The cache line of `address`, to memory.
inline void flush_cache_line(const void* address) {
    asm volatile("clflush %0" : : "m"(*static_cast<const char*>(address)) : "memory");
}

inline void load_stack_segment(uint16_t selector) {
    asm volatile("mov %0, %%ss" : : "r"(uint32_t{selector}));
}

inline uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

/// MAXPHYADDR: Intel SDM 3A section 4.1.4.
inline unsigned physical_bits() {
    uint32_t eax = 0x8000'0008, ebx, ecx = 0, edx;
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return eax & 0xff;
}

inline void out8(uint16_t port, uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
inline void out32(uint16_t port, uint32_t value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}
inline uint8_t in8(uint16_t port) {
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

inline void fill_words(uint64_t destination, uint64_t count, uint32_t value) {
    asm volatile("rep stosl" : "+D"(destination), "+c"(count) : "a"(value) : "memory");
}

/// An exception that the processor can't deliver, nor the one that comes of that: it resets.
inline void triple_fault() {
    const struct [[gnu::packed]] {
        uint16_t limit;
        uint64_t base;
    } none{};
    asm volatile("lidt %0; ud2" : : "m"(none));
}

[[noreturn]] inline void halt() {
    for (;;)
        asm volatile("cli; hlt");
}

} // namespace baton::stage2
