// SPDX-License-Identifier: BSD-2-Clause
#include "elf/notes.hpp"

#include "core/address.hpp"
#include "elf/format.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::test {
namespace {

using namespace std::string_view_literals;

constexpr uint32_t kHeader = 7; // the program header's index, as errors tell it

/// Notes one after the other, padded as a linker does.
class NoteSegment {
  public:
    explicit NoteSegment(std::size_t alignment = 4) : alignment_(alignment) {}

    NoteSegment& add(std::string_view name, uint32_t type, std::string_view descriptor) {
        append(bytes, elf::Elf64_Nhdr{.n_namesz = static_cast<uint32_t>(name.size()),
                                      .n_descsz = static_cast<uint32_t>(descriptor.size()),
                                      .n_type = type});
        return text(name).text(descriptor);
    }
    /// A note that is padded in another way than the others.
    NoteSegment& add_aligned(std::size_t alignment, std::string_view name, uint32_t type,
                             std::string_view descriptor, std::byte padding = std::byte{0}) {
        const std::size_t usual = std::exchange(alignment_, alignment);
        const std::byte usual_padding = std::exchange(padding_, padding);
        add(name, type, descriptor);
        alignment_ = usual;
        padding_ = usual_padding;
        return *this;
    }
    /// Zeroes up to a multiple of `alignment`, as before a section with that alignment.
    NoteSegment& align(std::size_t alignment) {
        bytes.resize(align_up(bytes.size(), alignment));
        return *this;
    }
    NoteSegment& header(uint32_t name_bytes, uint32_t descriptor_bytes) {
        append(bytes, elf::Elf64_Nhdr{name_bytes, descriptor_bytes, 1});
        return *this;
    }
    elf::NoteReader reader() const { return {bytes, alignment_, kHeader}; }

    Buffer bytes;

