// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/pvh/start_info_record.hpp"

#include <algorithm>

namespace baton {

Result<HvmStartInfoRecord*> HvmStartInfoRecord::make(const BootFacts& facts, std::size_t ranges,
                                                     FrameSource& frames) {
    FrameArena arena(frames, MemoryUse::boot_info, k4GiB);
    Contents* const contents = TRY(arena.make<Contents>());
    HvmStartInfoRecord* const record = TRY(arena.make<HvmStartInfoRecord>(*contents, frames));
    TRY(record->write(facts, ranges, arena));
    return record;
}

/// The address of a copy that ends in NUL.
Result<uint64_t> HvmStartInfoRecord::text(std::string_view text, Arena& arena) const {
    const auto copy = TRY(arena.array<char>(text.size() + 1));
    std::ranges::copy(text, copy.begin());
    return physical(copy.data());
}

Result<void> HvmStartInfoRecord::write(const BootFacts& facts, std::size_t ranges, Arena& arena) {
    const auto modules = TRY(arena.array<HvmModule>(facts.modules.size()));
    for (std::size_t i = 0; i < modules.size(); ++i) {
        const Module& module = facts.modules[i];
        modules[i] = {.address = module.contents.base.value,
                      .bytes = module.contents.bytes,
                      .command_line = module.string.empty() ? 0 : TRY(text(module.string, arena)),
                      .reserved = 0};
    }
    contents_.start = {.magic = kHvmStartMagic,
                       .version = 1,
                       .flags = 0,
                       .module_count = static_cast<uint32_t>(modules.size()),
                       .modules = modules.empty() ? 0 : physical(modules.data()),
                       .command_line = TRY(text(facts.command_line, arena)),
                       .rsdp = facts.machine.rsdp};
    buffers_ = TRY(NormaliseBuffers::create(arena, ranges));
    map_ = TRY(arena.scratch<E820Entry>(buffers_.result.size()));
    return {};
}

void HvmStartInfoRecord::set_memory_map(std::span<const TypedRange> ranges) {
    const auto map = write_e820(normalise(ranges, buffers_), map_);
    contents_.map = {
        .entries = physical(map.data()), .count = static_cast<uint32_t>(map.size()), .reserved = 0};
}

} // namespace baton
