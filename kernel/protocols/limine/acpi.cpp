// SPDX-License-Identifier: BSD-2-Clause
#include "acpi.hpp"

namespace {

uint64_t shown_from = 0;

/// A number of `bytes` at a physical address, of any alignment.
uint64_t number(uint64_t address, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = bytes; i-- != 0;)
        value = value << 8 | *reinterpret_cast<const uint8_t*>(shown_from + address + i);
    return value;
}

} // namespace

// ACPI 6.5 sections 5.2.5.3, 5.2.7 to 5.2.9.
void for_each_acpi_table(uint64_t direct_map, uint64_t root_pointer,
                         void (*use)(uint64_t address, uint64_t bytes)) {
    constexpr uint64_t kFadt = 0x5043'4146; // "FACP"
    shown_from = direct_map;
    const bool has_xsdt = number(root_pointer + 15, 1) >= 2;
    use(root_pointer, has_xsdt ? 36 : 20);
    const uint64_t list = has_xsdt ? number(root_pointer + 24, 8) : number(root_pointer + 16, 4);
    const uint64_t list_bytes = number(list + 4, 4);
    use(list, list_bytes);
    const unsigned address_bytes = has_xsdt ? 8 : 4;
    for (uint64_t at = 36; at + address_bytes <= list_bytes; at += address_bytes) {
        const uint64_t table = number(list + at, address_bytes);
        const uint64_t bytes = number(table + 4, 4);
        use(table, bytes);
        if (number(table, 4) != kFadt)
            continue;
        const uint64_t more[] = {number(table + 36, 4), number(table + 40, 4),
                                 bytes >= 148 ? number(table + 132, 8) : 0,
                                 bytes >= 148 ? number(table + 140, 8) : 0};
        for (const uint64_t address : more)
            if (address != 0)
                use(address, number(address + 4, 4));
    }
}
