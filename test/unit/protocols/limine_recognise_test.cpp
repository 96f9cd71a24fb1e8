// SPDX-License-Identifier: BSD-2-Clause
//
// Which requests of Limine's protocol a file has, and what is wrong with them.
#include "protocols/limine_kernel.hpp"

#include "protocols/protocol.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

class LimineRecogniseTest : public testing::Test, protected LimineBoot {
  protected:
    void expect_refused(LimineKernel& kernel, std::string_view error) {
        EXPECT_EQ(try_to(kernel).substr(0, error.size()), error);
    }
    void expect_numbers(LimineKernel& kernel, std::string_view numbers) {
        EXPECT_NE(try_to(kernel).find(numbers), std::string::npos) << try_to(kernel);
    }
    std::string_view protocol() const { return boot_->kernel.protocol->name(); }
};

TEST_F(LimineRecogniseTest, ATagAloneMakesAKernelLimines) {
    LimineKernel kernel(3);
    boot(kernel);
    EXPECT_EQ(protocol(), "limine");
}

TEST_F(LimineRecogniseTest, ARequestAloneIsOfBaseRevision0) {
    LimineKernel kernel = LimineKernel::without_tag();
    const uint64_t hhdm = kernel.request(Feature::hhdm);
    boot(kernel);
    EXPECT_EQ(protocol(), "limine");
    EXPECT_EQ(value(hhdm), direct_map());
    EXPECT_TRUE(walker().translate(0x2000)); // identity mapping
}

TEST_F(LimineRecogniseTest, NothingOfItIsAPlainKernel) {
    LimineKernel kernel = LimineKernel::without_tag();
    kernel.add({limine::kRequestMagic[0], 0, limine::kRequestMagic[1], limine::kRevisionMagic[0]});
    boot(kernel);
    EXPECT_EQ(protocol(), "plain");
}

TEST_F(LimineRecogniseTest, RequestsAreAtMultiplesOf8) {
    LimineKernel kernel = LimineKernel::without_tag();
    kernel.text("abc");
    kernel.drop_last_bytes(4);
    kernel.request(Feature::hhdm);
    boot(kernel);
    EXPECT_EQ(protocol(), "plain");
}

