// SPDX-License-Identifier: BSD-2-Clause
//
// The request MP of Limine's protocol.
#include "protocols/limine_kernel.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

class LimineProcessorsTest : public testing::Test, protected LimineBoot {
  protected:
    LimineProcessorsTest() {
        processor_.apic = {.id = 4, .registers = {0xfee0'0000}, .is_on = true, .has_x2apic = true};
        for (const uint32_t id : {0u, 4u, 2u, 7u})
            platform_.listed.push_back({.id = id, .uid = id + 100, .enabled = id != 2});
    }
    /// The response to a request with these flags.
    const limine::Processors& answer_to(uint64_t flags = 0, uint64_t revision = 6) {
        LimineKernel kernel(revision);
        const uint64_t request = kernel.request(Feature::mp, 0, {flags});
        boot(kernel);
        return answer<limine::Processors>(request);
    }
    uint64_t address_of(const limine::Processors& list, uint64_t index) {
        return word(list.entries + 8 * index);
    }
    std::vector<uint32_t> ids(const limine::Processors& list) {
        std::vector<uint32_t> found;
        for (uint64_t i = 0; i < list.count; ++i)
            found.push_back(get<limine::Processor>(address_of(list, i)).id);
        return found;
    }
};

TEST_F(LimineProcessorsTest, AreListedFromThatOfTheKernelOn) {
    const auto& list = answer_to();
    EXPECT_EQ(list.revision, 0);
    EXPECT_EQ(list.flags, 0);
    EXPECT_EQ(list.boot_id, 4);
    EXPECT_EQ(ids(list), (std::vector<uint32_t>{4, 0, 7}));
    for (uint64_t i = 0; i < list.count; ++i) {
        const auto& processor = get<limine::Processor>(address_of(list, i));
        EXPECT_EQ(processor.uid, processor.id + 100);
        EXPECT_EQ(processor.go, 0);
        EXPECT_EQ(processor.argument, 0);
    }
}

TEST_F(LimineProcessorsTest, WaitForTheirGotoAddresses) {
    const auto& list = answer_to();
    ASSERT_EQ(handoff_->processor_count, 2);
    EXPECT_EQ(handoff_->processor_flags, 0);
    for (uint64_t i = 1; i < list.count; ++i) {
        const BatonHandoffProcessor& started = boot_->stage2.handoff.processors[i - 1];
        EXPECT_EQ(started.record, address_of(list, i));
        EXPECT_EQ(started.go, address_of(list, i) + offsetof(limine::Processor, go));
        EXPECT_EQ(started.outcome | started.parked_tsc, 0);
    }
}

TEST_F(LimineProcessorsTest, HaveStacksLikeTheFirstOne) {
    LimineKernel kernel(3);
    kernel.request(Feature::mp, 0, {0});
    kernel.request(Feature::stack_size, 0, {0x1'2001});
    boot(kernel);
    ASSERT_EQ(handoff_->processor_count, 2);
    for (const BatonHandoffProcessor& started : boot_->stage2.handoff.processors) {
        EXPECT_EQ(started.stack_top - started.stack_base, 0x1'3000);
        const auto page = walker().translate(started.stack_base);
        ASSERT_TRUE(page);
        EXPECT_EQ(started.stack_base, direct_map() + page->physical);
        EXPECT_FALSE(walker().translate(started.stack_base - 1)) << "a guard page";
        EXPECT_TRUE(walker().translate(started.stack_top - 1));
    }
}

TEST_F(LimineProcessorsTest, UseX2apicIfTheKernelAsksForIt) {
    EXPECT_EQ(answer_to(limine::kX2apic).flags, limine::kX2apic);
    EXPECT_EQ(handoff_->local_apic, 0);
    processor_.apic.has_x2apic = false;
    EXPECT_EQ(answer_to(limine::kX2apic).flags, 0) << "if possible";
    EXPECT_EQ(handoff_->local_apic, 0xfee0'0000);
}

TEST_F(LimineProcessorsTest, UseX2apicWhereTheFirmwareLeftItOn) {
    processor_.apic.x2apic_is_on = true;
    EXPECT_EQ(answer_to().flags, limine::kX2apic);
    EXPECT_EQ(handoff_->local_apic, 0);
}

TEST_F(LimineProcessorsTest, AreLeftAloneWithoutTheRequest) {
    entry_.processors = 4;
    LimineKernel kernel(6);
    boot(kernel);
    EXPECT_EQ(handoff_->processor_count, 0);
    EXPECT_NE(lines_.all.find("aren't started: the kernel doesn't ask for them"),
              std::string::npos);
}

TEST_F(LimineProcessorsTest, AreAsManyAsTheEntrySays) {
    for (const uint32_t count : {1u, 2u, 3u}) {
        entry_.processors = count;
        EXPECT_EQ(answer_to().count, count);
        EXPECT_EQ(handoff_->processor_count, count - 1);
    }
}

TEST_F(LimineProcessorsTest, AreTheFirstOneAloneWhereTheyCanNotBeStarted) {
    processor_.apic.is_on = false;
    EXPECT_EQ(ids(answer_to()), (std::vector<uint32_t>{4}));
    EXPECT_EQ(handoff_->processor_count, 0);
}

TEST_F(LimineProcessorsTest, ARequestThatIsCutShortIsAnError) {
    LimineKernel kernel(6);
    kernel.request(Feature::mp);
    platform_.files["\\kernel"] = kernel.build();
    EXPECT_EQ(try_boot().substr(0, 25), "error: limine_request_cut");
}

} // namespace
} // namespace baton::test
