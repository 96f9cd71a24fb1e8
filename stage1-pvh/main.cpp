// SPDX-License-Identifier: BSD-2-Clause
#include <cstdint>
extern "C" void stage1_main(uint64_t path, uint64_t info, uint64_t magic);
namespace {
inline void put(char c) { asm volatile("outb %0, $0xe9" :: "a"(c)); }
struct A { virtual void f(); protected: ~A() = default; };
struct B final : public A { void f() override { put('V'); } };
void A::f() {  }
B a;
A* volatile pa = &a;
}
extern "C" void stage1_main(uint64_t path, uint64_t info, uint64_t) {
    put(static_cast<char>('0' + path));
    put(*reinterpret_cast<const char*>(info));
    pa->f();
    put('\n');
    for (;;) asm volatile("cli; hlt");
}
