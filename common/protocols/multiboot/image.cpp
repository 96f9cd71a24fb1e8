// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/multiboot/image.hpp"

#include <algorithm>
#include <cstring>

namespace baton::multiboot {
namespace {

Result<LoadPlan> plan_by_addresses(const KernelFile& file, const Image& image, Arena& arena) {
    constexpr uint32_t kFromBeginning = ~uint32_t{0};
    const Addresses& fields = *image.addresses;
    const auto wrong =
        fail(ErrorCode::multiboot_addresses_wrong,
             {image.header_offset, fields.header, fields.load, fields.load_end, fields.bss_end});
    if (!image.entry)
        return fail(ErrorCode::multiboot_entry_missing);
    // Some kernels have load_addr above header_addr: what is before it isn't loaded.
    const uint64_t load =
        fields.load == kFromBeginning ? uint64_t{fields.header} - image.header_offset : fields.load;
    const uint64_t offset = image.header_offset + load - fields.header;
    if (load > k4GiB.value || offset >= file.size())
        return wrong;
    const uint64_t file_bytes =
        fields.load_end == 0 ? file.size() - offset : fields.load_end - load;
    const uint64_t bytes = fields.bss_end == 0 ? file_bytes : fields.bss_end - load;
    if (file_bytes == 0 || file_bytes > bytes || bytes > k4GiB.value)
        return wrong;
    return plan_flat({.file_offset = offset,
                      .file_bytes = file_bytes,
                      .memory = {{load}, bytes},
                      .entry = {*image.entry}},
                     file.size(), arena);
}

/// A section header, as far as it matters, in both classes.
struct SectionFields {
    uint32_t type;
    uint64_t address, offset, bytes, alignment;
};

SectionFields fields_of(const elf::Header& header, Bytes section) {
    if (!header.is_32_bit) {
        const auto fields = read_at<elf::Elf64_Shdr>(section, 0);
        return {fields.sh_type, fields.sh_addr, fields.sh_offset, fields.sh_size,
                fields.sh_addralign};
    }
    const auto fields = read_at<elf::Elf32_Shdr>(section, 0);
    return {fields.sh_type, fields.sh_addr, fields.sh_offset, fields.sh_size, fields.sh_addralign};
}

void set_address(const elf::Header& header, std::span<std::byte> section, uint64_t address) {
    if (header.is_32_bit)
        std::memcpy(&section[offsetof(elf::Elf32_Shdr, sh_addr)], &address, sizeof(uint32_t));
    else
        std::memcpy(&section[offsetof(elf::Elf64_Shdr, sh_addr)], &address, sizeof address);
}

/// Sections that no segment brings, one after the other.
class SectionLoader {
  public:
    SectionLoader(const KernelFile& file, std::span<std::byte> headers)
        : file_(file),
          header_(file.image().header()),
          headers_(headers) {}

    /// How many bytes they take.
    Result<uint64_t> measure() const {
        uint64_t end = 0;
        uint64_t contents = 0;
        for (uint32_t i = 0; i < header_.section_header_count; ++i) {
            const SectionFields fields = fields_of(header_, section(i));
            if (!is_loaded(fields))
                continue;
            // Together, too, they are a part of the file.
            if (!fits(fields.offset, fields.bytes, file_.size()) ||
                !fits(contents, fields.bytes, file_.size()))
                return fail(ErrorCode::section_outside_file,
                            {i, fields.offset, fields.bytes, file_.size()});
            contents += fields.bytes;
            end = align_up(end, alignment_of(fields)) + fields.bytes;
        }
        return end;
    }

    /// Reads them into `block`, which is of that size.
    Result<void> load(const Block& block) const {
        uint64_t place = 0;
        for (uint32_t i = 0; i < header_.section_header_count; ++i) {
            const SectionFields fields = fields_of(header_, section(i));
            if (!is_loaded(fields))
                continue;
            place = align_up(place, alignment_of(fields));
            TRY(file_.read(fields.offset, block.bytes.subspan(place, fields.bytes)));
            set_address(header_, section(i), block.base.value + place);
            place += fields.bytes;
        }
        return {};
    }

