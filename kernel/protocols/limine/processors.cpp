// SPDX-License-Identifier: BSD-2-Clause
#include "processors.hpp"

#include "../console.h"
#include "entry_state.hpp"
#include "requests.hpp"

extern "C" {
EntryState processor_state = {};
[[noreturn]] void processor_main();
void processor_start(); // entry.asm
}

namespace {

struct Machine {
    uint64_t efer, pat;
    uint32_t apic_id;
};

uint64_t read_msr(uint32_t number) {
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return uint64_t{high} << 32 | low;
}

Machine this_machine() {
    constexpr uint64_t kX2apicIsOn = 1 << 10;
    uint32_t features = 1, id = 0;
    asm volatile("cpuid" : "+a"(features), "=b"(id) : : "ecx", "edx");
    if ((read_msr(0x1b) & kX2apicIsOn) != 0)
        id = static_cast<uint32_t>(read_msr(0x802)) << 24;
    return {read_msr(0xc000'0080), read_msr(0x277), id >> 24};
}

volatile bool has_come = false;
Machine machine = {};

uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

void wait_for_one() {
    constexpr uint64_t kMostTicks = 20'000'000'000;
    for (const uint64_t start = read_tsc(); !has_come && read_tsc() - start < kMostTicks;)
        asm volatile("pause");
}

void check_registers(const limine::Processor& processor) {
    const EntryState& state = processor_state;
    for (int i = 0; i < kRegisters; ++i)
        expect(i == kRsp || i == kRdi || state.general[i] == 0, "a register", state.general[i]);
    expect_equal("rdi", reinterpret_cast<uint64_t>(&processor), state.general[kRdi]);
    expect_equal("rflags", 2, state.rflags);
    expect_equal("cr0", entry_state.cr0, state.cr0);
    expect_equal("cr3", entry_state.cr3, state.cr3);
    expect_equal("cr4", entry_state.cr4, state.cr4);
    for (int i = 0; i < kSelectors; ++i)
        expect_equal("a selector", entry_state.selectors[i], state.selectors[i]);
    expect_equal("idtr", entry_state.idtr.base, state.idtr.base);
    expect_equal("the GDT's limit", entry_state.gdtr.limit, state.gdtr.limit);
    const Machine own = this_machine();
    expect_equal("efer", own.efer, machine.efer);
    expect_equal("pat", own.pat, machine.pat);
    expect_equal("its APIC id", processor.id, machine.apic_id);
}

void check_stack(const PageTables& tables, uint64_t direct_map) {
    const uint64_t rsp = processor_state.general[kRsp];
    const uint64_t base = rsp + 8 - requests::kStackBytes;
    expect_equal("alignment", 8, rsp % 16);
    expect(base > direct_map, "in the direct map", base);
    expect(tables.find(base).is_there, "a page", base);
    expect(!tables.find(base - 1).is_there, "no page", base - 1);
}

} // namespace

void check_processors(const PageTables& tables, uint64_t direct_map) {
    const auto& list =
        *reinterpret_cast<const limine::Processors*>(requests::response_to(limine::Feature::mp));
    begin_promise("L31", "MP lists the processors, that of the kernel first");
    expect_equal("the first one's id", this_machine().apic_id, list.boot_id);
    auto* const* const processors = reinterpret_cast<limine::Processor* const*>(list.entries);
    expect(list.count != 0, "a processor", 0);
    for (uint64_t i = 0; i < list.count; ++i) {
        expect_equal("goto_address", 0, processors[i]->go);
        expect((processors[i]->id == list.boot_id) == (i == 0), "an id", processors[i]->id);
    }
    end_promise();

    begin_promise("L32", "each goes to its goto_address, in the state of the first one");
    for (uint64_t i = 1; i < list.count; ++i) {
        has_come = false;
        const auto go = reinterpret_cast<uint64_t>(processor_start);
        *static_cast<volatile uint64_t*>(&processors[i]->go) = go;
        wait_for_one();
        expect(has_come, "a processor that comes", processors[i]->id);
        if (!has_come)
            continue;
        check_registers(*processors[i]);
        check_stack(tables, direct_map);
    }
    end_promise();
    print("limine: processors ");
    print_decimal(static_cast<uint32_t>(list.count));
    print("\n");
}

void processor_main() {
    machine = this_machine();
    has_come = true;
    for (;;)
        asm volatile("cli; hlt");
}
