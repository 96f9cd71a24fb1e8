// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/memory.hpp"

#include "cpu/constants.hpp"
#include "cpu/instructions.hpp"
#include "stage2-stub/attempt.hpp"
#include "stage2-stub/fault.hpp"

namespace baton::stage2 {
namespace {

/// Eight bytes at `address` + the offset that the context is.
bool read_word(const void* context, uint64_t address, uint64_t& value) {
    const auto* const place =
        reinterpret_cast<const volatile uint64_t*>(address + reinterpret_cast<uint64_t>(context));
    return try_to([&] { value = *place; });
}

} // namespace

unsigned physical_bits() {
    return cpu::cpuid(cpu::kCpuidAddressSizes).eax & 0xff;
}

uint64_t physical_offset() {
    const BatonHandoff& handoff = fault_state.handoff;
    const bool has_switched =
        fault_state.progress.step > BATON_STEP_TABLES || cpu::read_cr3() == handoff.page_table_root;
    return has_switched ? handoff.direct_map_base : 0;
}

MemoryReader physical_memory() {
    return {read_word, reinterpret_cast<const void*>(physical_offset())};
}

[[gnu::section(".off_path")]] MemoryReader virtual_memory() {
    return {read_word, nullptr};
}

[[gnu::section(".off_path")]] MemoryReader unreadable_memory() {
    return {[](const void*, uint64_t, uint64_t&) { return false; }, nullptr};
}

} // namespace baton::stage2
