// SPDX-License-Identifier: BSD-2-Clause
//
// Random kernels at two slides, and random bytes for tables.
#include "loading/relocate.hpp"
#include "support/pie.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace baton::test {
namespace {

/// A kernel with random words, and which of them slide.
struct RandomPie {
    Pie pie;
    std::set<uint64_t> sliding;
};

/// Words that follow each other, as RELR has them.
void add_relr(RandomPie& kernel, uint64_t first, uint64_t count, Random& random) {
    kernel.pie.relr(first);
    kernel.sliding.insert(first);
    for (uint64_t done = 1; done < count; done += 63) {
        uint64_t bitmap = 1;
        for (uint64_t i = 0; i < 63 && done + i < count; ++i)
            if (random.one_in(2)) {
                bitmap |= uint64_t{2} << i;
                kernel.sliding.insert(first + 8 * (done + i));
            }
        kernel.pie.relr(bitmap);
    }
}

void add_rela(RandomPie& kernel, uint64_t word, Random& random) {
    Pie& pie = kernel.pie;
    const uint64_t value = random.below(0x6000);
    switch (random.below(5)) {
    case 0:
        pie.rela(word, elf::R_X86_64_64, value, pie.symbol("a", kGlobal, kSomeSection, value));
        break;
    case 1:
        pie.plt(word, elf::R_X86_64_JUMP_SLOT, 0, pie.symbol("b", kWeak, kSomeSection, value));
        break;
    case 2: // no slide in these
        pie.rela(word, elf::R_X86_64_64, value, pie.symbol("c", kGlobal, kAbsolute, value));
        return;
    case 3:
        pie.rela(word, elf::R_X86_64_GLOB_DAT, 0, pie.symbol("d", kWeak, kUndefined, value));
        return;
    default:
        pie.rela(word, elf::R_X86_64_RELATIVE, value);
    }
    kernel.sliding.insert(word);
}

RandomPie random_pie(uint64_t seed) {
    Random random(seed);
    RandomPie kernel;
    const PieAddresses at = kernel.pie.at;
    for (uint64_t word = at.data; word < at.bss; word += 8)
        kernel.pie.put(word, random.any());
    add_relr(kernel, at.data, 1 + random.below(200), random);
    std::vector<uint64_t> words; // that RELR leaves alone
    for (uint64_t word = at.data + 8 * 201; word < at.bss; word += 8)
        words.push_back(word);
    for (uint64_t word = at.first_of_two; word < at.end; word += 8)
        words.push_back(word);
    random.shuffle(std::span(words));
    for (uint64_t i = random.below(16); i-- > 0;)
        add_rela(kernel, words[i], random);
    return kernel;
}

/// The words of the file bytes by linked address.
Pie::Words words_of(Pie& pie) {
    Pie::Words words;
    const PieAddresses at = pie.at;
    for (const auto& [first, end] : {std::pair{at.base, at.text_end}, std::pair{at.dynamic, at.bss},
                                     std::pair{at.first_of_two, at.end}})
        for (uint64_t word = first; word < end; word += 8)
            words[word] = pie.word(word);
    return words;
}

TEST(RelocateProperty, TwoSlidesDifferInTheSlideInRelocatedWordsAndNowhereElse) {
    Random random(1);
    for (uint64_t i = 0; i < 300; ++i) {
        RandomPie a = random_pie(i), b = random_pie(i);
        a.pie.slide = 0x1000 * (1 + random.below(0x7'0000'0000));
        b.pie.slide = 0xffff'8000'0000'0000 + 0x1000 * random.below(0x7'0000'0000);
        const auto counts = a.pie.relocate();
        ASSERT_TRUE(counts) << outcome(counts);
        ASSERT_TRUE(b.pie.relocate());
        Pie::Words expected = words_of(a.pie);
        for (const uint64_t word : a.sliding)
            expected[word] += b.pie.slide - a.pie.slide;
        ASSERT_EQ(words_of(b.pie), expected) << "case " << i;
        const Buffer now = b.pie.contents(), before = b.pie.before();
        const std::size_t bss = b.pie.offset_of(b.pie.at.bss), gap = 0x1000;
        ASSERT_TRUE(std::equal(now.begin() + static_cast<std::ptrdiff_t>(bss),
                               now.begin() + static_cast<std::ptrdiff_t>(bss + gap),
                               before.begin() + static_cast<std::ptrdiff_t>(bss)))
            << "case " << i;
    }
}

/// Dynamic entries that often mean something.
uint64_t hostile_value(Random& random, const PieAddresses& at) {
    switch (random.below(5)) {
    case 0:
        return random.any();
    case 1:
        return 0 - random.below(64);
    case 2:
        return random.below(256);
    default:
        return at.base + random.below(at.end + 0x1000 - at.base);
    }
}

TEST(RelocateProperty, HostileTablesChangeNothingButFileBytes) {
    Random random(2);
    int good = 0;
    for (int i = 0; i < 3000; ++i) {
        Pie pie;
        for (uint64_t word = pie.at.rela; word < pie.at.text_end; word += 8)
            pie.put(word, hostile_value(random, pie.at));
        for (uint64_t entry = 0; entry < random.below(12); ++entry) {
            const uint64_t tag = random.below(40);
            if (tag != elf::DT_NEEDED && tag != elf::DT_REL)
                pie.entry(tag, hostile_value(random, pie.at));
        }
        good += pie.relocate() ? 1 : 0;
        const Buffer now = pie.contents(), before = pie.before();
        const auto bss = static_cast<std::ptrdiff_t>(pie.offset_of(pie.at.bss));
        ASSERT_TRUE(std::equal(now.begin() + bss, now.begin() + bss + 0x1000, before.begin() + bss))
            << "case " << i;
    }
    EXPECT_GT(good, 30); // both outcomes are common
    EXPECT_LT(good, 2900);
}

} // namespace
} // namespace baton::test
