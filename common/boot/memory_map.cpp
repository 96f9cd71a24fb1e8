// SPDX-License-Identifier: BSD-2-Clause
#include "boot/memory_map.hpp"

namespace baton {

Result<std::span<const NormalisedRange>> memory_map_of(Platform& platform, Arena& arena) {
    const std::size_t most = TRY(platform.reserve_memory_map());
    const auto buffer = TRY(arena.scratch<TypedRange>(most));
    const auto buffers = TRY(NormaliseBuffers::create(arena, most));
    return normalise(TRY(platform.read_memory_map(buffer)), buffers);
}

} // namespace baton