  private:
    NoteSegment& text(std::string_view text) {
        for (const char character : text)
            append(bytes, character);
        bytes.resize(align_up(bytes.size(), alignment_), padding_);
        return *this;
    }
    std::size_t alignment_;
    std::byte padding_{0xee};
};

std::string text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Seen {
    std::string owner;
    uint32_t type;
    std::string descriptor;

    bool operator==(const Seen&) const = default;
};
void PrintTo(const Seen& note, std::ostream* out) {
    *out << note.owner << ' ' << note.type << ' ' << testing::PrintToString(note.descriptor);
}

/// All notes up to the end, which must be a good one.
std::vector<Seen> all(elf::NoteReader reader) {
    std::vector<Seen> notes;
    for (;;) {
        const auto note = reader.next();
        EXPECT_TRUE(note) << outcome(note);
        if (!note || !*note)
            return notes;
        notes.push_back({std::string((*note)->owner), (*note)->type, text_of((*note)->descriptor)});
    }
}

TEST(Notes, ANoteHasItsOwnerTypeAndDescriptor) {
    EXPECT_EQ(all(NoteSegment().add("GNU\0"sv, 3, "0123456789abcdefghij").reader()),
              (std::vector<Seen>{{"GNU", 3, "0123456789abcdefghij"}}));
}

TEST(Notes, FollowEachOtherAtMultiplesOf4) {
    const auto segment = NoteSegment()
                             .add("Baton\0"sv, 1, "four")
                             .add("A\0"sv, 2, "odd")
                             .add("Linker\0"sv, 0xffff'ffff, "")
                             .add("\0"sv, 4, "x");
    EXPECT_EQ(
        all(segment.reader()),
        (std::vector<Seen>{
            {"Baton", 1, "four"}, {"A", 2, "odd"}, {"Linker", 0xffff'ffff, ""}, {"", 4, "x"}}));
}

TEST(Notes, FollowEachOtherAtMultiplesOf8WhereTheSegmentSaysSo) {
    const auto segment = NoteSegment(8)
                             .add("GNU\0"sv, 5, "sixteen bytes ..")
                             .add("Baton\0"sv, 1, "four")
                             .add("GNU\0"sv, 6, "x");
    EXPECT_EQ(
        all(segment.reader()),
        (std::vector<Seen>{{"GNU", 5, "sixteen bytes .."}, {"Baton", 1, "four"}, {"GNU", 6, "x"}}));
}

TEST(Notes, AnyOtherAlignmentOfTheSegmentIs4) {
    const auto segment = NoteSegment(4).add("Baton\0"sv, 1, "four").add("A\0"sv, 2, "odd");
    for (const uint64_t alignment :
         {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{16}, uint64_t{4096}, ~uint64_t{0}})
        EXPECT_EQ(all({segment.bytes, alignment, kHeader}).size(), 2u) << alignment;
}

// What ld makes of a script that collects .note.* of files compiled with -fcf-protection: a
// property note, which is aligned to 8, and all others, which are aligned to 4, in any order.
struct MixedNote {
    Seen note;
    std::size_t alignment;
};
const MixedNote kProperty = {{"GNU", 5, std::string("\2\0\0\xc0\4\0\0\0\3\0\0\0\0\0\0\0"sv)}, 8};
const MixedNote kStack = {{"Baton", 2, std::string("\1\0\0\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0"sv)},
                          4};
const MixedNote kKaslr = {{"Baton", 4, std::string("\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv)},
                          4};
const MixedNote kModule = {{"Baton", 8, std::string("\0\0\0\0/boot/initrd.img\0"sv)}, 4};
const MixedNote kShortModule = {{"Baton", 8, std::string("\0\0\0\0/m\0"sv)}, 4};
const MixedNote kBuildId = {{"GNU", 3, "0123456789abcdefghij"}, 4};
const MixedNote kXen = {{"Xen", 18, "four"}, 4};
const MixedNote kOddOwner = {{"Linker-12", 1, "x"}, 4};

/// The notes as sections of their own, in this order. All that are not a property have `alignment`.
NoteSegment segment_of(std::span<const MixedNote> notes, std::size_t alignment = 4) {
    NoteSegment segment(8);
    for (const MixedNote& mixed : notes) {
        const std::size_t own = std::max(mixed.alignment, alignment);
        segment.align(own).add_aligned(own, mixed.note.owner + '\0', mixed.note.type,
                                       mixed.note.descriptor);
    }
    return segment;
}
std::vector<Seen> notes_of(std::span<const MixedNote> notes) {
    std::vector<Seen> seen;
    for (const MixedNote& mixed : notes)
        seen.push_back(mixed.note);
    return seen;
}

/// Calls `check` with each choice of up to four of the notes above, in each order.
template<class Check>
void for_each_order(const Check& check) {
    const std::vector<MixedNote> all = {kProperty,    kStack,   kKaslr, kModule,
                                        kShortModule, kBuildId, kXen,   kOddOwner};
    std::vector<MixedNote> chosen;
    const auto choose = [&](const auto& again) -> void {
        if (!chosen.empty())
            check(std::span<const MixedNote>(chosen));
        if (chosen.size() == 4)
            return;
        for (const MixedNote& note : all) {
            chosen.push_back(note);
            again(again);
            chosen.pop_back();
        }
    };
    choose(choose);
}

TEST(Notes, OfBothAlignmentsMayFollowEachOtherInAnyOrder) {
    for_each_order([](std::span<const MixedNote> notes) {
        EXPECT_EQ(all(segment_of(notes).reader()), notes_of(notes));
    });
}

TEST(Notes, AllAlignedTo8AreReadInAnyOrder) {
    for_each_order([](std::span<const MixedNote> notes) {
        const NoteSegment padded = segment_of(notes, 8);
        EXPECT_EQ(all(padded.reader()), notes_of(notes));
    });
}

TEST(Notes, AllAlignedTo8AreReadWhereTheLastOneIsNotPadded) {
    for_each_order([](std::span<const MixedNote> notes) {
        NoteSegment cut = segment_of(notes, 8);
        cut.bytes.resize(cut.bytes.size() - (8 - notes.back().note.descriptor.size() % 8) % 8);
        EXPECT_EQ(all(cut.reader()), notes_of(notes));
    });
}

// An output section that a script pads: . = ALIGN(16); in it, or a segment that ends with a page.
TEST(Notes, MayHaveAnyNumberOfZeroesBehindThem) {
    const MixedNote first[] = {kProperty, kStack, kKaslr};
    const MixedNote last[] = {kKaslr, kBuildId, kProperty};
    const MixedNote module[] = {kProperty, kModule};
    for (const std::size_t end : {8u, 16u, 32u, 64u, 4096u})
        for (const std::span<const MixedNote> notes :
             {std::span<const MixedNote>(first), std::span<const MixedNote>(last),
              std::span<const MixedNote>(module)})
            EXPECT_EQ(all(segment_of(notes).align(end).reader()), notes_of(notes)) << end;
}

TEST(Notes, MayHaveZeroesBetweenThemForLargerAlignments) {
    for (const std::size_t gap : {16u, 32u, 64u, 4096u}) {
        NoteSegment segment = segment_of(std::span(&kProperty, 1)).align(gap);
        segment.add_aligned(4, "Baton\0"sv, 2, kStack.note.descriptor).align(gap);
        segment.add_aligned(4, "GNU\0"sv, 3, kBuildId.note.descriptor);
        EXPECT_EQ(all(segment.reader()),
                  (std::vector<Seen>{kProperty.note, kStack.note, kBuildId.note}))
            << gap;
    }
}

TEST(Notes, OfBothAlignmentsAreReadInASegmentOfAnyLargerAlignment) {
    const MixedNote notes[] = {kStack, kProperty, kKaslr, kBuildId};
    for (const uint64_t alignment : {uint64_t{8}, uint64_t{16}, uint64_t{4096}, ~uint64_t{0}})
        EXPECT_EQ(all({segment_of(notes).bytes, alignment, kHeader}), notes_of(notes)) << alignment;
}

TEST(Notes, PropertyNotesAreFoundInASegmentOfASmallerAlignmentToo) {
    const MixedNote notes[] = {kBuildId, kProperty, kStack};
    for (const uint64_t alignment : {0u, 1u, 2u, 4u})
        EXPECT_EQ(all({segment_of(notes).bytes, alignment, kHeader}), notes_of(notes)) << alignment;
}

TEST(Notes, AnOwnerEndsAtItsFirstNul) {
    EXPECT_EQ(all(NoteSegment().add("CORE"sv, 1, "").reader()).at(0).owner, "CORE");
    EXPECT_EQ(all(NoteSegment().add("CO\0\0"sv, 1, "").reader()).at(0).owner, "CO");
    EXPECT_EQ(all(NoteSegment().add("Baton\0\0\0"sv, 1, "").reader()).at(0).owner, "Baton");
    EXPECT_EQ(all(NoteSegment().add(""sv, 1, "four").reader()).at(0), (Seen{"", 1, "four"}));
}

TEST(Notes, AnEmptySegmentHasNone) {
    EXPECT_TRUE(all({{}, 4, kHeader}).empty());
}

TEST(Notes, FewerBytesThanAHeaderAtTheEndArePadding) {
    for (std::size_t padding = 1; padding < sizeof(elf::Elf64_Nhdr); ++padding) {
        NoteSegment segment = NoteSegment().add("GNU\0"sv, 3, "four");
        segment.bytes.resize(segment.bytes.size() + padding);
        EXPECT_EQ(all(segment.reader()).size(), 1u) << padding;
    }
}

TEST(Notes, ThePaddingBehindTheLastDescriptorMayBeMissing) {
    NoteSegment segment = NoteSegment().add("GNU\0"sv, 3, "5byte");
    segment.bytes.resize(segment.bytes.size() - 3);
    EXPECT_EQ(all(segment.reader()), (std::vector<Seen>{{"GNU", 3, "5byte"}}));
}

TEST(Notes, AfterTheEndThereIsStillNothing) {
    const auto segment = NoteSegment().add("GNU\0"sv, 3, "5byte");
    auto reader = segment.reader();
    ASSERT_TRUE(reader.next());
    for (int i = 0; i < 3; ++i) {
        const auto note = reader.next();
        ASSERT_TRUE(note);
        EXPECT_FALSE(note->has_value());
    }
}

TEST(Notes, AlignmentOfTheBytesDoesNotMatter) {
    const auto segment = NoteSegment().add("GNU\0"sv, 3, "5byte").add("B\0"sv, 4, "");
    for (std::size_t shift = 1; shift < 8; ++shift) {
        const ShiftedBytes shifted(segment.bytes, shift);
        EXPECT_EQ(all({shifted.view(), 4, kHeader}).size(), 2u);
    }
}

TEST(NotesErrors, EachCutWithinANoteIsMalformed) {
    const auto whole = NoteSegment().add("Baton\0"sv, 1, "twenty bytes of it...");
    for (std::size_t length = sizeof(elf::Elf64_Nhdr); length < 12 + 8 + 21; ++length) {
        const Buffer cut(whole.bytes.begin(),
                         whole.bytes.begin() + static_cast<std::ptrdiff_t>(length));
        expect_error(elf::NoteReader(cut, 4, kHeader).next(), ErrorCode::note_malformed,
                     {kHeader, 0, 6, 21});
    }
}

TEST(NotesErrors, TheRestOfANoteIsMalformedWhereNoHeaderFits) {
    for (std::size_t bytes = 1; bytes < sizeof(elf::Elf64_Nhdr); ++bytes) {
        NoteSegment segment = NoteSegment().add("GNU\0"sv, 3, "four");
        segment.bytes.resize(segment.bytes.size() + bytes, std::byte{6});
        auto reader = segment.reader();
        ASSERT_TRUE(reader.next());
        expect_error(reader.next(), ErrorCode::note_malformed, {kHeader, 20, 0, 0});
    }
}

TEST(NotesErrors, SizesDoNotOverflow) {
    constexpr uint32_t kMost = 0xffff'ffff;
    for (const auto& [name, descriptor] :
         {std::pair{kMost, 0u}, std::pair{0u, kMost}, std::pair{kMost, kMost},
          std::pair{kMost - 3, 8u}, std::pair{4u, kMost - 3}, std::pair{0x8000'0000u, 0u}})
        for (const uint64_t alignment : {4u, 8u}) {
            NoteSegment segment;
            segment.header(name, descriptor).bytes.resize(64);
            expect_error(elf::NoteReader(segment.bytes, alignment, kHeader).next(),
                         ErrorCode::note_malformed, {kHeader, 0, name, descriptor});
        }
}

TEST(NotesErrors, TellWhichNoteItIs) {
    auto segment = NoteSegment().add("GNU\0"sv, 3, "four").header(4, 100);
    auto reader = segment.reader();
    ASSERT_TRUE(reader.next());
    expect_error(reader.next(), ErrorCode::note_malformed, {kHeader, 20, 4, 100});
}

TEST(NotesProperty, RandomBytesAreWalkedToAnEnd) {
    Random random(9);
    for (int i = 0; i < 20'000; ++i) {
        Buffer bytes;
        while (bytes.size() < random.below(200))
            append(bytes,
                   static_cast<uint32_t>(random.one_in(8) ? random.any() : random.below(20)));
        bytes.shrink_to_fit();
        elf::NoteReader reader(bytes, random.one_in(2) ? 8 : 4, kHeader);
        std::size_t notes = 0;
        for (auto note = reader.next(); note && *note; note = reader.next()) {
            ASSERT_GE((*note)->descriptor.data(), bytes.data());
            ASSERT_LE((*note)->descriptor.data() + (*note)->descriptor.size(),
                      bytes.data() + bytes.size());
            ++notes;
        }
        ASSERT_LE(notes, bytes.size() / sizeof(elf::Elf64_Nhdr)) << "case " << i;
    }
}

} // namespace
} // namespace baton::test
