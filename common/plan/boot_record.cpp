// SPDX-License-Identifier: BSD-2-Clause
#include "plan/boot_record.hpp"

#include "paging/entry.hpp"

#include <algorithm>

#ifndef BATON_VERSION
#error "the build defines BATON_VERSION"
#endif

namespace baton {
namespace {

/// Copies into a field of N characters, the last of which stays NUL.
template<std::size_t N>
void copy_text(char (&field)[N], std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), N - 1), field);
}

// Control registers at the kernel's first instruction: Intel SDM 3A sections 2.2.1 (EFER) and 2.5.
constexpr uint64_t kCr0 = uint64_t{1} << 0      // PE
                          | uint64_t{1} << 1    // MP
                          | uint64_t{1} << 4    // ET, always 1
                          | uint64_t{1} << 5    // NE
                          | uint64_t{1} << 16   // WP
                          | uint64_t{1} << 31;  // PG
constexpr uint64_t kCr4 = uint64_t{1} << 5      // PAE
                          | uint64_t{1} << 7    // PGE
                          | uint64_t{1} << 9    // OSFXSR
                          | uint64_t{1} << 10;  // OSXMMEXCPT
constexpr uint64_t kEfer = uint64_t{1} << 8     // LME
                           | uint64_t{1} << 10  // LMA
                           | uint64_t{1} << 11; // NXE

} // namespace

uint64_t BootRecord::bytes_needed(const Capacity& capacity) {
    return Arena::bytes_for<BatonBootInfo>(1) +
           Arena::bytes_for<BatonKernelSegment>(capacity.segments) +
           Arena::bytes_for<BatonFramebuffer>(capacity.framebuffers) +
           Arena::bytes_for<BatonTimeStamp>(capacity.time_stamps) +
           Arena::bytes_for<BatonMemoryRange>(normalised_at_most(capacity.claims)) +
           Arena::bytes_for<RangeEdge>(edges_needed(capacity.claims));
}

Result<BootRecord> BootRecord::create(std::span<std::byte> memory, PhysAddr physical,
                                      const Layout& layout, const Capacity& capacity) {
    Arena arena(memory);
    const auto info = arena.array<BatonBootInfo>(1);
    const auto segments = arena.array<BatonKernelSegment>(capacity.segments);
    const auto framebuffers = arena.array<BatonFramebuffer>(capacity.framebuffers);
    const auto time_stamps = arena.array<BatonTimeStamp>(capacity.time_stamps);
    const auto memory_map = arena.array<BatonMemoryRange>(normalised_at_most(capacity.claims));
    const auto edges = arena.array<RangeEdge>(edges_needed(capacity.claims));
    if (!info || !segments || !framebuffers || !time_stamps || !memory_map || !edges)
        return fail(ErrorCode::out_of_memory, {bytes_needed(capacity), 1});

    BootRecord record;
    record.info_ = info->data();
    record.segments_ = *segments;
    record.framebuffers_ = *framebuffers;
    record.time_stamps_ = *time_stamps;
    record.memory_map_ = *memory_map;
    record.edges_ = *edges;
    record.direct_map_offset_ =
        layout.direct_map.base.value + physical.value - reinterpret_cast<uint64_t>(memory.data());

    BatonBootInfo& fields = *record.info_;
    fields.magic = BATON_BOOT_INFO_MAGIC;
    fields.version = BATON_BOOT_INFO_VERSION;
    fields.size = sizeof fields;
    fields.memory_map = record.to_virtual(memory_map->data()).value;
    fields.memory_map_entry_bytes = sizeof(BatonMemoryRange);
    fields.kernel_segments = record.to_virtual(segments->data()).value;
    fields.kernel_segment_entry_bytes = sizeof(BatonKernelSegment);
    fields.framebuffers = record.to_virtual(framebuffers->data()).value;
    fields.framebuffer_entry_bytes = sizeof(BatonFramebuffer);
    fields.time_stamps = record.to_virtual(time_stamps->data()).value;
    fields.time_stamp_entry_bytes = sizeof(BatonTimeStamp);
    fields.direct_map_base = layout.direct_map.base.value;
    fields.direct_map_bytes = layout.direct_map.bytes;
    fields.stack_base = layout.stack.base.value;
    fields.stack_bytes = layout.stack.bytes;
    copy_text(fields.loader_name, "Baton");
    copy_text(fields.loader_version, BATON_VERSION);
    return record;
}

