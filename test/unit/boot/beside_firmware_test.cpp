// SPDX-License-Identifier: BSD-2-Clause
//
// Kernels that are called with boot services, as Multiboot2 has them.
#include "boot/fake_boot.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr uint32_t kAt = 0x1080'0000; // free in the fake platform's memory
constexpr uint32_t kEfiEntry = kAt + 0x100, kEntry = kAt + 0x80;

/// A flat Multiboot2 kernel with the header tags 7 and 9.
Buffer kernel_at(uint32_t address) {
    const uint32_t words[] = {0xe852'50d6,
                              0,
                              88,
                              0u - 0xe852'50d6 - 88,
                              7,
                              8,
                              9,
                              12,
                              address + 0x100,
                              0,
                              2,
                              24,
                              address,
                              address,
                              0,
                              0,
                              3,
                              12,
                              address + 0x80,
                              0,
                              0,
                              8};
    static_assert(sizeof words == 88);
    Buffer file(0x1000);
    std::memcpy(file.data(), words, sizeof words);
    return file;
}

class BesideFirmwareTest : public testing::Test, protected FakeBoot {
  protected:
    BesideFirmwareTest() { platform_.stays_for_kernels = true; }

    std::string try_kernel(const Buffer& file) {
        platform_.files["\\kernel"] = file;
        return try_boot();
    }
    bool said(std::string_view what) {
        return std::ranges::find(platform_.said, what) != platform_.said.end();
    }
};

TEST_F(BesideFirmwareTest, TheKernelIsPlacedNowAndTheFirmwareIsNotLeft) {
    ASSERT_EQ(try_kernel(kernel_at(kAt)), "good");
    EXPECT_EQ(boot_->kernel.plan.entry.value, kEfiEntry);
    EXPECT_FALSE(boot_->kernel.plan.regions[0].is_moved());
    EXPECT_TRUE(boot_->kernel.requests.keep_firmware);
    EXPECT_TRUE(said("stay"));
    EXPECT_FALSE(said("exit"));
    EXPECT_TRUE(said("prepare to leave nothing")); // there will be no crash record
    ASSERT_EQ(platform_.kept.size(), 1u);
    EXPECT_EQ(platform_.kept[0].physical.value, kAt);
    EXPECT_NE(lines_.all.find("the firmware stays; entering the kernel at 0x10800100"),
              std::string::npos);
}

TEST_F(BesideFirmwareTest, NothingSecretIsLeft) {
    ASSERT_EQ(try_kernel(kernel_at(kAt)), "good");
    EXPECT_EQ(random_.seed[0], 0u);
}

TEST_F(BesideFirmwareTest, ThereIsNoWatchdog) {
    entry_.watchdog = 5;
    platform_.watchdog = WatchdogPlan{};
    ASSERT_EQ(try_kernel(kernel_at(kAt)), "good");
    EXPECT_FALSE(said("watchdog"));
    EXPECT_NE(lines_.all.find("no watchdog: the firmware stays"), std::string::npos);
}

TEST_F(BesideFirmwareTest, WithoutBootServicesTheOtherEntryIsUsed) {
    platform_.stays_for_kernels = false;
    ASSERT_EQ(try_kernel(kernel_at(kAt)), "good");
    EXPECT_EQ(boot_->kernel.plan.entry.value, kEntry);
    EXPECT_TRUE(said("exit"));
    EXPECT_FALSE(said("stay"));
}

TEST_F(BesideFirmwareTest, MemoryThatIsNotFreeNowIsAnError) {
    constexpr uint32_t kTaken = 0x3000'0000;
    platform_.elsewhere = {
        {.range = {{kTaken}, kPageBytes}, .type = BATON_MEMORY_LOADER_RECLAIMABLE}};
    EXPECT_NE(try_kernel(kernel_at(kTaken)).find("destination_not_free"), std::string::npos);
    EXPECT_NE(try_kernel(kernel_at(kTaken)).find("type 0x2"), std::string::npos);
    platform_.stays_for_kernels = false; // stage 2 moves it there
    EXPECT_EQ(try_kernel(kernel_at(kTaken)), "good");
}

} // namespace
} // namespace baton::test
