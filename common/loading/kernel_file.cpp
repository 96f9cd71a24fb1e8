// SPDX-License-Identifier: BSD-2-Clause
#include "loading/kernel_file.hpp"

#include "core/bytes.hpp"
#include "plan/file_reads.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

// What is read first: the headers and notes of most kernels are in it.
constexpr uint64_t kHeadBytes = 2 * kPageBytes;

struct Head {
    uint64_t file_bytes;
    Bytes bytes;
};

Result<Head> read_head(FileSource& file, Arena& arena) {
    const uint64_t size = TRY(file.size());
    if (size == 0)
        return fail(ErrorCode::file_empty);
    const auto head = TRY(arena.scratch<std::byte>(std::min(size, kHeadBytes)));
    TRY(file.read(0, head));
    return Head{.file_bytes = size, .bytes = head};
}

} // namespace

Result<KernelFile> KernelFile::open(FileSource& given, FrameSource& frames, Arena& arena) {
    FileSource* file = &given;
    DecompressedFile* decompressed = nullptr;
    Head head = TRY(read_head(*file, arena));
    if (compression_of(head.bytes) != Compression::none) {
        const DecompressedFile content = TRY(DecompressedFile::open(given, frames));
        decompressed = TRY(arena.make<DecompressedFile>(content));
        file = decompressed;
        head = TRY(read_head(*file, arena));
    }
    const auto header = elf::parse_header(head.bytes, head.file_bytes);
    if (!header) {
        KernelFile kernel(*file, decompressed, frames, arena, head.bytes, {},
                          elf::Image({}, {}, head.file_bytes));
        kernel.not_elf_ = header.error();
        return kernel;
    }

    // Both headers in one piece: the kernel gets them so.
    const auto headers =
        TRY(arena.scratch<std::byte>(header->header_bytes() + header->program_headers_bytes()));
    std::memcpy(headers.data(), head.bytes.data(), header->header_bytes());
    const auto table = headers.subspan(header->header_bytes());
    TRY(file->read(header->program_headers_offset, table));
    return KernelFile(*file, decompressed, frames, arena, head.bytes, headers,
                      elf::Image(*header, table, head.file_bytes));
}

Result<Bytes> KernelFile::first(uint64_t count) const {
    count = std::min(count, size());
    if (count > head_.size()) {
        const auto more = TRY(arena_->scratch<std::byte>(count));
        std::ranges::copy(head_, more.begin());
        TRY(file_->read(head_.size(), more.subspan(head_.size())));
        head_ = more;
    }
    return head_.first(count);
}

Result<Bytes> KernelFile::bytes(uint64_t offset, uint64_t count) const {
    if (fits(offset, count, head_.size()))
        return head_.subspan(offset, count);
    if (const Bytes bytes = kept(offset, count); !bytes.empty())
        return bytes;
    const auto memory = TRY(arena_->scratch<std::byte>(count));
    TRY(file_->read(offset, memory));
    return Bytes(memory);
}

Result<bool> KernelFile::keep_segments() const {
    constexpr uint64_t kMostElse = uint64_t{1} << 20;
    constexpr uint64_t kMost = uint64_t{256} << 20;
    uint64_t first = size();
    uint64_t end = 0;
    uint64_t total = 0;
    for (uint32_t i = 0; i < image_.program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image_.program_header(i);
        if (header.p_type != elf::PT_LOAD || header.p_memsz == 0 || header.p_filesz == 0)
            continue;
        first = std::min(first, header.p_offset);
        end = std::max(end, header.p_offset + header.p_filesz);
        total += header.p_filesz;
    }
    if (end <= first || end - first > std::min(total + kMostElse, kMost))
        return false;
    const Block memory =
        TRY(allocate_block(*frames_, end - first, {.use = MemoryUse::read_buffer}));
    TRY(file_->read(first, memory.bytes));
    kept_ = memory.bytes;
    kept_offset_ = first;
    return true;
}

Result<void> KernelFile::read(uint64_t offset, std::span<std::byte> into) const {
    const Bytes bytes = kept(offset, into.size());
    if (bytes.empty())
        return file_->read(offset, into);
    std::ranges::copy(bytes, into.begin());
    return {};
}

Result<uint64_t> KernelFile::read_segments(const LoadPlan& plan) const {
    uint64_t total = 0;
    FileReads reads(plan);
    while (const auto part = reads.next()) {
        TRY(read(part->offset, {frames_->access(part->destination), part->bytes}));
        total += part->bytes;
    }
    return total;
}

Result<Block> KernelFile::read_whole() const {
    const Block memory = TRY(allocate_block(*frames_, size(), {.use = MemoryUse::kernel_file}));
    TRY(file_->read(0, memory.bytes));
    std::fill_n(memory.bytes.data() + size(), pages_for(size()) * kPageBytes - size(),
                std::byte{0});
    return memory;
}

/// A section that the section headers say is in the file.
Result<Block> KernelFile::read_section(const elf::Elf64_Shdr& section, uint32_t index) const {
    if (!fits(section.sh_offset, section.sh_size, size()))
        return fail(ErrorCode::symbol_table_outside_file,
                    {index, section.sh_offset, section.sh_size, size()});
    const Block memory =
        TRY(allocate_block(*frames_, section.sh_size, {.use = MemoryUse::kernel_symbols}));
    TRY(file_->read(section.sh_offset, memory.bytes));
    return memory;
}

Result<std::optional<KernelFile::Symbols>> KernelFile::read_symbols() const {
    const elf::Header& header = image_.header();
    const uint64_t table_bytes = uint64_t{header.section_header_count} * sizeof(elf::Elf64_Shdr);
    if (table_bytes == 0)
        return std::nullopt;
    if (!fits(header.section_headers_offset, table_bytes, size()))
        return fail(ErrorCode::section_headers_outside_file,
                    {header.section_headers_offset, header.section_header_count, size()});
    const Bytes table = TRY(bytes(header.section_headers_offset, table_bytes));
    const auto section = [&](uint32_t index) {
        return read_at<elf::Elf64_Shdr>(table, index * sizeof(elf::Elf64_Shdr));
    };
    for (uint32_t i = 0; i < header.section_header_count; ++i) {
        const elf::Elf64_Shdr symbols = section(i);
        if (symbols.sh_type != elf::SHT_SYMTAB || symbols.sh_link >= header.section_header_count)
            continue;
        const elf::Elf64_Shdr strings = section(symbols.sh_link);
        if (strings.sh_type != elf::SHT_STRTAB || symbols.sh_size == 0 || strings.sh_size == 0)
            continue;
        const Block symbol_block = TRY(read_section(symbols, i));
        return Symbols{symbol_block, TRY(read_section(strings, symbols.sh_link))};
    }
    return std::nullopt;
}

} // namespace baton
