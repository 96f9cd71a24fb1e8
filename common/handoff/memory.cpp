// SPDX-License-Identifier: BSD-2-Clause
#include "handoff/memory.hpp"

#include "handoff/platform.hpp"

#include <algorithm>

namespace baton {

Result<Block> allocate_block(FrameSource& frames, uint64_t bytes, FrameRequest request) {
    request.pages = std::max<uint64_t>(pages_for(bytes), 1);
    const auto base = frames.allocate(request);
    if (!base)
        return std::unexpected(base.error());
    return Block{*base, {frames.access(*base), bytes}};
}

Result<Arena> allocate_arena(FrameSource& frames, uint64_t bytes) {
    const auto block = allocate_block(frames, bytes, {.origin = "workspace"});
    if (!block)
        return std::unexpected(block.error());
    return Arena(block->bytes);
}

BatonMemoryType final_type(std::string_view origin) {
    const bool kept = origin == "kernel" || origin == "kernel file" || origin.starts_with("module");
    return kept ? BATON_MEMORY_KERNEL_AND_MODULES : BATON_MEMORY_LOADER_RECLAIMABLE;
}

Result<Displays> Platform::find_displays(const Requests& requests) {
    const auto& request = requests.framebuffer;
    const bool requested = request.width != 0 || request.height != 0;
    if (requested && request.required)
        return request_not_met(BATON_REQUEST_FRAMEBUFFER, request.width, request.height);
    return Displays{.all = {}, .has_requested_mode = !requested};
}

} // namespace baton
