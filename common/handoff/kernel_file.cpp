// SPDX-License-Identifier: BSD-2-Clause
#include "handoff/kernel_file.hpp"

#include "plan/file_reads.hpp"
#include "plan/other_protocols.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

// What is read first: the headers and notes of most kernels are in it.
constexpr uint64_t kHeadBytes = 2 * kPageBytes;
constexpr uint64_t kLargestNotes = uint64_t{64} << 10;
constexpr uint64_t kMostNotesBytes = uint64_t{1} << 20; // of all segments, in whole pages

struct Head {
    uint64_t file_bytes;
    Bytes bytes;
};

Result<Head> read_head(FileSource& file, FrameSource& frames) {
    const auto size = file.size();
    if (!size)
        return std::unexpected(size.error());
    if (*size == 0)
        return fail(ErrorCode::file_empty);
    const auto head =
        allocate_block(frames, std::min(*size, kHeadBytes), {.origin = "kernel headers"});
    if (!head)
        return std::unexpected(head.error());
    if (auto read = file.read(0, head->bytes); !read)
        return std::unexpected(read.error());
    return Head{.file_bytes = *size, .bytes = head->bytes};
}

} // namespace

Result<KernelFile> KernelFile::open(FileSource& given, FrameSource& frames,
                                    std::optional<DecompressedFile>& decompressed) {
    FileSource* file = &given;
    auto head = read_head(*file, frames);
    if (head && compression_of(head->bytes) != Compression::none) {
        const auto content = DecompressedFile::open(given, frames);
        if (!content)
            return std::unexpected(content.error());
        file = &decompressed.emplace(*content);
        head = read_head(*file, frames);
    }
    if (!head)
        return std::unexpected(head.error());
    const auto header = elf::parse_header(head->bytes, head->file_bytes);
    if (!header)
        return std::unexpected(header.error().of_kernel_with(find_other_protocols(head->bytes)));

    // Both headers in one piece: the kernel gets them so.
    const uint64_t table_bytes = header->program_headers_bytes();
    const auto headers =
        allocate_block(frames, sizeof(elf::Elf64_Ehdr) + table_bytes, {.origin = "kernel headers"});
    if (!headers)
        return std::unexpected(headers.error());
    std::memcpy(headers->bytes.data(), head->bytes.data(), sizeof(elf::Elf64_Ehdr));
    const auto table = headers->bytes.subspan(sizeof(elf::Elf64_Ehdr));
    if (auto read = file->read(header->program_headers_offset, table); !read)
        return std::unexpected(read.error());
    return KernelFile(*file, head->file_bytes, frames, head->bytes, headers->bytes,
                      elf::Image(*header, table, head->file_bytes));
}

/// A part of the file, which the caller has checked to be in it.
Result<Bytes> KernelFile::bytes(uint64_t offset, uint64_t count) const {
    if (fits(offset, count, head_.size()))
        return head_.subspan(offset, count);
    const auto memory = allocate_block(*frames_, count, {.origin = "kernel headers"});
    if (!memory)
        return std::unexpected(memory.error());
    if (auto read = file_->read(offset, memory->bytes); !read)
        return std::unexpected(read.error());
    return Bytes(memory->bytes);
}

Result<Requests> KernelFile::read_requests() const {
    Requests requests;
    auto arena = allocate_arena(*frames_, Arena::bytes_for<RequestedModule>(kMaxRequestedModules));
    if (!arena)
        return std::unexpected(arena.error());
    const auto room = arena->array<RequestedModule>(kMaxRequestedModules);
    if (!room)
        return std::unexpected(room.error());
    requests.modules = *room;

    uint64_t total = 0;
    for (uint32_t i = 0; i < image_.program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image_.program_header(i);
        if (header.p_type != elf::PT_NOTE || header.p_filesz == 0)
            continue;
        if (header.p_filesz > kLargestNotes)
            return fail(ErrorCode::notes_too_large, {i, header.p_filesz, kLargestNotes});
        if (!fits(header.p_offset, header.p_filesz, size_))
            return fail(ErrorCode::segment_outside_file,
                        {i, header.p_offset, header.p_filesz, size_});
        total += pages_for(header.p_filesz) * kPageBytes;
        if (total > kMostNotesBytes)
            return fail(ErrorCode::notes_too_many, {i, total, kMostNotesBytes});
        const auto segment = bytes(header.p_offset, header.p_filesz);
        if (!segment)
            return std::unexpected(segment.error());
        if (auto taken = take_notes({*segment, header.p_align, i}, requests); !taken)
            return std::unexpected(taken.error());
    }
    return requests;
}

