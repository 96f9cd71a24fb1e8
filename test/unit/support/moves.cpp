// SPDX-License-Identifier: BSD-2-Clause
#include "support/moves.hpp"

#include "abi/handoff.h"
#include "support/page_walker.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace baton::test {
namespace {

constexpr uint64_t kVirtual = 0xffff'ffff'8000'0000;
constexpr uint64_t kStart = FakePlatform::kMemory.base.value;
constexpr uint64_t kBytes = FakePlatform::kMemory.bytes;
constexpr uint64_t kBeyond = 0x2000; // of where segments may be asked for on either side
constexpr uint64_t kTop = 0x20'0000;
constexpr uint64_t kLargestPart = 0x1'0000;

class NoLines final : public LineSink {
    void write_line(std::string_view /*text*/) override {}
    void write_private_line(std::string_view /*text*/) override {}
};

uint64_t no_ticks() {
    return 1;
}

/// Nobody runs it.
Buffer stage2_blob() {
    constexpr uint32_t kFileBytes = 0x3000;
    const BatonStage2Header header{.magic = BATON_STAGE2_MAGIC,
                                   .version_major = BATON_HANDOFF_VERSION_MAJOR,
                                   .version_minor = BATON_HANDOFF_VERSION_MINOR,
                                   .header_bytes = sizeof(BatonStage2Header),
                                   .entry64_offset = 0x100,
                                   .entry32_offset = 0x200,
                                   .load_bytes = kFileBytes,
                                   .memory_bytes = 0x8000,
                                   .writable_offset = kFileBytes,
                                   .alignment = kPageBytes,
                                   .crash_record_offset = kFileBytes,
                                   .crash_record_bytes = sizeof(BatonCrashRecord),
                                   .build_id_offset = 0x80,
                                   .build_id_bytes = 20,
                                   .trampoline_offset = 0x1000,
                                   .trampoline_bytes = 0x180};
    Buffer blob(kFileBytes);
    std::memcpy(blob.data(), &header, sizeof header);
    return blob;
}

Buffer content_of(std::size_t bytes, uint64_t key) {
    Buffer content(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        content[i] = static_cast<std::byte>(i * 7 + (i >> 8) + key * 41 + 1);
    return content;
}

void append_note(Buffer& bytes, std::string_view owner, uint32_t type, const Buffer& descriptor) {
    append(bytes, static_cast<uint32_t>(owner.size() + 1));
    append(bytes, static_cast<uint32_t>(descriptor.size()));
    append(bytes, type);
    for (const char character : owner)
        append(bytes, character);
    bytes.resize((bytes.size() + 4) / 4 * 4);
    bytes.insert(bytes.end(), descriptor.begin(), descriptor.end());
}

/// Whether the kernel, stage 2, or what they read lies in blocks for it.
bool must_stay(MemoryUse use) {
    switch (use) {
    case MemoryUse::kernel_symbols:
    case MemoryUse::kernel_file:
    case MemoryUse::module:
    case MemoryUse::kernel_stack:
    case MemoryUse::page_tables:
    case MemoryUse::stage2:
    case MemoryUse::handoff_record:
    case MemoryUse::boot_info:
    case MemoryUse::firmware_map:
        return true;
    default:
        return false;
    }
}

} // namespace

Moves::Outcome Moves::run(Numbers& numbers) {
    platform_.restart();
    platform_.elsewhere.clear();
    platform_.files.clear();
    booted_.reset();
    occupy_memory(numbers);
    make_kernel(numbers);
    make_modules(numbers);
    Outcome outcome;
    outcome.error = boot();
    if (!outcome.error)
        replay(outcome);
    return outcome;
}

/// Some of it for ever, some until the firmware is gone.
void Moves::occupy_memory(Numbers& numbers) {
    for (uint64_t i = numbers.below(12); i > 0; --i) {
        const uint64_t first = numbers.below(2) == 0 ? kStart : kStart + kBytes - kTop;
        const PhysAddr base{first + align_down(numbers.below(kStart + kBytes - first), kPageBytes)};
        const uint64_t pages = 1 + numbers.below(64);
        if (!platform_.frames().allocate({.pages = pages, .at = base}))
            continue;
        if (numbers.below(3) == 0)
            platform_.elsewhere.push_back(
                {.range = {base, pages * kPageBytes}, .type = BATON_MEMORY_RUNTIME_SERVICES});
    }
}

Moves::Part Moves::make_part(Numbers& numbers, std::size_t index) const {
    // Half of them are where the loader's memory is handed out.
    const uint64_t first = numbers.below(2) == 0 ? kStart - kBeyond : kStart + kBytes - kTop;
    uint64_t physical = first + numbers.below(kStart + kBytes + kBeyond - first);
    if (numbers.below(4) != 0)
        physical = align_down(physical, kPageBytes);
    // Half of them as far from each other as in physical memory.
    const uint64_t distance = kind_ != Kind::plain && numbers.below(2) == 0
                                  ? physical - align_down(kStart - kBeyond, kPageBytes)
                                  : (64 + index) * 0x10'0000 + physical % kPageBytes;
    const uint64_t memory_bytes = 1 + numbers.below(kLargestPart);
    const uint64_t file_bytes = numbers.below(4) == 0 ? 0 : 1 + numbers.below(memory_bytes);
    constexpr uint32_t kFlags[] = {elf::PF_R, elf::PF_R | elf::PF_W, elf::PF_R | elf::PF_X};
    Part part{.virtual_base = kVirtual + distance,
              .physical = physical,
              .memory_bytes = memory_bytes,
              .content = content_of(file_bytes, index),
              .flags = kFlags[numbers.below(3)]};
    if (index == 0) { // where it is entered
        part.flags = elf::PF_R | elf::PF_X;
        if (part.content.empty())
            part.content = content_of(1, index);
    }
    return part;
}

Buffer Moves::make_notes() const {
    Buffer notes, descriptor;
    if (kind_ == Kind::pvh) {
        append(descriptor, parts_[0].physical);
        append_note(notes, "Xen", 18, descriptor);
    } else if (kind_ != Kind::plain) {
        append(descriptor, kind_ == Kind::physical_required ? BATON_REQUEST_REQUIRED : 0);
        append(descriptor, uint64_t{1});
        append(descriptor, uint64_t{0});
        append_note(notes, BATON_REQUEST_OWNER, BATON_REQUEST_PHYSICAL, descriptor);
    }
    return notes;
}

void Moves::make_kernel(Numbers& numbers) {
    kind_ = static_cast<Kind>(numbers.below(4));
    parts_.clear();
    for (uint64_t i = 1 + numbers.below(5); i > 0; --i)
        parts_.push_back(make_part(numbers, parts_.size()));
    ElfBuilder elf;
    elf.entry(parts_[0].virtual_base);
    uint64_t offset = kPageBytes;
    const auto add = [&](uint32_t type, const Part& part) {
        elf.add({.p_type = type,
                 .p_flags = part.flags,
                 .p_offset = offset,
                 .p_vaddr = part.virtual_base,
                 .p_paddr = part.physical,
                 .p_filesz = part.content.size(),
                 .p_memsz = part.memory_bytes,
                 .p_align = 4});
        offset += part.content.size();
    };
    for (const Part& part : parts_)
        add(elf::PT_LOAD, part);
    const Buffer notes = make_notes();
    add(elf::PT_NOTE, {0, 0, notes.size(), notes, elf::PF_R});
    Buffer file = elf.build(offset);
    auto at = file.begin() + kPageBytes;
    for (const Part& part : parts_)
        at = std::ranges::copy(part.content, at).out;
    std::ranges::copy(notes, at);
    platform_.files["\\kernel"] = file;
}

void Moves::make_modules(Numbers& numbers) {
    modules_.clear();
    module_paths_.clear();
    module_contents_.clear();
    for (uint64_t i = numbers.below(3); i > 0; --i) {
        module_contents_.push_back(content_of(numbers.below(100'000), 100 + i));
        module_paths_.push_back("\\module" + std::to_string(i));
        platform_.files[module_paths_.back()] = module_contents_.back();
    }
    for (const std::string& path : module_paths_)
        modules_.push_back({.path = path, .string = {}});
}

std::optional<ErrorCode> Moves::boot() {
    static const Buffer stage2 = stage2_blob();
    BootEntry entry;
    entry.kernel = "\\kernel";
    entry.modules = modules_;
    std::array<char, 4096> log_memory{};
    NoLines lines;
    Log log(lines, {.read = no_ticks, .start = 0, .hz = 1}, log_memory);
    RandomNumbers random{.seed = {}, .slide = 0, .from_firmware = false, .from_processor = false};
    const PreviousBoot previous;
    const BootInput input{.platform = platform_,
                          .entry = entry,
                          .log = log,
                          .stage2 = stage2,
                          .processor = {.huge_pages = true, .five_level_paging = false},
                          .random = random,
                          .ports = {},
                          .previous = previous,
                          .path = BATON_BOOT_PATH_UEFI};
    FrameArena arena(platform_.frames());
    const auto prepared = prepare_boot(input, arena);
    if (!prepared)
        return prepared.error().code;
    booted_ = *prepared;
    const auto finished = finish_boot(input, *booted_);
    return finished ? std::nullopt : std::optional(finished.error().code);
}

/// Where a byte of a segment goes; 0: nowhere.
uint64_t Moves::place_of(const BatonHandoffSegment& segment, uint64_t offset) {
    const BatonHandoff& record = *booted_->stage2.handoff.record;
    if (record.kernel_mode == BATON_KERNEL_32_BIT)
        return segment.destination + offset;
    PageWalker walker([this](uint64_t physical) { return platform_.read(physical); },
                      record.page_table_root, record.pat);
    const auto page = walker.translate(segment.destination + offset);
    return page ? page->physical : 0;
}

/// `index`: of the segment that is copied.
void Moves::check_write(PhysRange range, std::size_t index, Outcome& outcome) {
    const auto segments = booted_->stage2.handoff.segments;
    if (!fits(range.base.value - kStart, range.bytes, kBytes))
        outcome.broken = "a write outside of memory";
    for (const TypedRange& other : platform_.elsewhere)
        if (other.range.overlaps(range))
            outcome.broken = "a write to memory that is not the loader's";
    for (const FrameBlock& block : platform_.dryable.blocks)
        if (must_stay(block.use) && block.range.overlaps(range))
            outcome.broken = std::string("a write over ") + block.label;
    for (std::size_t i = index; i < segments.size(); ++i)
        if (segments[i].source_physical != BATON_SOURCE_IN_PLACE &&
            PhysRange{{segments[i].source_physical}, segments[i].file_bytes}.overlaps(range))
            outcome.broken = "a write over a source that is not read yet";
}

/// By pages, as they are mapped.
void Moves::execute(std::size_t index, Outcome& outcome) {
    const BatonHandoffSegment& segment = booted_->stage2.handoff.segments[index];
    const bool is_in_place = segment.source_physical == BATON_SOURCE_IN_PLACE;
    for (uint64_t offset = is_in_place ? segment.file_bytes : 0; offset < segment.memory_bytes;) {
        const bool is_file = offset < segment.file_bytes;
        const uint64_t to_page = kPageBytes - (segment.destination + offset) % kPageBytes;
        const uint64_t left = (is_file ? segment.file_bytes : segment.memory_bytes) - offset;
        const uint64_t bytes = std::min(to_page, left);
        const uint64_t place = place_of(segment, offset);
        check_write({{place}, bytes}, index, outcome);
        if (!outcome.broken.empty())
            return;
        if (is_file)
            std::memcpy(memory(place), memory(segment.source_physical + offset), bytes);
        else
            std::memset(memory(place), 0, bytes);
        offset += bytes;
    }
}

/// All of it, once everything is in its place.
void Moves::check_contents(Outcome& outcome) {
    for (std::size_t i = 0; i < planned_.size(); ++i) {
        const Part& part = parts_[planned_[i].program_header];
        const BatonHandoffSegment& segment = booted_->stage2.handoff.segments[i];
        uint64_t place = 0;
        for (uint64_t offset = 0; offset < part.memory_bytes; ++offset) {
            const bool begins_page =
                offset == 0 || (segment.destination + offset) % kPageBytes == 0;
            place = begins_page ? place_of(segment, offset) : place + 1;
            const std::byte wanted =
                offset < part.content.size() ? part.content[offset] : std::byte{0};
            if (*memory(place) != wanted)
                outcome.broken = "a byte of a segment is not what it should be";
            if (booted_->kernel.plan.placement == Placement::physical &&
                place != part.physical + offset)
                outcome.broken = "a byte of a segment is not at p_paddr";
        }
    }
    for (std::size_t i = 0; i < modules_.size(); ++i) {
        const PhysRange contents = loaded_modules_[i].contents;
        if (!std::ranges::equal(module_contents_[i],
                                std::span(memory(contents.base.value), contents.bytes)))
            outcome.broken = "a module is not what it should be";
    }
}

void Moves::replay(Outcome& outcome) {
    const auto segments = booted_->stage2.handoff.segments;
    // These lie in memory that the kernel may be moved to: nobody needs them any more.
    planned_.assign(booted_->kernel.plan.segments.begin(), booted_->kernel.plan.segments.end());
    loaded_modules_.assign(booted_->modules.begin(), booted_->modules.end());
    outcome.is_32_bit = booted_->stage2.handoff.record->kernel_mode == BATON_KERNEL_32_BIT;
    for (std::size_t i = 0; i < segments.size() && outcome.broken.empty(); ++i) {
        outcome.is_moved |= segments[i].source_physical != BATON_SOURCE_IN_PLACE;
        execute(i, outcome);
    }
    if (outcome.broken.empty())
        check_contents(outcome);
}

} // namespace baton::test
