// SPDX-License-Identifier: BSD-2-Clause
#include "boot/stage2.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

constexpr uint32_t kMostTrampolineBytes = 1024;

/// Into its page, the rest of which is zero.
void put_trampoline(Bytes code, std::byte* page) {
    std::memset(page, 0, kPageBytes);
    std::memcpy(page, code.data(), code.size());
}

} // namespace

Result<Stage2Block> Stage2Block::load(Bytes blob, FrameSource& frames,
                                      std::span<const PhysRange> avoid) {
    if (blob.size() < sizeof(BatonStage2Header))
        return fail(ErrorCode::stage2_mismatch, {0, 0});
    const auto header = read_at<BatonStage2Header>(blob, 0);
    if (header.magic != BATON_STAGE2_MAGIC || header.version_major != BATON_HANDOFF_VERSION_MAJOR ||
        header.version_minor != BATON_HANDOFF_VERSION_MINOR || header.load_bytes != blob.size() ||
        header.crash_record_bytes != sizeof(BatonCrashRecord) ||
        header.trampoline_bytes > kMostTrampolineBytes ||
        !fits(header.trampoline_offset, header.trampoline_bytes, blob.size()))
        return fail(ErrorCode::stage2_mismatch, {header.version_major, header.version_minor});
    const Block memory = TRY(allocate_block(
        frames, header.memory_bytes,
        {.alignment = header.alignment, .use = MemoryUse::stage2, .avoid = avoid, .below = k4GiB}));
    std::memcpy(memory.bytes.data(), blob.data(), blob.size());
    std::memset(memory.bytes.data() + blob.size(), 0, memory.bytes.size() - blob.size());
    return Stage2Block(memory, header);
}

Result<std::span<const PhysRange>> kernel_pages(const LoadPlan& plan, Arena& arena) {
    const auto pages = TRY(arena.array<PhysRange>(plan.regions.size()));
    std::ranges::transform(plan.regions, pages.begin(), [](const Region& region) {
        return PhysRange{{region.pages.base.value}, region.pages.bytes};
    });
    return pages;
}

Result<Stage2> load_stage2(const Services& with, Bytes blob, const LoadPlan& plan,
                           const ProcessorPlan& processors) {
    const auto avoid = TRY(kernel_pages(plan, with.arena));
    const Stage2Block block = TRY(Stage2Block::load(blob, with.frames(), avoid));
    TRY(with.platform.make_executable(block.code(), block.data()));
    const HandoffRecord handoff =
        TRY(HandoffRecord::make(plan.segments.size(), processors.started, with.frames(), avoid));
    if (processors.started != 0)
        put_trampoline(block.trampoline(), with.frames().access(processors.trampoline));
    with.log.line("stage 2 at %x", block.code().base.value);
    return Stage2{block, handoff, avoid, {}, {}};
}

Result<Stage2> choose_watchdog(const Services& with, const Stage2& stage2,
                               const Requests& requests) {
    const uint32_t seconds = requests.watchdog_seconds;
    if (seconds == 0)
        return stage2;
    Stage2 result = stage2;
    result.watchdog = with.platform.find_watchdog(seconds, stage2.avoid);
    if (!result.watchdog && requests.watchdog_required)
        return request_not_met(BATON_REQUEST_WATCHDOG, seconds);
    if (!result.watchdog) {
        with.log.warn("no watchdog: no timer that can raise an NMI in time");
        return result;
    }
    result.watchdog_disarm = disarm_watchdog(*result.watchdog);
    with.log.line("watchdog: %d s, HPET timer %d at pin %d", seconds, result.watchdog->timer,
                  result.watchdog->pin);
    return result;
}

} // namespace baton
