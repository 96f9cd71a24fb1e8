// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-pvh/console.hpp"

#include "serial/uart_sources.hpp"
#include "stage1/identity_memory.hpp"

#include <algorithm>

namespace baton {
namespace {

/// Whether there is no memory, which a wrong address would overwrite, and all is mapped.
bool is_device(PhysRange range, const StartInfo& info) {
    const auto is_memory = [&](const TypedRange& typed) {
        return typed.type != BATON_MEMORY_RESERVED && typed.range.overlaps(range);
    };
    return is_identity_mapped(range, true) && !range.overlaps(image_range()) &&
           std::ranges::none_of(info.memory.entries(), is_memory);
}

} // namespace

Console::Console() {
    constexpr PhysAddr kBiosPorts{0x400}; // of the BIOS data area: COM1 to COM4, 0 for none
    const Bytes found = MappedMemory().at(kBiosPorts, kComPorts.size() * sizeof(uint16_t));
    for (std::size_t offset = 0; offset < found.size(); offset += sizeof(uint16_t)) {
        const auto port = read_at<uint16_t>(found, offset);
        const bool is_usual = std::ranges::find(kComPorts, port) != kComPorts.end();
        if (const auto uart = is_usual ? probe_uart(port) : std::nullopt)
            ports_.add(*uart);
    }
    if (const auto uart = probe_uart(kCom1))
        ports_.add(*uart);
}

void Console::add_uarts(const StartInfo& info, PhysAddr rsdp, std::string_view log) {
    if (const auto uart = find_spcr_uart(IdentityMemory(), rsdp))
        return add(*uart, info, log);
    const ReportPorts found = find_pci_uarts();
    for (const BatonUart& uart : found.all())
        add(uart, info, log);
}

void Console::add(const BatonUart& uart, const StartInfo& info, std::string_view log) {
    const PhysRange memory = memory_of(uart);
    if ((memory.empty() || is_device(memory, info)) && ports_.add(uart))
        ports_.write_to_last(log);
}

} // namespace baton
