// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/hvm.hpp"

#include "memory/e820.hpp"

namespace baton {
namespace {

Result<void> read_memory(PhysAddr map, StartReader& reader, StartInfo& info) {
    const auto header = TRY(reader.record<HvmStartMap>(map));
    const auto ranges =
        TRY(reader.read({header.entries}, uint64_t{header.count} * sizeof(E820Entry)));
    for (std::size_t i = 0; i < header.count; ++i) {
        const auto range = read_at<E820Entry>(ranges, i * sizeof(E820Entry));
        if (auto added = info.memory.add(e820_typed_range(range.base, range.bytes, range.type));
            !added)
            return added;
    }
    return {};
}

Result<void> read_modules(const HvmStartInfo& start, StartReader& reader, StartInfo& info) {
    const auto modules =
        TRY(reader.read({start.modules}, uint64_t{start.module_count} * sizeof(HvmModule)));
    for (std::size_t i = 0; i < start.module_count; ++i) {
        const auto module = read_at<HvmModule>(modules, i * sizeof(HvmModule));
        const auto string = TRY(reader.text({module.command_line}));
        if (auto added =
                add_start_module(info, module.address, module.address + module.bytes, string);
            !added)
            return added;
    }
    return {};
}

} // namespace

Result<void> read_hvm_start(PhysAddr address, const acpi::PhysicalMemory& memory, StartInfo& info) {
    StartReader reader(memory, info);
    const auto start = TRY(reader.record<HvmStartInfo>(address));
    if (start.magic != kHvmStartMagic)
        return fail(ErrorCode::start_info_unknown, {start.magic});
    info.rsdp = {start.rsdp};
    if (start.version != 0)
        TRY(read_memory(address + sizeof(HvmStartInfo), reader, info));
    if (info.memory.entries().empty())
        return fail(ErrorCode::start_memory_map_missing);
    const auto command_line = TRY(reader.text({start.command_line}));
    info.command_line = command_line;
    return read_modules(start, reader, info);
}

} // namespace baton