OtherProtocols KernelFile::other_protocols() const {
    const auto head = bytes(0, std::min(size_, kOtherProtocolBytes));
    return find_other_protocols(head ? *head : head_);
}

OtherProtocols KernelFile::other_protocols_in_memory(const LoadPlan& plan) const {
    OtherProtocols found = find_other_protocols(head_);
    for (const Segment& segment : plan.segments) {
        if (segment.file_bytes == 0 || segment.file_offset >= kOtherProtocolBytes)
            continue;
        const uint64_t bytes =
            std::min(segment.file_bytes, kOtherProtocolBytes - segment.file_offset);
        const std::byte* const loaded = frames_->access(plan.physical(segment.memory.base));
        found.add(find_other_protocols({loaded, bytes}, segment.file_offset));
    }
    return found;
}

Result<uint64_t> KernelFile::read_segments(const LoadPlan& plan) const {
    uint64_t total = 0;
    FileReads reads(plan);
    while (const auto part = reads.next()) {
        const std::span into(frames_->access(part->destination), part->bytes);
        if (auto read = file_->read(part->offset, into); !read)
            return std::unexpected(read.error());
        total += part->bytes;
    }
    return total;
}

Result<Block> KernelFile::read_whole() const {
    const auto memory = allocate_block(*frames_, size_, {.origin = "kernel file"});
    if (!memory)
        return memory;
    if (auto read = file_->read(0, memory->bytes); !read)
        return std::unexpected(read.error());
    std::fill_n(memory->bytes.data() + size_, pages_for(size_) * kPageBytes - size_, std::byte{0});
    return memory;
}

Result<std::optional<KernelFile::Symbols>> KernelFile::read_symbols() const {
    const elf::Header& header = image_.header();
    const uint64_t table_bytes = uint64_t{header.section_header_count} * sizeof(elf::Elf64_Shdr);
    if (table_bytes == 0)
        return std::nullopt;
    if (!fits(header.section_headers_offset, table_bytes, size_))
        return fail(ErrorCode::section_headers_outside_file,
                    {header.section_headers_offset, header.section_header_count, size_});
    const auto table = bytes(header.section_headers_offset, table_bytes);
    if (!table)
        return std::unexpected(table.error());
    const auto section = [&](uint32_t index) {
        return read_at<elf::Elf64_Shdr>(*table, index * sizeof(elf::Elf64_Shdr));
    };
    for (uint32_t i = 0; i < header.section_header_count; ++i) {
        const elf::Elf64_Shdr symbols = section(i);
        if (symbols.sh_type != elf::SHT_SYMTAB || symbols.sh_link >= header.section_header_count)
            continue;
        const elf::Elf64_Shdr strings = section(symbols.sh_link);
        if (strings.sh_type != elf::SHT_STRTAB || symbols.sh_size == 0 || strings.sh_size == 0)
            continue;
        Symbols result;
        const auto load = [&](uint32_t index, Block& into) -> Result<void> {
            const elf::Elf64_Shdr from = section(index);
            if (!fits(from.sh_offset, from.sh_size, size_))
                return fail(ErrorCode::symbol_table_outside_file,
                            {index, from.sh_offset, from.sh_size, size_});
            const auto memory =
                allocate_block(*frames_, from.sh_size, {.origin = "kernel symbols"});
            if (!memory)
                return std::unexpected(memory.error());
            into = *memory;
            return file_->read(from.sh_offset, into.bytes);
        };
        if (auto loaded = load(i, result.symbols); !loaded)
            return std::unexpected(loaded.error());
        if (auto loaded = load(symbols.sh_link, result.strings); !loaded)
            return std::unexpected(loaded.error());
        return result;
    }
    return std::nullopt;
}

} // namespace baton
