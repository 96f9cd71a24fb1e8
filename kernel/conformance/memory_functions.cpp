// SPDX-License-Identifier: BSD-2-Clause
//
// What a compiler may call on its own account in freestanding code, and strlen for
// std::string_view. The string instructions keep the compiler from turning a loop here into a call
// of itself.

#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* destination, const void* source, size_t bytes) {
    void* to = destination;
    asm volatile("rep movsb" : "+D"(to), "+S"(source), "+c"(bytes) : : "memory");
    return destination;
}

void* memset(void* destination, int value, size_t bytes) {
    void* to = destination;
    asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return destination;
}

void* memmove(void* destination, const void* source, size_t bytes) {
    const auto to = reinterpret_cast<uintptr_t>(destination);
    const auto from = reinterpret_cast<uintptr_t>(source);
    if (to - from >= bytes) { // also true where `to` is below `from`: the difference wraps
        return memcpy(destination, source, bytes);
    }
    void* last_to = static_cast<char*>(destination) + bytes - 1;
    const void* last_from = static_cast<const char*>(source) + bytes - 1;
    asm volatile("std; rep movsb; cld" // from the end, so that no byte is overwritten unread
                 : "+D"(last_to), "+S"(last_from), "+c"(bytes)
                 :
                 : "memory", "cc");
    return destination;
}

int memcmp(const void* left, const void* right, size_t bytes) {
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (size_t i = 0; i < bytes; ++i) {
        if (a[i] != b[i]) {
            return a[i] - b[i];
        }
    }
    return 0;
}

size_t strlen(const char* text) {
    const char* end = text;
    size_t left = SIZE_MAX;
    asm("repne scasb" : "+D"(end), "+c"(left) : "a"(0) : "memory", "cc");
    return static_cast<size_t>(end - text) - 1; // `end` is past the NUL
}

} // extern "C"
