// SPDX-License-Identifier: BSD-2-Clause
#include "devices/watchdog.hpp"

#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace baton::test {
namespace {

constexpr PhysAddr kHpet{0xfed0'0000}, kIoApic{0xfec0'0000};
constexpr uint32_t kPeriod = 69'841'279; // femtoseconds: 14.31818 MHz
constexpr uint64_t kTicksPerSecond = 14'318'179;
constexpr uint32_t kMasked = 1 << 16;

/// An HPET with three timers and an I/O APIC with 24 pins, as they are after a reset.
class Devices final : public DeviceRegisters {
  public:
    std::map<uint64_t, uint32_t> hpet = {
        {0x000, 0x8086'a201 | 1 << 13}, {0x004, kPeriod}, {0x010, 0}, {0x0f0, 5000}, {0x0f4, 0}};
    std::map<uint32_t, uint32_t> io_apic = {{1, 23 << 16 | 0x20}};
    std::vector<std::pair<uint64_t, uint32_t>> writes; // but to the I/O APIC's selector

    Devices() {
        hpet[0x000] = (hpet[0x000] & ~0x1f00u) | 2 << 8; // the last timer's number
        for (const uint64_t timer : {0x100, 0x120, 0x140}) {
            hpet[timer] = 1 << 5; // has 64 bits
            hpet[timer + 4] = 0x00f0'0104;
        }
        for (uint32_t pin = 0; pin < 24; ++pin)
            io_apic[0x10 + 2 * pin] = kMasked;
    }
    uint32_t read(PhysAddr address) override {
        if (address >= kHpet)
            return hpet.at(address - kHpet);
        EXPECT_EQ(address, kIoApic + 0x10);
        return io_apic.at(selected_);
    }
    void write(PhysAddr address, uint32_t value) override {
        if (address == kIoApic) {
            selected_ = value;
            return;
        }
        writes.emplace_back(address.value, value);
        if (address >= kHpet)
            hpet[address - kHpet] = value;
        else
            io_apic[selected_] = value;
    }

  private:
    uint32_t selected_ = 0;
};

class WatchdogPlanTest : public testing::Test {
  protected:
    Devices devices_;

    std::optional<WatchdogPlan> plan(uint32_t seconds = 10) {
        return plan_watchdog({.timers = kHpet, .io_apic = {kIoApic, 0}, .processor = 5}, seconds,
                             devices_);
    }
    void arm() { arm_watchdog(plan().value(), devices_); }
};

TEST_F(WatchdogPlanTest, UsesTheLastTimerAndTheFirstPinBeyondTheOldDevices) {
    ASSERT_TRUE(plan());
    EXPECT_EQ(plan()->timer, 2u);
    EXPECT_EQ(plan()->pin, 20u);
    EXPECT_EQ(plan()->ticks, 10 * kTicksPerSecond);
    EXPECT_TRUE(devices_.writes.empty());
}

TEST_F(WatchdogPlanTest, KeepsOffPinsThatSomebodyUses) {
    devices_.io_apic[0x10 + 2 * 20] = 0x31;
    EXPECT_EQ(plan()->pin, 21u);
    for (uint32_t pin = 16; pin < 24; ++pin)
        devices_.io_apic[0x10 + 2 * pin] = 0x31;
    EXPECT_FALSE(plan()) << "those of the old devices don't count";
}

TEST_F(WatchdogPlanTest, KeepsOffTimersThatSomebodyUses) {
    devices_.hpet[0x140] |= 1 << 2;
    EXPECT_EQ(plan()->timer, 1u);
    devices_.hpet[0x010] = 3; // the first two stand in for the old timers
    EXPECT_FALSE(plan());
}

TEST_F(WatchdogPlanTest, KeepsOffTimersThatReachNoSuchPin) {
    devices_.hpet[0x144] = 0x104;
    EXPECT_EQ(plan()->timer, 1u);
    devices_.io_apic[1] = 19 << 16; // the pins from 20 on are not there
    EXPECT_FALSE(plan());
}

TEST_F(WatchdogPlanTest, A32BitTimerWaitsForFiveMinutesAtTheMost) {
    for (const uint64_t timer : {0x100, 0x120, 0x140})
        devices_.hpet[timer] = 0;
    EXPECT_TRUE(plan(299));
    EXPECT_FALSE(plan(300));
    devices_.hpet[0x100] = 1 << 5;
    EXPECT_EQ(plan(300)->timer, 0u);
    devices_.hpet[0x000] &= ~(1u << 13); // but the counter has 32
    EXPECT_FALSE(plan(300));
}

TEST_F(WatchdogPlanTest, WithoutAPlausiblePeriodThereIsNone) {
    for (const uint32_t period : {0u, 100'000'001u, ~0u}) {
        devices_.hpet[0x004] = period;
        EXPECT_FALSE(plan());
    }
}

TEST_F(WatchdogPlanTest, RaisesAnNmiWhenTheTimeIsOver) {
    const uint64_t ticks = plan()->ticks;
    arm();
    EXPECT_EQ(devices_.io_apic[0x11 + 2 * 20], 5u << 24);
    EXPECT_EQ(devices_.io_apic[0x10 + 2 * 20], 4u << 8);
    EXPECT_EQ(devices_.hpet[0x140], 1u << 5 | 20u << 9 | 1u << 2);
    EXPECT_EQ(devices_.hpet[0x148], static_cast<uint32_t>(5000 + ticks));
    EXPECT_EQ(devices_.hpet[0x14c], 0u);
    EXPECT_EQ(devices_.hpet[0x010], 1u);
}

TEST_F(WatchdogPlanTest, TheEndMayBeBeyondTheCountersLowerHalf) {
    devices_.hpet[0x0f0] = ~0u;
    devices_.hpet[0x0f4] = 7;
    arm();
    EXPECT_EQ(devices_.hpet[0x14c], 8u);
}

TEST_F(WatchdogPlanTest, IsASingleEdgeWhateverTheTimerWasSetTo) {
    devices_.hpet[0x140] |= 1 << 1 | 1 << 3 | 1 << 8 | 31 << 9 | 1 << 14;
    arm();
    EXPECT_EQ(devices_.hpet[0x140], 1u << 5 | 20u << 9 | 1u << 2);
}

TEST_F(WatchdogPlanTest, DisarmedTheDevicesAreAsTheyWere) {
    devices_.hpet[0x010] = 1;
    const Devices before = devices_;
    const WatchdogPlan armed = plan().value();
    arm_watchdog(armed, devices_);
    for (const BatonRegisterWrite& write : disarm_watchdog(armed))
        devices_.write({write.address}, write.value);
    EXPECT_EQ(devices_.hpet[0x140], before.hpet.at(0x140));
    EXPECT_EQ(devices_.hpet[0x010], 1u);
    EXPECT_EQ(devices_.io_apic[0x10 + 2 * 20], kMasked);
}

} // namespace
} // namespace baton::test
