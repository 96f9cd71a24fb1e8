// SPDX-License-Identifier: BSD-2-Clause
#include "handoff/stage2_block.hpp"

#include <algorithm>
#include <cstring>

namespace baton {

Result<Stage2Block> Stage2Block::load(Bytes blob, FrameSource& frames,
                                      std::span<const PhysRange> avoid) {
    if (blob.size() < sizeof(BatonStage2Header))
        return fail(ErrorCode::stage2_mismatch, {0, 0});
    const auto header = read_at<BatonStage2Header>(blob, 0);
    if (header.magic != BATON_STAGE2_MAGIC || header.version_major != BATON_HANDOFF_VERSION_MAJOR ||
        header.version_minor != BATON_HANDOFF_VERSION_MINOR || header.load_bytes != blob.size() ||
        header.crash_record_bytes != sizeof(BatonCrashRecord))
        return fail(ErrorCode::stage2_mismatch, {header.version_major, header.version_minor});
    const auto memory = allocate_block(frames, header.memory_bytes,
                                       {.alignment = header.alignment,
                                        .use = FrameUse::code,
                                        .avoid = avoid,
                                        .below = k4GiB,
                                        .origin = "stage 2"});
    if (!memory)
        return std::unexpected(memory.error());
    std::memcpy(memory->bytes.data(), blob.data(), blob.size());
    std::memset(memory->bytes.data() + blob.size(), 0, memory->bytes.size() - blob.size());
    return Stage2Block(*memory, header);
}

} // namespace baton
