// SPDX-License-Identifier: BSD-2-Clause
//
// Reads what a firmware's tables say of processors.
//
// The input is the kind of table, a byte. ACPI: the bytes of the MADT's body, a number of two
// bytes; the body; the SRAT's. Else: the entries of an MP table.
#include "acpi/processors.hpp"
#include "core/limits.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "support/acpi_tables.hpp"

#include <array>
#include <memory>
#include <set>

namespace baton::fuzz {
namespace {

using test::acpi_tables::set_checksum;
using test::acpi_tables::text;

test::AcpiMemory with_mp_table(const Buffer& entries) {
    constexpr uint64_t kPointer = 0x9fc00, kTable = 0x5000;
    Buffer table = text("PCMP");
    test::append(table, static_cast<uint16_t>(44 + entries.size()));
    table.resize(44);
    table.insert(table.end(), entries.begin(), entries.end());
    set_checksum(table, 7, static_cast<uint16_t>(table.size()));
    Buffer pointer = text("_MP_");
    test::append(pointer, static_cast<uint32_t>(kTable));
    pointer.resize(1024);
    set_checksum(pointer, 10, 16);
    test::AcpiMemory memory;
    memory.islands = {{kPointer, pointer}, {kTable, table}};
    return memory;
}

void check(const acpi::Processors& found, const acpi::PhysicalMemory& memory) {
    require(found.list.size() <= kMostProcessors, "no more than the most");
    require(found.left_out == 0 || found.list.size() == kMostProcessors,
            "all that there is room for");
    require(found.mailbox.value == 0 || !memory.at(found.mailbox, kPageBytes).empty(),
            "a mailbox is memory");
    std::set<uint32_t> ids;
    for (const acpi::Processor& processor : found.list)
        require(ids.insert(processor.id).second, "each id once");
}

void find(const acpi::PhysicalMemory& memory, PhysAddr root) {
    const auto storage = std::make_unique<std::array<std::byte, std::size_t{1} << 17>>();
    Arena arena(*storage);
    const auto found = acpi::find_processors(memory, root, arena);
    require(found.has_value(), "memory for as many as may be");
    check(*found, memory);
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton::fuzz;
    Input input(data, size);
    if (input.take<uint8_t>() % 2 != 0) {
        find(with_mp_table(input.take_bytes(0x4000)), {});
        return 0;
    }
    baton::test::FakeAcpi acpi;
    const auto bytes = input.take<uint16_t>();
    acpi.add("APIC", input.take_bytes(bytes));
    acpi.add("SRAT", input.rest());
    find(acpi.memory(), acpi.root());
    return 0;
}