TEST_F(LimineRecogniseTest, ALowKernelIsNotSearched) {
    LimineKernel kernel(3, 0x20'0000);
    boot(kernel);
    EXPECT_EQ(protocol(), "plain");
}

TEST_F(LimineRecogniseTest, APositionIndependentOneIsSearchedWhereverItIsLinked) {
    for (const uint64_t base : {uint64_t{0}, uint64_t{0x20'0000}, LimineKernel::kText}) {
        LimineKernel kernel(3, base);
        kernel.position_independent = true;
        boot(kernel);
        EXPECT_EQ(protocol(), "limine");
        EXPECT_EQ(handoff_->kernel_entry, LimineKernel::kText + 0x10);
    }
}

TEST_F(LimineRecogniseTest, EmptySegmentsDontCount) {
    LimineKernel kernel(3);
    kernel.elf.load({.vaddr = 0, .memory_bytes = 0});
    boot(kernel);
    EXPECT_EQ(protocol(), "limine");
}

TEST_F(LimineRecogniseTest, BatonNotesComeFirst) {
    LimineKernel kernel(3);
    const BatonRequestNote note = {6, 20, BATON_REQUEST_KASLR, BATON_REQUEST_OWNER, 0, {0, 0}};
    const uint64_t address = kernel.add({});
    uint64_t words[(sizeof note + 7) / 8] = {};
    std::memcpy(words, &note, sizeof note);
    for (const uint64_t word : words)
        kernel.add({word});
    kernel.elf.add({.p_type = elf::PT_NOTE,
                    .p_flags = kR,
                    .p_offset = address - LimineKernel::kData + LimineKernel::kDataOffset,
                    .p_vaddr = address,
                    .p_paddr = address,
                    .p_filesz = sizeof note,
                    .p_memsz = sizeof note,
                    .p_align = 4});
    boot(kernel);
    EXPECT_EQ(protocol(), "baton");
}

TEST_F(LimineRecogniseTest, RequestsCountBetweenTheMarkersAlone) {
    LimineKernel kernel(6);
    const uint64_t before = kernel.request(Feature::hhdm);
    kernel.start_marker();
    const uint64_t outer = kernel.request(Feature::rsdp);
    kernel.start_marker(); // the last one counts
    const uint64_t inside = kernel.request(Feature::hhdm);
    kernel.end_marker(); // the first one counts
    const uint64_t after = kernel.request(Feature::hhdm);
    kernel.end_marker();
    boot(kernel);
    EXPECT_EQ(value(inside), direct_map());
    for (const uint64_t request : {before, outer, after})
        EXPECT_EQ(response(request), LimineKernel::kUntouched);
    EXPECT_EQ(word(kernel.tag() + 16), 6); // nor is the tag seen
}

TEST_F(LimineRecogniseTest, MarkersWithoutARequestAreAnError) {
    LimineKernel kernel(3);
    kernel.end_marker();
    kernel.start_marker();
    kernel.request(Feature::hhdm);
    expect_refused(kernel, "error: limine_requests_missing");
}

TEST_F(LimineRecogniseTest, TheTagSaysWhatTheKernelGot) {
    for (uint64_t revision = 0; revision <= 6; ++revision) {
        LimineKernel kernel(revision);
        boot(kernel);
        EXPECT_EQ(word(kernel.tag()), limine::kRevisionMagic[0]);
        EXPECT_EQ(word(kernel.tag() + 8), revision);
        EXPECT_EQ(word(kernel.tag() + 16), 0);
    }
}

TEST_F(LimineRecogniseTest, ALaterRevisionIsRefused) {
    LimineKernel kernel(7);
    expect_refused(kernel, "error: limine_revision_unknown");
    expect_numbers(kernel, "(base revision 0x7, newest 0x6)");
}

TEST_F(LimineRecogniseTest, ARequestMayBeThereOnce) {
    LimineKernel kernel(3);
    kernel.request(Feature::hhdm);
    kernel.request(Feature::hhdm);
    expect_refused(kernel, "error: limine_request_twice");
    LimineKernel unknown(3);
    unknown.request(limine::Id{1, 2});
    unknown.request(limine::Id{1, 3});
    EXPECT_EQ(try_to(unknown), "good");
    unknown = LimineKernel(3);
    unknown.request(limine::Id{1, 2});
    unknown.request(limine::Id{1, 2});
    expect_refused(unknown, "error: limine_request_twice");
}

TEST_F(LimineRecogniseTest, SoMayTheTag) {
    LimineKernel kernel(3);
    kernel.add({limine::kRevisionMagic[0], limine::kRevisionMagic[1], 2});
    expect_refused(kernel, "error: limine_request_twice");
}

TEST_F(LimineRecogniseTest, ARequestEndsInItsSegment) {
    LimineKernel kernel(3);
    kernel.request(Feature::hhdm);
    kernel.drop_last_bytes(8);
    expect_refused(kernel, "error: limine_request_cut");
    LimineKernel stack(3);
    stack.request(Feature::stack_size);
    expect_refused(stack, "error: limine_request_cut");
    LimineKernel modules(3);
    modules.request(Feature::modules, 1, {0});
    expect_refused(modules, "error: limine_request_cut");
    LimineKernel tag = LimineKernel::without_tag();
    tag.add({limine::kRevisionMagic[0], limine::kRevisionMagic[1]});
    expect_refused(tag, "error: limine_request_cut");
}

TEST_F(LimineRecogniseTest, NotEverySearchEnds) {
    LimineKernel kernel(3);
    kernel.data_memory = 0x10000;
    for (uint64_t i = 0; i < 257; ++i)
        kernel.request(limine::Id{1, i});
    expect_refused(kernel, "error: limine_requests_too_many");
}

TEST_F(LimineRecogniseTest, UnknownRequestsStayUnanswered) {
    LimineKernel kernel(6);
    const uint64_t unknown = kernel.request(limine::Id{1, 2});
    boot(kernel);
    EXPECT_EQ(response(unknown), LimineKernel::kUntouched);
}

TEST_F(LimineRecogniseTest, WhatIsReadToSearchIsNotReadAgain) {
    LimineKernel kernel(3);
    platform_.files["\\kernel"] = kernel.build();
    ASSERT_EQ(try_boot(), "good");
    // The head, the program headers, the segments.
    EXPECT_EQ(platform_.reads(), 3);
}

} // namespace
} // namespace baton::test
