// SPDX-License-Identifier: BSD-2-Clause
#include "kernels.hpp"

#include <cstring>

namespace baton::bench {

using namespace test;

ElfBuilder ordinary_kernel() {
    return ElfBuilder()
        .entry(kKernelBase)
        .load({.vaddr = kKernelBase,
               .memory_bytes = kMiB,
               .flags = kR | kX,
               .file_bytes = kMiB,
               .offset = 0x1000})
        .load({.vaddr = kKernelBase + kMiB,
               .memory_bytes = 512 * kKiB,
               .flags = kR,
               .file_bytes = 512 * kKiB,
               .offset = kMiB + 0x1000})
        .load({.vaddr = kKernelBase + kMiB + 512 * kKiB,
               .memory_bytes = 256 * kKiB,
               .flags = kR | kW,
               .file_bytes = 256 * kKiB,
               .offset = kMiB + 512 * kKiB + 0x1000})
        .load({.vaddr = kKernelBase + kMiB + 768 * kKiB,
               .memory_bytes = 256 * kKiB,
               .flags = kR | kW});
}

ElfBuilder scattered_kernel(uint64_t segments) {
    constexpr uint32_t kFlags[] = {kR | kX, kR, kR | kW};
    ElfBuilder elf;
    elf.entry(kKernelBase);
    for (uint64_t i = 0; i < segments; ++i)
        elf.load({.vaddr = kKernelBase + 2 * i * kPageBytes,
                  .memory_bytes = kPageBytes,
                  .flags = kFlags[i % 3],
                  .file_bytes = kPageBytes,
                  .offset = i * kPageBytes});
    return elf;
}

ElfBuilder large_kernel(uint64_t bytes, uint64_t alignment) {
    constexpr uint32_t kFlags[] = {kR | kX, kR, kR | kW, kR | kW};
    // Not at multiples of anything more.
    const uint64_t base = kKernelBase + (alignment < kLargePageBytes ? alignment : 0);
    const uint64_t quarter = align_down(bytes / 4, kLargePageBytes) + alignment % kLargePageBytes;
    ElfBuilder elf;
    elf.entry(base);
    for (uint64_t i = 0; i < 4; ++i)
        elf.load({.vaddr = base + i * quarter,
                  .memory_bytes = quarter,
                  .flags = kFlags[i],
                  .file_bytes = quarter,
                  .offset = i * quarter,
                  .align = alignment});
    return elf;
}

namespace {

template<class T>
void put(Buffer& file, uint64_t offset, const T& value) {
    std::memcpy(file.data() + offset, &value, sizeof value);
}

} // namespace

Buffer relocated_kernel(RelocationTable table, uint64_t count) {
    const bool rela = table == RelocationTable::rela;
    constexpr uint64_t kDynamic = 0x1000, kTable = 0x2000, kWordsOfBitmap = 63;
    const uint64_t bitmaps = (count - 1 + kWordsOfBitmap - 1) / kWordsOfBitmap;
    const uint64_t table_bytes = rela ? count * sizeof(elf::Elf64_Rela) : (1 + bitmaps) * 8;
    const uint64_t words = align_up(kTable + table_bytes, kPageBytes);
    const uint64_t end = words + align_up(count * sizeof(uint64_t), kPageBytes);

    ElfBuilder elf;
    elf.header.e_type = elf::ET_DYN;
    elf.entry(0)
        .load({.vaddr = 0, .memory_bytes = words, .flags = kR | kX, .file_bytes = words})
        .load({.vaddr = words,
               .memory_bytes = end - words,
               .flags = kR | kW,
               .file_bytes = end - words,
               .offset = words})
        .add({.p_type = elf::PT_DYNAMIC,
              .p_flags = kR,
              .p_offset = kDynamic,
              .p_vaddr = kDynamic,
              .p_paddr = 0,
              .p_filesz = 3 * sizeof(elf::Elf64_Dyn),
              .p_memsz = 3 * sizeof(elf::Elf64_Dyn),
              .p_align = 8});
    Buffer file = elf.build(end);
    put(file, kDynamic, elf::Elf64_Dyn{rela ? elf::DT_RELA : elf::DT_RELR, kTable});
    put(file, kDynamic + 16,
        elf::Elf64_Dyn{rela ? elf::DT_RELASZ : elf::DT_RELRSZ, table_bytes}); // then DT_NULL
    if (rela) {
        for (uint64_t i = 0; i < count; ++i)
            put(file, kTable + i * sizeof(elf::Elf64_Rela),
                elf::Elf64_Rela{words + i * 8, elf::R_X86_64_RELATIVE, i});
        return file;
    }
    put(file, kTable, words); // an address, then bitmaps of the words behind it
    for (uint64_t i = 0; i < bitmaps; ++i) {
        const uint64_t left = count - 1 - i * kWordsOfBitmap;
        const uint64_t bits = left < kWordsOfBitmap ? (uint64_t{1} << left) - 1 : ~uint64_t{0};
        put(file, kTable + (1 + i) * 8, bits << 1 | 1);
    }
    return file;
}

} // namespace baton::bench
