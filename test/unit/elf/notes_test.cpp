// SPDX-License-Identifier: BSD-2-Clause
#include "elf/notes.hpp"

#include "core/address.hpp"
#include "elf/format.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
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
        bytes.resize(align_up(bytes.size(), alignment_), std::byte{0xee});
        return *this;
    }
    std::size_t alignment_;
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

TEST(Notes, AnOwnerEndsWithOneNulOrNone) {
    EXPECT_EQ(all(NoteSegment().add("CORE"sv, 1, "").reader()).at(0).owner, "CORE");
    EXPECT_EQ(all(NoteSegment().add("CO\0\0"sv, 1, "").reader()).at(0).owner, "CO\0"sv);
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
