// Functions that compilers call, also where the source doesn't.
#include <stddef.h>

extern "C" {

void* memcpy(void* to, const void* from, size_t bytes) {
    void* at = to;
    asm volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes) : : "memory");
    return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
    auto* source = static_cast<const char*>(from);
    if (to <= from || to >= source + bytes)
        return memcpy(to, from, bytes);
    for (auto* at = static_cast<volatile char*>(to); bytes-- != 0;)
        at[bytes] = source[bytes];
    return to;
}

void* memset(void* to, int value, size_t bytes) {
    void* at = to;
    asm volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
    return to;
}

int memcmp(const void* one, const void* other, size_t bytes) {
    auto *a = static_cast<const unsigned char*>(one), *b = static_cast<const unsigned char*>(other);
    for (; bytes != 0; --bytes, ++a, ++b)
        if (*a != *b)
            return *a - *b;
    return 0;
}

/// A kernel doesn't end, and the destructors of its globals don't run.
int __cxa_atexit(void (*)(void*), void*, void*) {
    return 0;
}
void* __dso_handle;

void __cxa_pure_virtual() {
    __builtin_trap();
}

} // extern "C"
