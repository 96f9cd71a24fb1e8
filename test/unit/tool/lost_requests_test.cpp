// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/lost_requests.hpp"

#include "abi/boot_info.h"
#include "support/elf_builder.hpp"

#include <gtest/gtest.h>

namespace baton::tool {
namespace {

using namespace std::string_view_literals;
using test::append;
using test::Buffer;
using test::ElfBuilder;
using test::good_elf;

constexpr uint64_t kHeadersEnd = 4096; // of the files here

constexpr BatonRequestNote kStack = {.name_bytes = 6,
                                     .descriptor_bytes = 20,
                                     .type = BATON_REQUEST_STACK,
                                     .name = BATON_REQUEST_OWNER,
                                     .flags = 0,
                                     .values = {65536, 0}};

/// A file with something after its headers, and a PT_NOTE for the first `note_bytes` of that.
Buffer file_with(const Buffer& content, uint64_t note_bytes) {
    Buffer file = good_elf()
                      .add({.p_type = elf::PT_NOTE,
                            .p_flags = elf::PF_R,
                            .p_offset = kHeadersEnd,
                            .p_vaddr = 0,
                            .p_paddr = 0,
                            .p_filesz = note_bytes,
                            .p_memsz = note_bytes,
                            .p_align = 4})
                      .build(kHeadersEnd);
    file.insert(file.end(), content.begin(), content.end());
    return file;
}

Buffer requests(int count) {
    Buffer content;
    for (int i = 0; i < count; ++i)
        append(content, kStack);
    return content;
}

Buffer text(std::string_view words) {
    Buffer content;
    for (const char c : words)
        append(content, c);
    return content;
}

TEST(LostRequests, ARequestInAPtNoteIsNotLost) {
    EXPECT_EQ(lost_requests(file_with(requests(2), 2 * sizeof kStack)), "");
}

TEST(LostRequests, EachRequestOutsideOfEveryPtNoteIsCounted) {
    const std::string found = lost_requests(file_with(requests(3), sizeof kStack));
    EXPECT_TRUE(found.starts_with("2 requests in no PT_NOTE")) << found;
    EXPECT_TRUE(found.contains("at offset 0x1028 of the file")) << found;
}

TEST(LostRequests, ASymbolWithoutARequestIsADiscardedOne) {
    const Buffer symbol = text("\0baton_has_requests\0"sv);
    EXPECT_TRUE(lost_requests(file_with(symbol, 0)).starts_with("the linker has discarded"));
    Buffer kept = requests(1);
    kept.insert(kept.end(), symbol.begin(), symbol.end());
    EXPECT_EQ(lost_requests(file_with(kept, sizeof kStack)), "");
}

TEST(LostRequests, WhatOnlyLooksLikeARequestIsNone) {
    const auto macro = "__asm__(\".set baton_has_requests, 1\")\0"sv; // as -g3 has it
    EXPECT_EQ(lost_requests(file_with(text(macro), 0)), "");
    EXPECT_EQ(lost_requests(file_with(text("Baton's example kernel"), 0)), "");
    BatonRequestNote other = kStack;
    other.name_bytes = 5;
    Buffer content;
    append(content, other);
    EXPECT_EQ(lost_requests(file_with(content, 0)), "");
}

TEST(LostRequests, AnEmbeddedKernelHasItsOwn) {
    const Buffer guest = file_with(requests(1), sizeof kStack);
    EXPECT_EQ(lost_requests(file_with(guest, 0)), "");
    Buffer own = requests(1);
    own.insert(own.end(), guest.begin(), guest.end());
    EXPECT_TRUE(lost_requests(file_with(own, 0)).starts_with("1 request in no PT_NOTE"));
    EXPECT_EQ(lost_requests(file_with(Buffer(guest.begin(), guest.begin() + 7), 0)), "");
    Buffer magic = text("\x7f"
                        "ELF\2\1\1");
    magic.resize(64);
    append(magic, kStack);
    EXPECT_TRUE(lost_requests(file_with(magic, 0)).starts_with("1 request in no PT_NOTE"));
}

TEST(LostRequests, AnythingCanBeRead) {
    EXPECT_EQ(lost_requests({}), "");
    EXPECT_EQ(lost_requests(requests(1)), "");
    const Buffer whole = file_with(requests(1), 0);
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
        lost_requests(Bytes(whole).first(bytes));
    BatonRequestNote huge = kStack;
    huge.descriptor_bytes = 0xffff'ffff;
    Buffer content;
    append(content, huge);
    EXPECT_EQ(lost_requests(file_with(content, 0)), "");
}

} // namespace
} // namespace baton::tool
