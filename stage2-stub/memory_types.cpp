// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/memory_types.hpp"

#include "cpu/constants.hpp"
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "cpu/mtrr.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace baton::stage2 {
namespace {

constexpr std::size_t kMostVariable = 32;
constexpr uint64_t kIsOn = 0x800; // in IA32_MTRR_DEF_TYPE

uint64_t values[std::size(cpu::kMsrMtrrFixed) + 2 * kMostVariable +
                1]; // the last one is the default type
std::size_t count;  // of them; 0: there are no MTRRs

uint32_t register_at(std::size_t index, uint64_t capabilities) {
    const std::size_t fixed =
        (capabilities & cpu::kMtrrHasFixed) != 0 ? std::size(cpu::kMsrMtrrFixed) : 0;
    if (index < fixed)
        return cpu::kMsrMtrrFixed[index];
    return index + 1 < count ? cpu::kMsrMtrrBase + static_cast<uint32_t>(index - fixed)
                             : cpu::kMsrMtrrType;
}

} // namespace

void remember_memory_types() {
    if (!cpu::has_mtrrs())
        return;
    const uint64_t capabilities = cpu::read_msr(cpu::kMsrMtrrCap);
    const auto variable =
        std::min<std::size_t>(capabilities & cpu::kMtrrVariableCount, kMostVariable);
    count = ((capabilities & cpu::kMtrrHasFixed) != 0 ? std::size(cpu::kMsrMtrrFixed) : 0) +
            2 * variable + 1;
    for (std::size_t i = 0; i < count; ++i)
        values[i] = cpu::read_msr(register_at(i, capabilities));
}

void use_remembered_memory_types() {
    if (count == 0)
        return;
    const uint64_t capabilities = cpu::read_msr(cpu::kMsrMtrrCap);
    bool differ = false;
    for (std::size_t i = 0; i < count; ++i)
        differ |= cpu::read_msr(register_at(i, capabilities)) != values[i];
    if (!differ)
        return;
    cpu::write_cr0((cpu::read_cr0() | cpu::kCr0Cd) & ~cpu::kCr0Nw);
    cpu::write_back_caches();
    cpu::write_cr3(cpu::read_cr3());
    cpu::write_msr(cpu::kMsrMtrrType, values[count - 1] & ~kIsOn);
    for (std::size_t i = 0; i < count; ++i)
        cpu::write_msr(register_at(i, capabilities), values[i]);
    cpu::write_back_caches();
    cpu::write_cr3(cpu::read_cr3()); // set_machine_state() turns the caches on
}

} // namespace baton::stage2
