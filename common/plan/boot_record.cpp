// SPDX-License-Identifier: BSD-2-Clause
#include "plan/boot_record.hpp"

#include "cpu/constants.hpp"
#include "paging/entry.hpp"

#include <algorithm>
#include <cstring>

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

// Control registers at the kernel's first instruction.
constexpr uint64_t kCr0 =
    cpu::kCr0Pe | cpu::kCr0Mp | cpu::kCr0Et | cpu::kCr0Ne | cpu::kCr0Wp | cpu::kCr0Pg;
constexpr uint64_t kCr4 = cpu::kCr4Pae | cpu::kCr4Pge | cpu::kCr4Osfxsr | cpu::kCr4Osxmmexcpt;
constexpr uint64_t kEfer = cpu::kEferLme | cpu::kEferLma | cpu::kEferNxe;

struct Colour {
    uint8_t red, green, blue;
};

/// An 8-bit value as a channel of a pixel.
constexpr uint32_t channel(uint8_t value, unsigned shift, unsigned bits) {
    return (bits < 8 ? uint32_t{value} >> (8 - bits) : uint32_t{value} << (bits - 8)) << shift;
}

uint32_t pixel(const BatonFramebuffer& screen, Colour colour) {
    return channel(colour.red, screen.red_shift, screen.red_bits) |
           channel(colour.green, screen.green_shift, screen.green_bits) |
           channel(colour.blue, screen.blue_shift, screen.blue_bits);
}

// Texts and bytes lie in words: the text "" in the first one, and each of them begins with a word.
constexpr std::size_t kWordBytes = sizeof(uint64_t);

uint64_t data_words(const BootRecord::Capacity& capacity) {
    return 1 + align_up(capacity.data_bytes, kWordBytes) / kWordBytes;
}

Result<void> check_room(std::string_view array, uint64_t entries, uint64_t capacity) {
    if (entries > capacity)
        return std::unexpected(Error(ErrorCode::boot_info_full, {entries, capacity}).about(array));
    return {};
}

} // namespace

uint64_t BootRecord::bytes_needed(const Capacity& capacity) {
    return Arena::bytes_for<BatonBootInfo>(1) +
           Arena::bytes_for<BatonKernelSegment>(capacity.segments) +
           Arena::bytes_for<BatonFramebuffer>(capacity.framebuffers) +
           Arena::bytes_for<BatonVideoMode>(capacity.video_modes) +
           Arena::bytes_for<BatonModule>(capacity.modules) +
           Arena::bytes_for<BatonIdentityMapping>(capacity.identity_mappings) +
           Arena::bytes_for<BatonTimeStamp>(capacity.time_stamps) +
           Arena::bytes_for<BatonMemoryRange>(normalised_at_most(capacity.claims)) +
           NormaliseRoom::bytes_needed(capacity.claims) +
           Arena::bytes_for<uint64_t>(data_words(capacity));
}

uint64_t BootRecord::data_bytes(std::initializer_list<std::string_view> texts,
                                std::initializer_list<Bytes> bytes) {
    uint64_t sum = 0;
    for (const std::string_view text : texts)
        sum += text.empty() ? 0 : align_up(text.size() + 1, kWordBytes); // one "" is for all
    for (const Bytes some : bytes)
        sum += align_up(some.size(), kWordBytes);
    return sum;
}

Result<BootRecord> BootRecord::create(std::span<std::byte> memory, PhysAddr physical,
                                      const Layout& layout, const Capacity& capacity) {
    Arena arena(memory);
    const auto info = arena.array<BatonBootInfo>(1);
    const auto segments = arena.array<BatonKernelSegment>(capacity.segments);
    const auto framebuffers = arena.array<BatonFramebuffer>(capacity.framebuffers);
    const auto video_modes = arena.array<BatonVideoMode>(capacity.video_modes);
    const auto modules = arena.array<BatonModule>(capacity.modules);
    const auto identity = arena.array<BatonIdentityMapping>(capacity.identity_mappings);
    const auto time_stamps = arena.array<BatonTimeStamp>(capacity.time_stamps);
    const auto memory_map = arena.array<BatonMemoryRange>(normalised_at_most(capacity.claims));
    const auto normalise_room = NormaliseRoom::create(arena, capacity.claims);
    const auto words = arena.array<uint64_t>(data_words(capacity));
    if (!info || !segments || !framebuffers || !video_modes || !modules || !identity ||
        !time_stamps || !memory_map || !normalise_room || !words)
        return fail(ErrorCode::out_of_memory, {bytes_needed(capacity), 1});

    BootRecord record;
    record.info_ = info->data();
    record.segments_ = *segments;
    record.framebuffers_ = *framebuffers;
    record.video_modes_ = *video_modes;
    record.modules_ = *modules;
    record.identity_mappings_ = *identity;
    record.time_stamps_ = *time_stamps;
    record.memory_map_ = *memory_map;
    record.normalise_room_ = *normalise_room;
    record.data_ = std::as_writable_bytes(*words);
    record.data_used_ = kWordBytes; // zeroes: the text ""
    record.direct_map_offset_ =
        layout.direct_map.base.value + physical.value - reinterpret_cast<uint64_t>(memory.data());
    record.set_constants(layout);
    return record;
}

