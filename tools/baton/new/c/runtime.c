/* Four functions that compilers call, also where the source doesn't. */
#include <stddef.h>

void* memcpy(void* to, const void* from, size_t bytes) {
    void* at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes) : : "memory");
    return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
    if ((char*)to <= (const char*)from || (char*)to >= (const char*)from + bytes)
        return memcpy(to, from, bytes);
    for (volatile char* at = to; bytes-- != 0;)
        at[bytes] = ((const char*)from)[bytes];
    return to;
}

void* memset(void* to, int value, size_t bytes) {
    void* at = to;
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
    return to;
}

int memcmp(const void* one, const void* other, size_t bytes) {
    const unsigned char *a = one, *b = other;
    for (; bytes != 0; --bytes, ++a, ++b)
        if (*a != *b)
            return *a - *b;
    return 0;
}
