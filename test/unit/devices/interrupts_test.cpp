// SPDX-License-Identifier: BSD-2-Clause
#include "devices/interrupts.hpp"

#include "devices/io_apic.hpp"
#include "devices/iommu.hpp"
#include "support/acpi_tables.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <vector>

namespace baton::test {
namespace {

constexpr PhysAddr kIoApic{0xfec0'0000}, kOtherIoApic{0xfec1'0000}, kLocalApic{0xfee0'0000};
constexpr PhysAddr kIntel{0xfed9'0000}, kAmd{0xfd'0000'0000};
constexpr uint32_t kMasked = 1 << 16;
constexpr uint32_t kMsrBase = 0x1b, kMsrMachineChecks = 0x179, kMsrFirst = 0x800;
constexpr uint32_t kNmi = 4 << 8, kExtInt = 7 << 8, kSmi = 2 << 8, kInit = 5 << 8, kLowest = 1 << 8;

/// Two I/O APICs, a local APIC, an IOMMU of each kind.
class Machine final : public MachineRegisters {
  public:
    std::map<uint64_t, uint32_t> memory; // but the I/O APICs'
    std::map<uint64_t, std::map<uint32_t, uint32_t>> io_apics;
    std::map<uint32_t, uint64_t> msrs = {{kMsrBase, kLocalApic.value | 1 << 11}};
    std::map<uint16_t, uint8_t> ports;
    std::set<uint64_t> unreachable; // pages
    std::vector<uint64_t> writes;   // addresses, ports and numbers
    bool is_stuck = false;          // IOMMUs never obey
    uint64_t reads = 0;

    Machine() {
        for (const PhysAddr io_apic : {kIoApic, kOtherIoApic})
            io_apics[io_apic.value][1] = 23 << 16 | 0x20;
        set_lapic(0x30, 6 << 16 | 0x15);
    }
    void set_lapic(uint32_t offset, uint32_t value) {
        memory[kLocalApic.value + offset] = value;
        msrs[kMsrFirst + offset / 16] = value;
    }
    uint32_t& entry(PhysAddr io_apic, uint32_t pin) {
        return io_apics[io_apic.value][0x10 + 2 * pin];
    }

    uint32_t read(PhysAddr address) override {
        ++reads;
        if (const auto io_apic = io_apics.find(address.value - io_apic::kWindow);
            io_apic != io_apics.end())
            return io_apic->second[selected_];
        return memory[address.value];
    }
    void write(PhysAddr address, uint32_t value) override {
        if (io_apics.contains(address.value)) {
            selected_ = value;
            return;
        }
        writes.push_back(address.value);
        if (const auto io_apic = io_apics.find(address.value - io_apic::kWindow);
            io_apic != io_apics.end())
            io_apic->second[selected_] = value;
        else
            memory[address.value] = value;
        if (address == kIntel + 0x18 && !is_stuck)
            memory[kIntel.value + 0x1c] = value;
        if (address == kIntel + 0x64 && !is_stuck)
            memory[kIntel.value + 0x64] = value & ~1u;
        if (address == kAmd + 0x18 && !is_stuck)
            memory[kAmd.value + 0x2020] = 0;
    }
    bool can_reach(PhysRange registers) override {
        return std::ranges::none_of(
            unreachable, [&](uint64_t page) { return registers.overlaps({{page}, kPageBytes}); });
    }
    void write_port(uint16_t port, uint8_t value) override {
        writes.push_back(port);
        ports[port] = value;
    }
    uint64_t read_msr(uint32_t number) override {
        const auto found = msrs.find(number);
        if (found == msrs.end())
            throw std::runtime_error("a general protection fault");
        return found->second;
    }
    void write_msr(uint32_t number, uint64_t value) override {
        read_msr(number);
        writes.push_back(number);
        msrs[number] = value;
    }

  private:
    uint32_t selected_ = 0;
};

class Interrupts : public testing::Test {
  protected:
    Machine machine_;
    FakeAcpi tables_;
    std::vector<PhysRange> memory_ = {{{0}, uint64_t{1} << 31}};
    InterruptProcessor processor_{
        .has_local_apic = true, .apic_id = 3, .has_machine_checks = false};

    void SetUp() override {
        Buffer madt(8);
        add(madt, {0, 8, 7, 3, 1, 0, 0, 0}); // UID 7 has APIC id 3
        add_io_apic(madt, kIoApic, 0);
        add_io_apic(madt, kOtherIoApic, 24);
        tables_.add("APIC", madt);
        for (uint32_t offset = 0x2f0; offset <= 0x370; offset += 0x10)
            if (offset == 0x2f0 || offset >= 0x320)
                machine_.set_lapic(offset, 0x40);
        machine_.set_lapic(0x80, 0xf0);
        machine_.set_lapic(0xf0, 0x0f);
    }
    static void add(Buffer& table, std::initializer_list<unsigned> bytes) {
        for (const unsigned byte : bytes)
            append(table, static_cast<uint8_t>(byte));
    }
    static void add_io_apic(Buffer& table, PhysAddr registers, uint32_t first_interrupt) {
        add(table, {1, 12, 0, 0});
        append(table, static_cast<uint32_t>(registers.value));
        append(table, first_interrupt);
    }
    void add_dmar(PhysAddr registers) {
        Buffer dmar(12);
        add(dmar, {0, 0, 16, 0, 0, 0, 0, 0});
        append(dmar, registers.value);
        tables_.add("DMAR", dmar);
    }
    void add_ivrs(PhysAddr registers) {
        Buffer ivrs(12);
        for (const unsigned type : {0x10u, 0x11u}) {
            add(ivrs, {type, 0, 40, 0, 0, 0, 0, 0});
            append(ivrs, registers.value);
            ivrs.resize(ivrs.size() + 24);
        }
        tables_.add("IVRS", ivrs);
    }
    InterruptPlan plan(InterruptChoice choice) {
        return plan_interrupts(choice, tables_.memory(), tables_.root(), processor_, memory_,
                               machine_);
    }
    InterruptPlan mask(InterruptChoice choice = {.masked = true}) {
        const InterruptPlan planned = plan(choice);
        EXPECT_TRUE(machine_.writes.empty()) << "a plan changes nothing";
        mask_interrupts(planned, machine_);
        return planned;
    }
    uint32_t lapic(uint32_t offset) { return machine_.memory[kLocalApic.value + offset]; }
};

constexpr InterruptChoice kWithLocalApic{.masked = true, .local_apic = true};

// The PC's controllers and I/O APICs.

TEST_F(Interrupts, StayAsTheyAreForAKernelThatWantsNothing) {
    mask({});
    EXPECT_TRUE(machine_.writes.empty());
}

TEST_F(Interrupts, OfThePcsControllersAreMasked) {
    mask();
    EXPECT_EQ(machine_.ports, (std::map<uint16_t, uint8_t>{{0x21, 0xff}, {0xa1, 0xff}}));
}

TEST_F(Interrupts, OfAllPinsOfAllIoApicsAreMasked) {
    machine_.io_apics[kOtherIoApic.value][1] = 3 << 16; // four pins
    EXPECT_EQ(mask().count, 2);
    for (uint32_t pin = 0; pin < 24; ++pin)
        EXPECT_EQ(machine_.entry(kIoApic, pin), kMasked) << pin;
    for (uint32_t pin = 0; pin < 5; ++pin)
        EXPECT_EQ(machine_.entry(kOtherIoApic, pin), pin < 4 ? kMasked : 0) << pin;
}

TEST_F(Interrupts, OfOtherKindsStayAndSoDoesTheRestOfAnEntry) {
    const std::vector<uint32_t> modes = {0xa031, kLowest | 0x32, kSmi, kNmi, kInit, kExtInt};
    const auto set = [&] {
        for (uint32_t pin = 0; pin < modes.size(); ++pin)
            machine_.entry(kIoApic, pin) = modes[pin];
    };
    set();
    mask();
    for (uint32_t pin = 0; pin < modes.size(); ++pin)
        EXPECT_EQ(machine_.entry(kIoApic, pin), modes[pin] | (pin < 2 ? kMasked : 0)) << pin;
    set();
    machine_.writes.clear();
    mask(kWithLocalApic);
    for (uint32_t pin = 0; pin < modes.size(); ++pin)
        EXPECT_EQ(machine_.entry(kIoApic, pin),
                  modes[pin] | (modes[pin] == kSmi || modes[pin] == kInit ? 0 : kMasked))
            << pin;
}

TEST_F(Interrupts, OfDevicesThatCantBeReachedStay) {
    machine_.unreachable = {kIoApic.value};
    const InterruptPlan planned = mask();
    EXPECT_EQ(planned.left_out, kIoApic);
    EXPECT_EQ(machine_.entry(kIoApic, 0), 0);
    EXPECT_EQ(machine_.entry(kOtherIoApic, 0), kMasked);
}

TEST_F(Interrupts, AreNotLookedForInMemory) {
    memory_.push_back({kOtherIoApic, 1});
    EXPECT_EQ(mask().left_out, kOtherIoApic);
    EXPECT_EQ(machine_.entry(kOtherIoApic, 0), 0);
}

TEST_F(Interrupts, OfSoManyDevicesAreNotMasked) {
    Buffer madt(8);
    for (uint32_t i = 0; i < 100; ++i) {
        add_io_apic(madt, {0xf000'0000 + 0x1000 * i}, 0);
        add_io_apic(madt, {0xf000'0000}, 0); // the same again
    }
    tables_.add("APIC", madt);
    const InterruptPlan planned = plan({.masked = true});
    EXPECT_EQ(planned.count, 64);
    EXPECT_EQ(planned.devices()[63].registers, PhysAddr{0xf003'f000});
    EXPECT_EQ(planned.left_out, PhysAddr{0xf006'3000});
}

TEST_F(Interrupts, WithoutTablesThePcsControllersAreMaskedAllTheSame) {
    const InterruptPlan planned = plan_interrupts({.masked = true, .iommus_off = true},
                                                  tables_.memory(), {0}, {}, memory_, machine_);
    mask_interrupts(planned, machine_);
    EXPECT_EQ(machine_.writes, (std::vector<uint64_t>{0xa1, 0x21}));
}

// The local APIC.

TEST_F(Interrupts, OfTheLocalApicAreMaskedWhereAllAre) {
    mask();
    EXPECT_EQ(lapic(0xf0), 0x0f);
    EXPECT_EQ(lapic(0x320), 0x40);
    machine_.writes.clear();
    mask(kWithLocalApic);
    EXPECT_EQ(lapic(0xf0), 0x1ff);
    EXPECT_EQ(lapic(0x80), 0);
    for (const uint32_t offset : {0x320, 0x330, 0x340, 0x350, 0x360, 0x370})
        EXPECT_EQ(lapic(offset), 0x40 | kMasked) << std::hex << offset;
    EXPECT_EQ(lapic(0x2f0), 0x40) << "the processor has no corrected machine checks";
}

TEST_F(Interrupts, OfEntriesThatAreNotThereAreNotTouched) {
    machine_.set_lapic(0x30, 3 << 16);
    mask(kWithLocalApic);
    EXPECT_EQ(lapic(0x370), 0x40 | kMasked);
    EXPECT_EQ(lapic(0x340), 0x40);
    EXPECT_EQ(lapic(0x330), 0x40);
}

TEST_F(Interrupts, OfCorrectedMachineChecksAreMaskedToo) {
    processor_.has_machine_checks = true;
    machine_.msrs[kMsrMachineChecks] = 1 << 10;
    mask(kWithLocalApic);
    EXPECT_EQ(lapic(0x2f0), 0x40 | kMasked);
}

TEST_F(Interrupts, OfSmiAndInitStayInTheLocalApic) {
    machine_.set_lapic(0x340, kNmi | 2);
    machine_.set_lapic(0x350, kExtInt);
    machine_.set_lapic(0x360, kSmi);
    machine_.set_lapic(0x330, kInit);
    mask(kWithLocalApic);
    EXPECT_EQ(lapic(0x340), kNmi | 2 | kMasked);
    EXPECT_EQ(lapic(0x350), kExtInt | kMasked);
    EXPECT_EQ(lapic(0x360), kSmi);
    EXPECT_EQ(lapic(0x330), kInit);
}

TEST_F(Interrupts, OfALocalPinAreNmisWhereTheTablesSaySo) {
    Buffer madt(8);
    add(madt, {0, 8, 7, 3, 1, 0, 0, 0});
    add(madt, {4, 6, 7, 0x0f, 0, 1});    // this processor's, pin 1: low, level
    add(madt, {4, 6, 8, 0x05, 0, 0});    // another's
    add(madt, {4, 6, 0xff, 0x05, 0, 9}); // there is no such pin
    tables_.add("APIC", madt);
    machine_.set_lapic(0x360, 0x40);
    mask(kWithLocalApic);
    EXPECT_EQ(lapic(0x350), 0x40 | kMasked);
    EXPECT_EQ(lapic(0x360), 0x40 | kNmi | kMasked | 1 << 13 | 1 << 15);

    add(madt, {10, 12, 0x05, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}); // of all, pin 0: high, edge
    tables_.add("APIC", madt);
    machine_.set_lapic(0x350, 0xa000 | kExtInt);
    machine_.set_lapic(0x360, kSmi);
    machine_.writes.clear();
    mask(kWithLocalApic);
    EXPECT_EQ(lapic(0x350), kNmi | kMasked);
    EXPECT_EQ(lapic(0x360), kSmi) << "the firmware's, whatever the tables say";
}

TEST_F(Interrupts, OfAnX2ApicAreReachedByItsRegisters) {
    machine_.msrs[kMsrBase] |= 1 << 10;
    machine_.unreachable = {kLocalApic.value};
    EXPECT_FALSE(mask(kWithLocalApic).left_out);
    EXPECT_EQ(machine_.msrs[0x80f], 0x1ffu);
    EXPECT_EQ(machine_.msrs[0x808], 0u);
    EXPECT_EQ(machine_.msrs[0x832], 0x40 | kMasked);
    EXPECT_EQ(lapic(0x320), 0x40);
}

TEST_F(Interrupts, OfALocalApicThatIsOffAreMasked) {
    machine_.msrs[kMsrBase] = kLocalApic.value;
    mask(kWithLocalApic);
    EXPECT_EQ(machine_.msrs[kMsrBase], kLocalApic.value | 1 << 11);
    EXPECT_EQ(lapic(0xf0), 0x1ff);
}

TEST_F(Interrupts, OfALocalApicThatIsNotThereOrNotMappedStay) {
    machine_.unreachable = {kLocalApic.value};
    EXPECT_EQ(mask(kWithLocalApic).left_out, kLocalApic);
    EXPECT_EQ(lapic(0xf0), 0x0f);
    processor_.has_local_apic = false;
    machine_.msrs.clear();
    machine_.writes.clear();
    EXPECT_FALSE(mask(kWithLocalApic).left_out);
}

// IOMMUs.

class Iommus : public Interrupts {
  protected:
    static constexpr uint32_t kOn = uint32_t{1} << 31, kRemaps = 1 << 25, kQueue = 1 << 26,
                              kRoot = 1 << 30;
    uint32_t& intel(uint32_t offset) { return machine_.memory[kIntel.value + offset]; }
    uint32_t& amd(uint32_t offset) { return machine_.memory[kAmd.value + offset]; }

    void SetUp() override {
        Interrupts::SetUp();
        add_dmar(kIntel);
        add_ivrs(kAmd);
        intel(0x00) = 0x10;
        intel(0x1c) = kOn | kRemaps | kQueue | kRoot;
        intel(0x64) = kOn | 1;
        amd(0x18) = 1 | 1 << 2 | 1 << 12 | 1 << 10;
        amd(0x2020) = 1 << 3 | 1 << 4;
    }
    void stop() { mask({.masked = true, .iommus_off = true}); }
};

TEST_F(Iommus, AreTurnedOff) {
    stop();
    EXPECT_EQ(intel(0x1c), kQueue) << "translation and interrupt remapping are off";
    EXPECT_EQ(intel(0x64), 0);
    EXPECT_EQ(amd(0x18), 1 << 10);
}

TEST_F(Iommus, StayForAKernelThatWantsThem) {
    mask(kWithLocalApic);
    EXPECT_EQ(intel(0x1c), kOn | kRemaps | kQueue | kRoot);
    EXPECT_NE(amd(0x18) & 1, 0);
}

TEST_F(Iommus, ThatAreOffAreNotWrittenTo) {
    intel(0x1c) = kQueue;
    intel(0x64) = 0;
    amd(0x18) = 1 << 10;
    stop();
    EXPECT_TRUE(std::ranges::none_of(machine_.writes, [](uint64_t address) {
        return PhysRange{kIntel, 0x1000}.contains({address}) ||
               PhysRange{kAmd, 0x4000}.contains({address});
    }));
}

TEST_F(Iommus, ThatDontAnswerAreNotWrittenTo) {
    for (const uint32_t offset : {0x00, 0x1c, 0x64})
        intel(offset) = ~0u;
    amd(0x18) = ~0u;
    stop();
    EXPECT_EQ(intel(0x18), 0);
    EXPECT_EQ(amd(0x18), ~0u);
}

TEST_F(Iommus, ThatDontObeyAreWaitedForOnlySoLong) {
    machine_.is_stuck = true;
    stop();
    EXPECT_LT(machine_.reads, 500'000);
    EXPECT_EQ(amd(0x18) & 1, 0) << "all the same";
}

TEST_F(Iommus, ThatCantBeReachedStay) {
    machine_.unreachable = {kAmd.value + 0x2000};
    EXPECT_EQ(plan({.iommus_off = true}).left_out, kAmd);
    machine_.unreachable = {kIntel.value};
    EXPECT_EQ(plan({.iommus_off = true}).left_out, kIntel);
    EXPECT_EQ(plan({.iommus_off = true}).count, 1);
}

} // namespace
} // namespace baton::test