  private:
    std::span<std::byte> section(uint32_t index) const {
        const uint64_t bytes = header_.section_header_bytes();
        return headers_.subspan(index * bytes, bytes);
    }
    static bool is_loaded(const SectionFields& fields) {
        return fields.address == 0 && fields.bytes != 0 && fields.type != elf::SHT_NULL &&
               fields.type != elf::SHT_NOBITS;
    }
    static uint64_t alignment_of(const SectionFields& fields) {
        return is_power_of_two(fields.alignment) ? std::min(fields.alignment, kPageBytes) : 1;
    }

    const KernelFile& file_;
    const elf::Header& header_;
    std::span<std::byte> headers_;
};

} // namespace

Result<LoadPlan> plan(const KernelFile& file, const Image& image, Arena& arena) {
    if (image.addresses)
        return plan_by_addresses(file, image, arena);
    if (file.not_elf())
        return std::unexpected(*file.not_elf());
    return plan_load(
        file.image(),
        {.placement = Placement::physical, .without_paging = true, .entry = image.entry}, arena);
}

Result<std::optional<Sections>> load_sections(const KernelFile& file, FrameSource& frames) {
    if (file.not_elf())
        return std::nullopt;
    const elf::Header& header = file.image().header();
    const uint64_t bytes = header.section_header_count * header.section_header_bytes();
    if (bytes == 0)
        return std::nullopt;
    if (!fits(header.section_headers_offset, bytes, file.size()))
        return fail(ErrorCode::section_outside_file,
                    {0, header.section_headers_offset, bytes, file.size()});
    const FrameRequest request{
        .use = MemoryUse::kernel_symbols, .below = k4GiB, .low_from = kModulesFrom};
    const Block headers = TRY(allocate_block(frames, bytes, request));
    TRY(file.read(header.section_headers_offset, headers.bytes));
    const SectionLoader loader(file, headers.bytes);
    if (const uint64_t contents = TRY(loader.measure()); contents != 0) {
        const Block block = TRY(allocate_block(frames, contents, request));
        TRY(loader.load(block));
    }
    return Sections{.headers = headers.base,
                    .bytes = headers.bytes,
                    .count = header.section_header_count,
                    .entry_bytes = static_cast<uint32_t>(header.section_header_bytes()),
                    .names = header.section_names_index};
}

BasicMemory basic_memory(std::span<const E820Entry> map) {
    constexpr uint64_t kMostLower = 640 << 10;
    constexpr uint64_t kUpper = 1 << 20;
    BasicMemory memory{};
    for (const E820Entry& entry : map) {
        if (entry.type != kE820Memory)
            continue;
        if (entry.base == 0)
            memory.lower_kib = static_cast<uint32_t>(std::min(entry.bytes, kMostLower) >> 10);
        if (entry.base <= kUpper && entry.bytes > kUpper - entry.base)
            memory.upper_kib = static_cast<uint32_t>(
                std::min<uint64_t>((entry.base + entry.bytes - kUpper) >> 10, ~uint32_t{0}));
    }
    return memory;
}

Requests requests(uint32_t width, uint32_t height) {
    Requests requests;
    requests.memory_below = k4GiB;
    requests.modules_from = kModulesFrom;
    if (width != 0 && height != 0)
        requests.framebuffer = {.width = width, .height = height, .required = false};
    return requests;
}

void log_unmet(bool prefers_text, bool kaslr, Log& log) {
    if (prefers_text)
        log.line("the kernel prefers a text mode: the video mode stays as it is");
    if (kaslr)
        log.line("no KASLR: a Multiboot kernel says itself where it may be");
}

} // namespace baton::multiboot
