// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/mapping_check.hpp"

#include "core/address.hpp"
#include "cpu/instructions.hpp"
#include "fault/report.hpp"
#include "record_check/record_check.hpp"
#include "stage2-stub/memory.hpp"
#include "stage2-stub/report.hpp"

namespace baton::stage2 {

void MappingCheck::pages(uint64_t start, uint64_t end, uint64_t error_code) const {
    for (uint64_t page = start & ~(kPageBytes - 1); page < end; page += kPageBytes) {
        if (maps_to_itself(page, error_code, tables, physical_memory(), from_32_bits))
            continue;
        cpu::write_cr2(page);
        report_refusal(kPageTablesRefused, error_code);
    }
}

} // namespace baton::stage2