VirtAddr BootRecord::to_virtual(const void* pointer) const {
    return {reinterpret_cast<uint64_t>(pointer) + direct_map_offset_};
}

void BootRecord::set_kernel(const LoadPlan& plan) {
    for (std::size_t i = 0; i < plan.segments.size(); ++i) {
        const Segment& segment = plan.segments[i];
        segments_[i] = {.virtual_base = segment.memory.base.value,
                        .base_physical = plan.physical(segment.memory.base).value,
                        .bytes = segment.memory.bytes,
                        .file_bytes = segment.file_bytes,
                        .permissions = segment.flags & (elf::PF_R | elf::PF_W | elf::PF_X),
                        .reserved = 0};
    }
    info_->kernel_segment_count = static_cast<uint32_t>(plan.segments.size());
    info_->kernel_entry = plan.entry.value;
    info_->kernel_virtual_base = plan.segments.front().memory.base.value;
    info_->kernel_slide = 0;
}

void BootRecord::add_framebuffer(BatonFramebuffer framebuffer) {
    framebuffer.address = info_->direct_map_base + framebuffer.base_physical;
    framebuffers_[info_->framebuffer_count++] = framebuffer;
}

void BootRecord::add_time_stamp(std::string_view name, uint64_t tsc) {
    if (info_->time_stamp_count == time_stamps_.size())
        return;
    BatonTimeStamp& stamp = time_stamps_[info_->time_stamp_count++];
    stamp = {.tsc = tsc, .name = {}};
    copy_text(stamp.name, name);
}

VirtAddr BootRecord::add_stage2_time_stamps() {
    if (time_stamps_.size() - info_->time_stamp_count < kStage2TimeStamps)
        return {};
    const VirtAddr first = to_virtual(time_stamps_.data() + info_->time_stamp_count);
    add_time_stamp("stage 2 entered", 0);
    add_time_stamp("page tables loaded", 0);
    add_time_stamp("segments in place", 0);
    add_time_stamp("kernel entered", 0);
    return first;
}

void BootRecord::set_memory_map(std::span<const TypedRange> claims) {
    const auto map = normalise(claims, edges_, memory_map_);
    info_->memory_map_count = static_cast<uint32_t>(map.size());
}

uint64_t handoff_bytes(const LoadPlan& plan) {
    return sizeof(BatonHandoff) + plan.segments.size() * sizeof(BatonHandoffSegment);
}

Result<BatonHandoff*> make_handoff(std::span<std::byte> memory, const HandoffInput& input) {
    Arena arena(memory);
    const auto record = arena.array<BatonHandoff>(1);
    if (!record)
        return std::unexpected(record.error());
    const uint64_t segments_offset = arena.used_bytes();
    const auto segments = arena.array<BatonHandoffSegment>(input.plan.segments.size());
    if (!segments)
        return std::unexpected(segments.error());

    for (std::size_t i = 0; i < segments->size(); ++i) {
        const Segment& segment = input.plan.segments[i];
        (*segments)[i] = {.source_physical = (input.file + segment.file_offset).value,
                          .destination = segment.memory.base.value,
                          .file_bytes = segment.file_bytes,
                          .memory_bytes = segment.memory.bytes};
    }
    BatonHandoff& handoff = record->front();
    handoff.magic = BATON_HANDOFF_MAGIC;
    handoff.version_major = BATON_HANDOFF_VERSION_MAJOR;
    handoff.version_minor = BATON_HANDOFF_VERSION_MINOR;
    handoff.size = sizeof handoff;
    handoff.page_table_root = input.page_table_root.value;
    handoff.direct_map_base = input.layout.direct_map.base.value;
    handoff.segments = (input.physical + segments_offset).value;
    handoff.segment_count = static_cast<uint32_t>(segments->size());
    handoff.segment_entry_bytes = sizeof(BatonHandoffSegment);
    handoff.kernel_entry = input.plan.entry.value;
    handoff.kernel_stack_top = input.layout.stack.end().value;
    handoff.boot_info = input.boot_info.value;
    handoff.cr0 = kCr0;
    handoff.cr4 = kCr4;
    handoff.efer = kEfer;
    handoff.pat = paging::kPat;
    handoff.time_stamps = input.time_stamps.value;
    handoff.time_stamp_bytes = sizeof(BatonTimeStamp);
    return &handoff;
}

} // namespace baton
