// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/identity_memory.hpp"

#include "cpu/constants.hpp"
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "memory/memory_range.hpp"
#include "paging/page_walk.hpp"

namespace baton {
namespace {

bool read_table(const void*, uint64_t address, uint64_t& value) {
    value = *reinterpret_cast<const volatile uint64_t*>(address);
    return true;
}

} // namespace

bool is_identity_mapped(PhysRange range, bool write) {
    if (range.base.value >= kPhysicalAddressEnd ||
        range.bytes > kPhysicalAddressEnd - range.base.value)
        return false;
    const PagingMode mode = paging_mode(cpu::read_cr0(), cpu::read_cr3(), cpu::read_cr4(),
                                        cpu::read_msr(cpu::kMsrEfer), cpu::physical_address_bits());
    const PhysRange pages = page_cover(range);
    for (uint64_t offset = 0; offset < pages.bytes; offset += kPageBytes) {
        const PageWalk walk =
            walk_page_tables(pages.base.value + offset, mode, {read_table, nullptr});
        const PageAccess access{.write = write, .fetch = false, .user = false};
        if (judge(walk, access, mode).denial != Denial::none || !is_identity(walk))
            return false;
    }
    return true;
}

Bytes IdentityMemory::at(PhysAddr address, uint64_t bytes) const {
    if (address.value == 0 || !is_identity_mapped({address, bytes}, false))
        return {};
    return {reinterpret_cast<const std::byte*>(address.value), bytes};
}

} // namespace baton
