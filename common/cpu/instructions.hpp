// SPDX-License-Identifier: BSD-2-Clause
//
// Instructions that C++ has no word for, one function each.
#pragma once

#include <cstdint>

namespace baton::cpu {

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

inline uint64_t read_cr0() {
    uint64_t value;
    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}
inline void write_cr0(uint64_t value) {
    asm volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

inline uint64_t read_cr2() {
    uint64_t value;
    asm volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}
inline void write_cr2(uint64_t value) {
    asm volatile("mov %0, %%cr2" : : "r"(value));
}

inline uint64_t read_cr3() {
    uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}
/// All of the caller's code and stack lie at the same addresses in the new tables.
inline void write_cr3(uint64_t value) {
    asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

inline uint64_t read_cr4() {
    uint64_t value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}
inline void write_cr4(uint64_t value) {
    asm volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

inline void write_dr7(uint64_t value) {
    asm volatile("mov %0, %%dr7" : : "r"(value));
}

inline uint64_t read_stack_pointer() {
    uint64_t value;
    asm volatile("mov %%rsp, %0" : "=r"(value));
    return value;
}

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
inline uint32_t in32(uint16_t port) {
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/// The cache line of `address`, to memory.
inline void flush_cache_line(const void* address) {
    asm volatile("clflush %0" : : "m"(*static_cast<const char*>(address)) : "memory");
}

/// All caches to memory, and empties them.
inline void write_back_caches() {
    asm volatile("wbinvd" : : : "memory");
}

inline void fill_words(uint64_t destination, uint64_t count, uint32_t value) {
    asm volatile("rep stosl" : "+D"(destination), "+c"(count) : "a"(value) : "memory");
}

inline void pause() {
    asm volatile("pause");
}

/// For ever, with interrupts off.
[[noreturn]] inline void halt() {
    for (;;)
        asm volatile("cli; hlt");
}

} // namespace baton::cpu
