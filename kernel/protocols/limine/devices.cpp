// SPDX-License-Identifier: BSD-2-Clause
#include "devices.hpp"

#include "../console.h"

#include <initializer_list>

namespace {

constexpr uint64_t kIoApic = 0xfec0'0000, kIntelIommu = 0xfed9'0000, kAmdIommu = 0xfed8'0000;
constexpr uint32_t kMasked = 1 << 16;

alignas(4096) constinit volatile uint32_t window[1024] = {};

/// The registers of a device; the last one's are gone.
volatile uint32_t* registers(const PageTables& tables, uint64_t physical) {
    expect(tables.show(reinterpret_cast<uint64_t>(window), physical), "a page", physical);
    return window;
}

uint8_t read_port(uint16_t port) {
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

uint64_t read_msr(uint32_t number) {
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return uint64_t{high} << 32 | low;
}

/// Of an entry: fixed or lowest priority, and `all` that are interrupts.
bool is_to_be_masked(uint32_t entry, bool all) {
    switch (entry >> 8 & 7) {
    case 0:
    case 1:
        return true;
    case 4:
    case 7:
        return all;
    default:
        return false;
    }
}

void check_io_apic(volatile uint32_t* io_apic, bool all) {
    const auto read = [&](uint32_t index) {
        io_apic[0] = index;
        return io_apic[4];
    };
    const uint32_t last = read(1) >> 16 & 0xff;
    for (uint32_t pin = 0; pin <= last; ++pin) {
        const uint32_t entry = read(0x10 + 2 * pin);
        print_field("", entry);
        expect((entry & kMasked) != 0 || !is_to_be_masked(entry, all), "a masked pin", pin);
    }
}

void check_local_apic(const PageTables& tables) {
    constexpr uint64_t kX2Apic = 1 << 10, kEnabled = 1 << 11;
    const uint64_t base = read_msr(0x1b);
    expect((base & kEnabled) != 0, "it is on", base);
    volatile uint32_t* const page =
        (base & kX2Apic) != 0 ? nullptr : registers(tables, base & 0xf'ffff'ffff'f000);
    const auto read = [&](uint32_t offset) {
        return page != nullptr ? page[offset / 4]
                               : static_cast<uint32_t>(read_msr(0x800 + offset / 16));
    };
    expect_equal("spurious interrupts", 0x1ff, read(0xf0));
    expect_equal("priority", 0, read(0x80));
    for (const uint32_t offset : {0x320, 0x330, 0x340, 0x350, 0x360, 0x370}) {
        print_field("", read(offset));
        expect((read(offset) & kMasked) != 0 || !is_to_be_masked(read(offset), true),
               "a masked entry", offset);
    }
    constexpr uint32_t kNmi = 4; // QEMU's MADT has one at LINT1
    expect_equal("LINT1", kNmi, read(0x360) >> 8 & 7);
}

} // namespace

void check_devices(const PageTables& tables, unsigned revision, Iommu iommu, bool keeps_iommu) {
    begin_promise("L25", "the PC's interrupt controllers are masked");
    for (const uint16_t port : {uint16_t{0x21}, uint16_t{0xa1}})
        expect_equal("a mask", 0xff, read_port(port));
    end_promise();

    begin_promise("L26", "the I/O APIC is masked");
    print("limine: I/O APIC");
    check_io_apic(registers(tables, kIoApic), revision >= 5);
    print("\n");
    end_promise();

    begin_promise("L27", "from base revision 5 on, the local APIC is on, and masked");
    if (revision >= 5) {
        print("limine: local APIC");
        check_local_apic(tables);
        print("\n");
    }
    end_promise();

    begin_promise("L28", "IOMMUs are off, unless the kernel wants to keep them");
    if (iommu == Iommu::intel)
        expect_equal("it is on", keeps_iommu, registers(tables, kIntelIommu)[7] >> 31);
    if (iommu == Iommu::amd)
        expect_equal("it is on", keeps_iommu, registers(tables, kAmdIommu)[6] & 1);
    end_promise();
}