/// What doesn't depend on the kernel or the firmware: what the loader is, where the arrays are.
void BootRecord::set_constants(const Layout& layout) {
    BatonBootInfo& info = *info_;
    info.magic = BATON_BOOT_INFO_MAGIC;
    info.version = BATON_BOOT_INFO_VERSION;
    info.size = sizeof info;
    copy_text(info.loader_name, "Baton");
    copy_text(info.loader_version, BATON_VERSION);
    info.direct_map_base = layout.direct_map.base.value;
    info.direct_map_bytes = layout.direct_map.bytes;
    info.stack_base = layout.stack.base.value;
    info.stack_bytes = layout.stack.bytes;

    info.memory_map = to_virtual(memory_map_.data()).value;
    info.memory_map_entry_bytes = sizeof(BatonMemoryRange);
    info.kernel_segments = to_virtual(segments_.data()).value;
    info.kernel_segment_entry_bytes = sizeof(BatonKernelSegment);
    info.framebuffers = to_virtual(framebuffers_.data()).value;
    info.framebuffer_entry_bytes = sizeof(BatonFramebuffer);
    info.modules = to_virtual(modules_.data()).value;
    info.module_entry_bytes = sizeof(BatonModule);
    info.identity_mappings = to_virtual(identity_mappings_.data()).value;
    info.identity_mapping_entry_bytes = sizeof(BatonIdentityMapping);
    info.time_stamps = to_virtual(time_stamps_.data()).value;
    info.time_stamp_entry_bytes = sizeof(BatonTimeStamp);

    for (uint64_t* text :
         {&info.command_line, &info.kernel_path, &info.firmware_vendor,
          &info.boot_device.device_path, &info.boot_device.loader_path, &info.previous_boot.text})
        *text = add_text("");
}

VirtAddr BootRecord::to_virtual(const void* pointer) const {
    return {reinterpret_cast<uint64_t>(pointer) + direct_map_offset_};
}

/// Zeroes at a multiple of 8; nothing where there is no room.
std::span<std::byte> BootRecord::take_data(std::size_t bytes) {
    if (bytes > data_.size() - data_used_)
        return {};
    const auto taken = data_.subspan(data_used_, bytes);
    data_used_ += align_up(bytes, kWordBytes); // as are all the bytes that there are
    return taken;
}

uint64_t BootRecord::add_text(std::string_view text) {
    const auto copy = text.empty() ? std::span<std::byte>() : take_data(text.size() + 1);
    if (copy.empty())
        return to_virtual(data_.data()).value;
    std::memcpy(copy.data(), text.data(), text.size()); // the NUL behind it is there
    return to_virtual(copy.data()).value;
}

uint64_t BootRecord::add_path(std::string_view path) {
    const std::size_t start = data_used_;
    const uint64_t address = add_text(path);
    const auto copy = data_.subspan(start, data_used_ - start);
    std::replace(copy.begin(), copy.end(), std::byte{'\\'}, std::byte{'/'});
    return address;
}

uint64_t BootRecord::add_bytes(Bytes bytes) {
    const auto copy = take_data(bytes.size());
    if (copy.empty())
        return 0;
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    return to_virtual(copy.data()).value;
}

