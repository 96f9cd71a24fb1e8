// SPDX-License-Identifier: BSD-2-Clause
//
// The functions that a compiler may call on its own (GCC manual, "Standards": a freestanding
// environment has to provide the first four; string_view comes down to the others). String
// instructions are the smallest, by words as fast as can be on processors with and without ERMS.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* destination, const void* source, std::size_t count) {
    void* const result = destination;
    std::size_t words = count / 8;
    asm volatile("rep movsq" : "+D"(destination), "+S"(source), "+c"(words) : : "memory");
    count %= 8;
    asm volatile("rep movsb" : "+D"(destination), "+S"(source), "+c"(count) : : "memory");
    return result;
}

void* memset(void* destination, int value, std::size_t count) {
    void* const result = destination;
    const uint64_t word = static_cast<unsigned char>(value) * 0x0101'0101'0101'0101;
    std::size_t words = count / 8;
    asm volatile("rep stosq" : "+D"(destination), "+c"(words) : "a"(word) : "memory");
    count %= 8;
    asm volatile("rep stosb" : "+D"(destination), "+c"(count) : "a"(word) : "memory");
    return result;
}

void* memmove(void* destination, const void* source, std::size_t count) {
    const auto distance =
        reinterpret_cast<uintptr_t>(destination) - reinterpret_cast<uintptr_t>(source);
    if (distance >= count)
        return memcpy(destination, source, count); // no overlap, or downwards
    auto* const to = static_cast<unsigned char*>(destination);
    auto* const from = static_cast<const unsigned char*>(source);
    for (std::size_t i = count; i-- > 0;)
        to[i] = from[i];
    return destination;
}

int memcmp(const void* left, const void* right, std::size_t count) {
    auto* const a = static_cast<const unsigned char*>(left);
    auto* const b = static_cast<const unsigned char*>(right);
    for (std::size_t i = 0; i < count; ++i)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

void* memchr(const void* bytes, int value, std::size_t count) {
    auto* const first = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i)
        if (first[i] == static_cast<unsigned char>(value))
            return const_cast<unsigned char*>(first + i); // as the C standard has it
    return nullptr;
}

std::size_t strlen(const char* text) {
    std::size_t length = 0;
    while (text[length] != 0)
        ++length;
    return length;
}

/// Stands in the vtable of an abstract class while its constructor runs. Nothing calls it.
[[noreturn]] void __cxa_pure_virtual() {
    __builtin_trap();
}

} // extern "C"
