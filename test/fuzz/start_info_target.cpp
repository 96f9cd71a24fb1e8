// SPDX-License-Identifier: BSD-2-Clause
//
// Reads what PVH, Multiboot2 and the Linux boot protocol tell of a machine.
//
// The input is the protocol, a byte, and the memory from kBase on, in which the structure is the
// first thing.
#include "acpi/processors.hpp"
#include "core/limits.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "start_info/firmware_tables.hpp"
#include "start_info/hvm.hpp"
#include "start_info/linux.hpp"
#include "start_info/multiboot2.hpp"

#include <algorithm>
#include <array>
#include <memory>

namespace baton::fuzz {
namespace {

constexpr uint64_t kBase = 0xe'0000; // so that there are tables of a BIOS, too

class Memory final : public acpi::PhysicalMemory {
  public:
    explicit Memory(Bytes bytes) : bytes_(bytes) {}
    Bytes at(PhysAddr address, uint64_t bytes) const override {
        return address.value >= kBase && fits(address.value - kBase, bytes, bytes_.size())
                   ? bytes_.subspan(address.value - kBase, bytes)
                   : Bytes{};
    }
    bool has(PhysRange range) const {
        return range.base.value >= kBase &&
               fits(range.base.value - kBase, range.bytes, bytes_.size());
    }
    bool has(Bytes part) const {
        return part.empty() || (part.data() >= bytes_.data() &&
                                fits(static_cast<uint64_t>(part.data() - bytes_.data()),
                                     part.size(), bytes_.size()));
    }

  private:
    Bytes bytes_;
};

Result<void> read(uint8_t protocol, const Memory& memory, StartInfo& info) {
    switch (protocol % 3) {
    case 0:
        return read_hvm_start({kBase}, memory, info);
    case 1:
        return read_multiboot2({kBase}, memory, info);
    default:
        return read_linux_boot({kBase}, memory, info);
    }
}

void check(const StartInfo& info, const Memory& memory) {
    require(!info.memory.entries().empty() || !info.efi_map.empty(), "there is a memory map");
    for (const TypedRange& range : info.memory.entries())
        require(fits(range.range.base.value, range.range.bytes, kPhysicalAddressEnd),
                "memory has an address");
    for (const StartModule& module : info.modules.entries()) {
        require(fits(module.contents.base.value, module.contents.bytes, kPhysicalAddressEnd),
                "modules have an address");
        require(memory.has(std::as_bytes(std::span(module.string))), "strings lie in memory");
        require(module.string.find('\0') == std::string_view::npos, "strings end at their NUL");
    }
    for (const PhysRange& part : info.structures.entries())
        require(part.bytes == 0 || memory.has(part), "structures lie in memory");
    require(memory.has(std::as_bytes(std::span(info.command_line))), "the command line, too");
    require(memory.has(info.edid) && memory.has(info.efi_map), "EDID and UEFI's map, too");
    if (info.framebuffer) {
        const BatonFramebuffer& screen = *info.framebuffer;
        require(screen.bytes == uint64_t{screen.pitch_bytes} * screen.height_pixels &&
                    uint64_t{screen.width_pixels} * screen.bits_per_pixel / 8 <= screen.pitch_bytes,
                "rows lie in the framebuffer");
    }
}

void check_processors(const FirmwareTables& tables, const Memory& memory) {
    const auto storage = std::make_unique<std::array<std::byte, std::size_t{1} << 17>>();
    Arena arena(*storage);
    const auto found = acpi::find_processors(memory, tables.rsdp, arena);
    require(found.has_value(), "memory for each of the most processors");
    require(found->list.size() <= kMostProcessors, "no more than the most");
    require(found->mailbox.value == 0 || memory.has(PhysRange{found->mailbox, kPageBytes}),
            "a mailbox is memory");
    for (const acpi::Processor& processor : found->list)
        require(std::ranges::count(found->list, processor.id, &acpi::Processor::id) == 1,
                "each id once");
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    using namespace baton::fuzz;
    Input input(data, size);
    const auto protocol = input.take<uint8_t>();
    const Buffer bytes = input.rest();
    const Memory memory(bytes);
    const auto info = std::make_unique<StartInfo>();
    if (read(protocol, memory, *info))
        check(*info, memory);
    const FirmwareTables tables = find_firmware_tables(*info, memory);
    for (const PhysRange& range : tables.ranges.ranges())
        require(memory.has(range), "tables lie in memory");
    check_processors(tables, memory);
    return 0;
}