Result<void> BootRecord::set_kernel(const LoadPlan& plan) {
    if (auto room = check_room("kernel_segments", plan.segments.size(), segments_.size()); !room)
        return room;
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
    info_->kernel_slide = plan.slide;
    info_->tls = plan.tls;
    if (plan.write_execute_runs != 0)
        info_->flags |= BATON_FLAG_WRITE_EXECUTE;
    if (plan.wants_executable_stack)
        info_->flags |= BATON_FLAG_STACK_EXECUTABLE_WANTED;
    return {};
}

Result<void> BootRecord::add_framebuffer(BatonFramebuffer framebuffer, Bytes edid,
                                         std::span<const BatonVideoMode> modes) {
    const uint64_t index = info_->framebuffer_count;
    if (auto room = check_room("framebuffers", index + 1, framebuffers_.size()); !room)
        return room;
    framebuffer.address = info_->direct_map_base + framebuffer.base_physical;
    framebuffer.edid = add_bytes(edid);
    framebuffer.edid_bytes = framebuffer.edid == 0 ? 0 : static_cast<uint32_t>(edid.size());
    const auto room = video_modes_.subspan(video_mode_count_);
    const std::size_t count = std::min(room.size(), modes.size());
    std::copy_n(modes.begin(), count, room.begin());
    video_mode_count_ += count;
    framebuffer.modes = to_virtual(room.data()).value;
    framebuffer.mode_count = static_cast<uint32_t>(count);
    framebuffer.mode_entry_bytes = sizeof(BatonVideoMode);
    framebuffers_[index] = framebuffer;
    ++info_->framebuffer_count;
    return {};
}

Result<void> BootRecord::add_module(PhysRange contents, std::string_view path,
                                    std::string_view string) {
    const uint64_t index = info_->module_count;
    if (auto room = check_room("modules", index + 1, modules_.size()); !room)
        return room;
    modules_[index] = {.address = info_->direct_map_base + contents.base.value,
                       .base_physical = contents.base.value,
                       .bytes = contents.bytes,
                       .path = add_path(path),
                       .string = add_text(string)};
    ++info_->module_count;
    return {};
}

Result<void> BootRecord::add_identity_mapping(PhysRange range, uint32_t permissions) {
    const uint64_t index = info_->identity_mapping_count;
    if (auto room = check_room("identity_mappings", index + 1, identity_mappings_.size()); !room)
        return room;
    identity_mappings_[index] = {
        .base = range.base.value, .bytes = range.bytes, .permissions = permissions, .reserved = 0};
    ++info_->identity_mapping_count;
    return {};
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
    const auto map = normalise(claims, normalise_room_);
    const uint64_t no_origin = to_virtual(data_.data()).value;
    for (std::size_t i = 0; i < map.size(); ++i) {
        const NormalisedRange& range = map[i];
        memory_map_[i] = {.base_physical = range.range.base.value,
                          .bytes = range.range.bytes,
                          .type = range.type,
                          .firmware_type = range.firmware_type,
                          .attributes = range.attributes,
                          .origin =
                              range.origin == nullptr ? no_origin : to_virtual(range.origin).value};
    }
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
        (*segments)[i] = {.source_physical = BATON_SOURCE_IN_PLACE,
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
    handoff.cr4 = kCr4 | (input.five_level ? cpu::kCr4La57 : 0);
    handoff.efer = kEfer;
    handoff.pat = paging::kPat;
    handoff.time_stamps = input.time_stamps.value;
    handoff.time_stamp_bytes = sizeof(BatonTimeStamp);
    handoff.kernel_stack_base = input.layout.stack.base.value;
    handoff.acknowledgement = input.boot_info.value + offsetof(BatonBootInfo, acknowledged);
    return &handoff;
}

void report_on_screen(BatonHandoff& handoff, const BatonFramebuffer& screen) {
    handoff.framebuffer_physical = screen.base_physical;
    handoff.framebuffer_width = screen.width_pixels;
    handoff.framebuffer_height = static_cast<uint32_t>(std::min<uint64_t>(
        screen.height_pixels, screen.pitch_bytes == 0 ? 0 : screen.bytes / screen.pitch_bytes));
    handoff.framebuffer_pitch_bytes = screen.pitch_bytes;
    handoff.framebuffer_pixel_bytes = screen.bits_per_pixel / 8;
    handoff.framebuffer_foreground = pixel(screen, {0xff, 0xff, 0xff});
    handoff.framebuffer_background = pixel(screen, {0x10, 0x18, 0x50});
}

} // namespace baton
