// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/kernel_file.hpp"

#include "plan/file_reads.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

// What is read first: the headers and notes of most kernels are in it.
constexpr uint64_t kHeadBytes = 2 * kPageBytes;
constexpr uint64_t kLargestNotes = uint64_t{64} << 10;

Result<std::span<std::byte>> allocate_bytes(FrameSource& frames, uint64_t bytes,
                                            const char* origin) {
    const auto base =
        frames.allocate({.pages = std::max<uint64_t>(pages_for(bytes), 1), .origin = origin});
    if (!base)
        return std::unexpected(base.error());
    return std::span(frames.access(*base), bytes);
}

} // namespace

Result<KernelFile> KernelFile::open(const File& volume, std::string_view path, FileReader& reader) {
    FrameSource& frames = reader.frames();
    auto file = volume.open(path, frames);
    if (!file && file.error().code == ErrorCode::file_not_found)
        return std::unexpected(
            Error(ErrorCode::kernel_not_found, {file.error().numbers[0]}).about(path));
    if (!file)
        return std::unexpected(file.error());
    const auto size = file->size();
    if (!size)
        return std::unexpected(size.error().about(path));
    const auto head = allocate_bytes(frames, std::min(*size, kHeadBytes), "kernel headers");
    if (!head)
        return std::unexpected(head.error());
    if (auto read = file->read(0, *head); !read)
        return std::unexpected(read.error().about(path));
    const auto header = elf::parse_header(*head, *size);
    if (!header)
        return std::unexpected(header.error().about(path));

    // Both headers in one piece: the kernel gets them so.
    const uint64_t table_bytes = header->program_headers_bytes();
    const auto headers =
        allocate_bytes(frames, sizeof(elf::Elf64_Ehdr) + table_bytes, "kernel headers");
    if (!headers)
        return std::unexpected(headers.error());
    std::memcpy(headers->data(), head->data(), sizeof(elf::Elf64_Ehdr));
    const auto table = headers->subspan(sizeof(elf::Elf64_Ehdr));
    if (auto read = file->read(header->program_headers_offset, table); !read)
        return std::unexpected(read.error().about(path));
    return KernelFile(std::move(*file), *size, reader, *head, *headers,
                      elf::Image(*header, table, *size));
}

/// A part of the file, which the caller has checked to be in it.
Result<Bytes> KernelFile::bytes(uint64_t offset, uint64_t count) const {
    if (fits(offset, count, head_.size()))
        return head_.subspan(offset, count);
    const auto memory = allocate_bytes(reader_->frames(), count, "kernel headers");
    if (!memory)
        return std::unexpected(memory.error());
    if (auto read = file_.read(offset, *memory); !read)
        return std::unexpected(read.error());
    return Bytes(*memory);
}

Result<Wishes> KernelFile::read_wishes() const {
    Wishes wishes;
    const auto modules = allocate_bytes(
        reader_->frames(), Arena::bytes_for<WishedModule>(kMaxWishedModules), "workspace");
    if (!modules)
        return std::unexpected(modules.error());
    Arena arena(*modules);
    const auto room = arena.array<WishedModule>(kMaxWishedModules);
    if (!room)
        return std::unexpected(room.error());
    wishes.modules = *room;

    for (uint32_t i = 0; i < image_.program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image_.program_header(i);
        if (header.p_type != elf::PT_NOTE || header.p_filesz == 0)
            continue;
        if (header.p_filesz > kLargestNotes)
            return fail(ErrorCode::notes_too_large, {i, header.p_filesz, kLargestNotes});
        if (!fits(header.p_offset, header.p_filesz, size_))
            return fail(ErrorCode::segment_outside_file,
                        {i, header.p_offset, header.p_filesz, size_});
        const auto segment = bytes(header.p_offset, header.p_filesz);
        if (!segment)
            return std::unexpected(segment.error());
        if (auto taken = take_notes({*segment, header.p_align, i}, wishes); !taken)
            return std::unexpected(taken.error());
    }
    return wishes;
}

Result<uint64_t> KernelFile::read_segments(const LoadPlan& plan) const {
    uint64_t total = 0;
    FileReads reads(plan);
    while (const auto part = reads.next()) {
        const std::span into(reader_->frames().access(part->destination), part->bytes);
        if (auto read = reader_->read(file_, part->offset, into); !read)
            return std::unexpected(read.error());
        total += part->bytes;
    }
    return total;
}

Result<std::span<std::byte>> KernelFile::read_whole() const {
    const auto memory = allocate_bytes(reader_->frames(), size_, "kernel file");
    if (!memory)
        return memory;
    if (auto read = reader_->read(file_, 0, *memory); !read)
        return std::unexpected(read.error());
    std::fill_n(memory->data() + size_, pages_for(size_) * kPageBytes - size_, std::byte{0});
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
        const auto load = [&](uint32_t index, std::span<std::byte>& into) -> Result<void> {
            const elf::Elf64_Shdr from = section(index);
            if (!fits(from.sh_offset, from.sh_size, size_))
                return fail(ErrorCode::symbol_table_outside_file,
                            {index, from.sh_offset, from.sh_size, size_});
            const auto memory = allocate_bytes(reader_->frames(), from.sh_size, "kernel symbols");
            if (!memory)
                return std::unexpected(memory.error());
            into = *memory;
            return reader_->read(file_, from.sh_offset, into);
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
