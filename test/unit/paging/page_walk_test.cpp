// SPDX-License-Identifier: BSD-2-Clause
//
// walk_page_tables() and judge(): the entries that the processor looks at, and which of them
// denies.
#include "paging/page_walk.hpp"

#include "core/address.hpp"
#include "support/random.hpp"
#include "support/tables.hpp"

#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kRoot = 0x1000, kTable3 = 0x2000, kTable2 = 0x3000, kTable1 = 0x4000;
constexpr uint64_t kPage = 0x7000;
constexpr uint64_t kP = 1, kW = 2, kU = 4, kPs = 1 << 7, kNx = uint64_t{1} << 63;
// Entries 256, 1, 2 and 3 of the tables.
constexpr uint64_t kAddress = 0xffff'8000'4040'3123;

/// Words of physical memory. What isn't there can't be read.
struct Words {
    std::map<uint64_t, uint64_t> words = {{kRoot + 8 * 256, kTable3 | kP | kW | kU},
                                          {kTable3 + 8 * 1, kTable2 | kP | kW | kU},
                                          {kTable2 + 8 * 2, kTable1 | kP | kW | kU},
                                          {kTable1 + 8 * 3, kPage | kP | kW | kU}};

    uint64_t& root() { return words[kRoot + 8 * 256]; }
    uint64_t& third() { return words[kTable3 + 8 * 1]; }
    uint64_t& second() { return words[kTable2 + 8 * 2]; }
    uint64_t& first() { return words[kTable1 + 8 * 3]; }

    MemoryReader reader() const {
        return {[](const void* context, uint64_t address, uint64_t& value) {
                    const auto& all = static_cast<const Words*>(context)->words;
                    const auto found = all.find(address);
                    if (found != all.end())
                        value = found->second;
                    return found != all.end();
                },
                this};
    }
};

constexpr PagingMode kMode = {.cr3 = kRoot | 0x18, // PWT, PCD
                              .five_level = false,
                              .physical_bits = 40,
                              .no_execute = true,
                              .write_protect = true};
constexpr PageAccess kRead = {.write = false, .fetch = false, .user = false};
constexpr PageAccess kWrite = {.write = true, .fetch = false, .user = false};
constexpr PageAccess kFetch = {.write = false, .fetch = true, .user = false};
constexpr PageAccess kUserRead = {.write = false, .fetch = false, .user = true};

PageWalk walk(const Words& words, uint64_t address = kAddress, const PagingMode& mode = kMode) {
    return walk_page_tables(address, mode, words.reader());
}

void expect_verdict(const Words& words, PageAccess access, Denial denial, unsigned level,
                    const PagingMode& mode = kMode) {
    const Verdict verdict = judge(walk(words, kAddress, mode), access, mode);
    EXPECT_EQ(verdict.denial, denial);
    EXPECT_EQ(verdict.level, level);
}

TEST(PageWalk, TellsEachEntryFromTheRootToThePage) {
    Words words;
    const PageWalk found = walk(words);
    EXPECT_EQ(found.end, WalkEnd::page);
    EXPECT_EQ(found.levels, 4u);
    ASSERT_EQ(found.count, 4u);
    const uint64_t places[] = {kRoot + 8 * 256, kTable3 + 8, kTable2 + 16, kTable1 + 24};
    for (std::size_t i = 0; i < found.count; ++i) {
        EXPECT_EQ(found.steps[i].physical, places[i]);
        EXPECT_EQ(found.steps[i].entry, words.words.at(places[i]));
        EXPECT_EQ(found.level(i), 4 - i);
    }
}

TEST(PageWalk, WithFiveLevelsItBeginsOneLevelAbove) {
    Words words;
    constexpr uint64_t kRoot5 = 0x9000;
    words.words[kRoot5 + 8 * 511] = kRoot | kP;
    PagingMode mode = kMode;
    mode.cr3 = kRoot5;
    mode.five_level = true;
    const PageWalk found = walk(words, kAddress, mode);
    EXPECT_EQ(found.end, WalkEnd::page);
    EXPECT_EQ(found.count, 5u);
    EXPECT_EQ(found.level(0), 5u);
    EXPECT_EQ(found.steps[0].physical, kRoot5 + 8 * 511);
}

TEST(PageWalk, LargePagesEndItAboveTheLastLevel) {
    Words words;
    words.second() = 0x60'0000 | kP | kPs;
    EXPECT_EQ(walk(words).end, WalkEnd::page);
    EXPECT_EQ(walk(words).count, 3u);
    words.third() = 0xc000'0000 | kP | kPs;
    EXPECT_EQ(walk(words).end, WalkEnd::page);
    EXPECT_EQ(walk(words).count, 2u);
}

TEST(PageWalk, EndsAtTheFirstEntryThatIsNotPresent) {
    Words words;
    words.second() = kNx | kTable1 | kW; // whatever else it says
    EXPECT_EQ(walk(words).end, WalkEnd::not_present);
    EXPECT_EQ(walk(words).count, 3u);
    expect_verdict(words, kRead, Denial::not_present, 2);
}

TEST(PageWalk, EndsAtATableThatCannotBeRead) {
    Words words;
    words.words.erase(kTable2 + 8 * 2);
    EXPECT_EQ(walk(words).end, WalkEnd::unreadable);
    EXPECT_EQ(walk(words).count, 3u);
    EXPECT_EQ(walk(words).steps[2].physical, kTable2 + 8 * 2);
    expect_verdict(words, kRead, Denial::unreadable, 2);
}

