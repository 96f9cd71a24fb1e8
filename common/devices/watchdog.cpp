// SPDX-License-Identifier: BSD-2-Clause
#include "devices/watchdog.hpp"

#include "devices/delivery.hpp"
#include "devices/io_apic.hpp"

namespace baton {
namespace {

// Registers of the HPET: IA-PC HPET 1.0a section 2.3.1.
constexpr uint64_t kCapabilities = 0x000; // and the period of a tick in the upper half
constexpr uint64_t kPeriod = 0x004;       // femtoseconds
constexpr uint64_t kGeneral = 0x010;
constexpr uint64_t kCounter = 0x0f0;
constexpr uint64_t kTimers = 0x100, kTimerBytes = 0x20;
constexpr uint64_t kConfiguration = 0, kRoutes = 4, kComparator = 8; // of a timer

constexpr uint32_t kCounterIs64Bit = 1 << 13;
constexpr uint32_t kEnabled = 1 << 0, kLegacyRoutes = 1 << 1; // of kGeneral
constexpr uint32_t kLegacyTimers = 2;                         // diverted by kLegacyRoutes
// Of kConfiguration.
constexpr uint32_t kLevelTriggered = 1 << 1, kInterruptEnabled = 1 << 2, kPeriodic = 1 << 3,
                   kTimerIs64Bit = 1 << 5, k32BitMode = 1 << 8, kMessageEnabled = 1 << 14;
constexpr uint32_t kRouteShift = 9, kRouteMask = 31 << kRouteShift;

constexpr uint64_t kFemtosecondsPerSecond = 1'000'000'000'000'000;
constexpr uint32_t kLongestPeriod = 100'000'000; // 100 ns: section 2.3.4

// The I/O APIC.
constexpr uint32_t kDeliverNmi = 4 << 8; // edge-triggered, physical destination
constexpr uint32_t kFirstNewPin = 16;    // below are the PC's old devices

PhysAddr timer_register(const WatchdogPlan& plan, uint64_t offset) {
    return plan.devices.timers + kTimers + plan.timer * kTimerBytes + offset;
}

/// Its halves belong together if the upper one doesn't change meanwhile.
uint64_t read_counter(PhysAddr timers, DeviceRegisters& registers) {
    for (;;) {
        const uint32_t upper = registers.read(timers + kCounter + 4);
        const uint32_t lower = registers.read(timers + kCounter);
        if (upper == registers.read(timers + kCounter + 4))
            return uint64_t{upper} << 32 | lower;
    }
}

/// Of the pins in `routes`, one that is masked, so that nobody has it, and that no old device of
/// the PC is wired to, whose interrupts would be NMIs too.
std::optional<uint32_t> free_pin(PhysAddr controller, uint32_t routes, DeviceRegisters& registers) {
    const uint32_t last = io_apic::last_pin(controller, registers);
    for (uint32_t pin = kFirstNewPin; pin <= last && pin < 32; ++pin)
        if ((routes >> pin & 1) != 0 &&
            (io_apic::read(controller, io_apic::entry(pin), registers) & delivery::kMasked) != 0)
            return pin;
    return {};
}

} // namespace

std::optional<WatchdogPlan> plan_watchdog(const WatchdogDevices& devices, uint32_t seconds,
                                          DeviceRegisters& registers) {
    const uint32_t capabilities = registers.read(devices.timers + kCapabilities);
    const uint32_t period = registers.read(devices.timers + kPeriod);
    if (period == 0 || period > kLongestPeriod)
        return {};
    WatchdogPlan plan{.devices = devices,
                      .ticks = seconds * (kFemtosecondsPerSecond / period),
                      .timer = 0,
                      .pin = 0,
                      .configuration = 0,
                      .general = registers.read(devices.timers + kGeneral)};
    const uint32_t first = (plan.general & kLegacyRoutes) != 0 ? kLegacyTimers : 0;
    const uint32_t last = capabilities >> 8 & 31;
    for (plan.timer = last + 1; plan.timer-- > first;) {
        plan.configuration = registers.read(timer_register(plan, kConfiguration));
        const bool is_64_bit =
            (capabilities & kCounterIs64Bit) != 0 && (plan.configuration & kTimerIs64Bit) != 0;
        if ((plan.configuration & kInterruptEnabled) != 0 || (!is_64_bit && plan.ticks >> 32 != 0))
            continue;
        const uint32_t routes = registers.read(timer_register(plan, kRoutes));
        if (const auto pin = free_pin(devices.io_apic.registers, routes, registers)) {
            plan.pin = *pin;
            return plan;
        }
    }
    return {};
}

void arm_watchdog(const WatchdogPlan& plan, DeviceRegisters& registers) {
    const WatchdogDevices& devices = plan.devices;
    const PhysAddr controller = devices.io_apic.registers;
    const uint32_t entry = io_apic::entry(plan.pin);
    io_apic::write(controller, entry + 1, uint32_t{devices.processor} << 24, registers);
    io_apic::write(controller, entry, kDeliverNmi, registers);

    constexpr uint32_t kNotWanted =
        kLevelTriggered | kPeriodic | k32BitMode | kMessageEnabled | kRouteMask;
    const uint64_t end = read_counter(devices.timers, registers) + plan.ticks;
    registers.write(timer_register(plan, kComparator), static_cast<uint32_t>(end));
    registers.write(timer_register(plan, kComparator + 4), static_cast<uint32_t>(end >> 32));
    registers.write(timer_register(plan, kConfiguration), (plan.configuration & ~kNotWanted) |
                                                              plan.pin << kRouteShift |
                                                              kInterruptEnabled);
    registers.write(devices.timers + kGeneral, plan.general | kEnabled);
}

std::array<BatonRegisterWrite, 4> disarm_watchdog(const WatchdogPlan& plan) {
    const uint64_t controller = plan.devices.io_apic.registers.value;
    return {{{.address = timer_register(plan, kConfiguration).value,
              .value = plan.configuration,
              .reserved = 0},
             {.address = controller + io_apic::kSelect,
              .value = io_apic::entry(plan.pin),
              .reserved = 0},
             {.address = controller + io_apic::kWindow, .value = delivery::kMasked, .reserved = 0},
             {.address = (plan.devices.timers + kGeneral).value,
              .value = plan.general,
              .reserved = 0}}};
}

} // namespace baton