TEST(PageWalk, ReadsNothingForAnAddressThatIsNotCanonical) {
    for (const uint64_t address : {uint64_t{0x0000'8000'0000'0000}, uint64_t{0xffff'7fff'ffff'ffff},
                                   uint64_t{0x0100'0000'0000'0000}}) {
        const PageWalk found = walk({}, address);
        EXPECT_EQ(found.end, WalkEnd::not_canonical);
        EXPECT_EQ(found.count, 0u);
        EXPECT_EQ(judge(found, kRead, kMode).denial, Denial::not_canonical);
        EXPECT_EQ(judge(found, kRead, kMode).level, 0u);
    }
    PagingMode mode = kMode;
    mode.five_level = true;
    EXPECT_NE(walk({}, 0x0000'8000'0000'0000, mode).end, WalkEnd::not_canonical);
    EXPECT_EQ(walk({}, 0x0100'0000'0000'0000, mode).end, WalkEnd::not_canonical);
}

TEST(PageWalk, AddressBitsBeyondTheProcessorsAreReservedOnEachLevel) {
    for (unsigned level = 1; level <= 4; ++level) {
        Words words;
        uint64_t* const entries[] = {&words.first(), &words.second(), &words.third(),
                                     &words.root()};
        *entries[level - 1] |= uint64_t{1} << 40;
        expect_verdict(words, kRead, Denial::reserved_bit, level);
        PagingMode wider = kMode;
        wider.physical_bits = 41;
        EXPECT_NE(walk(words, kAddress, wider).end, WalkEnd::reserved_bit);
    }
}

TEST(PageWalk, NoExecuteIsReservedWithoutNxe) {
    Words words;
    words.third() |= kNx;
    PagingMode mode = kMode;
    mode.no_execute = false;
    expect_verdict(words, kRead, Denial::reserved_bit, 3, mode);
    expect_verdict(words, kRead, Denial::none, 0);
}

TEST(PageWalk, PsIsReservedInTheRoots) {
    Words words;
    words.root() |= kPs;
    expect_verdict(words, kRead, Denial::reserved_bit, 4);
}

TEST(PageWalk, BitsBelowTheAddressOfALargePageAreReservedButForPat) {
    Words words;
    constexpr uint64_t kPat = 1 << 12;
    words.second() = 0x60'0000 | kPat | kP | kPs;
    expect_verdict(words, kRead, Denial::none, 0);
    for (const unsigned bit : {13u, 20u}) {
        words.second() = 0x60'0000 | uint64_t{1} << bit | kP | kPs;
        expect_verdict(words, kRead, Denial::reserved_bit, 2);
    }
    for (const unsigned bit : {13u, 21u, 29u}) {
        words.third() = 0xc000'0000 | uint64_t{1} << bit | kP | kPs;
        expect_verdict(words, kRead, Denial::reserved_bit, 3);
    }
}

TEST(PageWalk, TheHighestEntryThatDeniesAnAccessIsNamed) {
    for (unsigned level = 1; level <= 4; ++level) {
        Words words;
        uint64_t* const entries[] = {&words.first(), &words.second(), &words.third(),
                                     &words.root()};
        for (unsigned below = 1; below <= level; ++below)
            *entries[below - 1] &= ~kW;
        expect_verdict(words, kWrite, Denial::read_only, level);
        expect_verdict(words, kRead, Denial::none, 0);
        for (unsigned below = 1; below <= level; ++below)
            *entries[below - 1] |= kNx | kW;
        expect_verdict(words, kFetch, Denial::no_execute, level);
        expect_verdict(words, kWrite, Denial::none, 0);
        for (unsigned below = 1; below <= level; ++below)
            *entries[below - 1] &= ~kU;
        expect_verdict(words, kUserRead, Denial::supervisor_only, level);
    }
}

TEST(PageWalk, TheSupervisorWritesReadOnlyPagesWithoutWriteProtection) {
    Words words;
    words.first() &= ~kW;
    PagingMode mode = kMode;
    mode.write_protect = false;
    expect_verdict(words, kWrite, Denial::none, 0, mode);
    expect_verdict(words, {.write = true, .fetch = false, .user = true}, Denial::read_only, 1,
                   mode);
}

/// Against the walker that the tests of page tables have, which shares no line with this one.
TEST(PageWalk, AgreesWithAnIndependentWalkerWhateverTheEntriesAre) {
    Random random(0x77a1c);
    unsigned mapped = 0;
    for (int round = 0; round < 20'000; ++round) {
        Words words;
        for (auto& [place, entry] : words.words) {
            entry |= random.below(4) == 0 ? kPs : 0;
            entry |= random.below(8) == 0 ? kNx : 0;
            entry &= random.below(8) == 0 ? ~kP : ~uint64_t{0};
            entry &= random.below(4) == 0 ? ~kW : ~uint64_t{0};
            entry |= random.below(8) == 0 ? uint64_t{1} << (13 + random.below(17)) : 0;
        }
        const PageWalk found = walk(words);
        const PageWalker other([&](uint64_t place) { return words.words[place]; }, kRoot,
                               paging::kPat);
        const auto translation = other.translate(kAddress);
        if (found.end == WalkEnd::unreadable)
            continue; // the table is elsewhere
        ASSERT_EQ(found.end == WalkEnd::page, translation.has_value()) << round;
        if (!translation) {
            EXPECT_EQ(found.end == WalkEnd::not_present,
                      translation.error() == WalkFault::not_present);
            continue;
        }
        ++mapped;
        EXPECT_EQ(judge(found, kWrite, kMode).denial == Denial::none, translation->kind.writable);
        EXPECT_EQ(judge(found, kFetch, kMode).denial == Denial::none, translation->kind.executable);
        EXPECT_EQ(judge(found, kUserRead, kMode).denial == Denial::none, translation->kind.user);
    }
    EXPECT_GT(mapped, 1000u);
}

} // namespace
} // namespace baton::test
