// SPDX-License-Identifier: BSD-2-Clause
#include "elf/image.hpp"

namespace baton::elf {
namespace {

/// The bytes that say what kind of file it is. A short file is recognised by its first bytes as far
/// as it has them, so that a text file is "no ELF file" and not "too small".
Result<void> check_ident(Bytes head) {
    constexpr uint8_t kMagic[] = {0x7f, 'E', 'L', 'F'};
    uint64_t first_bytes = 0;
    bool matches = true;
    for (std::size_t i = 0; i < sizeof kMagic && i < head.size(); ++i) {
        const auto byte = static_cast<uint8_t>(head[i]);
        first_bytes = first_bytes << 8 | byte;
        matches = matches && byte == kMagic[i];
    }
    if (!matches)
        return fail(ErrorCode::elf_bad_magic, {first_bytes});
    if (head.size() <= EI_VERSION)
        return fail(ErrorCode::elf_too_small, {head.size(), sizeof(Elf64_Ehdr)});
    const auto file_class = static_cast<uint8_t>(head[EI_CLASS]);
    const auto encoding = static_cast<uint8_t>(head[EI_DATA]);
    if (file_class != ELFCLASS64 && file_class != ELFCLASS32)
        return fail(ErrorCode::elf_not_64_bit, {file_class});
    if (encoding != ELFDATA2LSB)
        return fail(ErrorCode::elf_not_little_endian, {encoding});
    return {};
}

/// What both classes' headers have.
struct Fields {
    uint16_t type, machine, header_bytes, program_header_bytes;
    uint32_t version;
};

Result<void> check_kind(const Header& header, const Fields& fields, uint8_t ident_version) {
    const bool is_known =
        fields.machine == EM_X86_64 || (header.is_32_bit && fields.machine == EM_386);
    if (ident_version != EV_CURRENT || fields.version != EV_CURRENT)
        return fail(ErrorCode::elf_bad_version, {ident_version, fields.version});
    if (!is_known)
        return fail(ErrorCode::elf_wrong_machine, {fields.machine});
    if (fields.type != ET_EXEC && fields.type != ET_DYN)
        return fail(ErrorCode::elf_not_executable, {fields.type});
    if (fields.header_bytes != header.header_bytes())
        return fail(ErrorCode::elf_bad_header_size, {fields.header_bytes, header.header_bytes()});
    if (header.program_header_count == 0)
        return fail(ErrorCode::elf_no_program_headers);
    if (header.program_header_count == PN_XNUM)
        return fail(ErrorCode::elf_too_many_program_headers, {header.program_header_count});
    if (fields.program_header_bytes != header.program_header_bytes())
        return fail(ErrorCode::elf_bad_program_header_size,
                    {fields.program_header_bytes, header.program_header_bytes()});
    return {};
}

template<class Ehdr>
Result<Header> parse(Bytes head, uint64_t file_bytes) {
    if (head.size() < sizeof(Ehdr))
        return fail(ErrorCode::elf_too_small, {head.size(), sizeof(Ehdr)});
    const auto file = read_at<Ehdr>(head, 0);
    Header header = {.is_32_bit = sizeof(Ehdr) == sizeof(Elf32_Ehdr),
                     .machine = file.e_machine,
                     .entry = {file.e_entry},
                     .position_independent = file.e_type == ET_DYN,
                     .program_headers_offset = file.e_phoff,
                     .program_header_count = file.e_phnum,
                     .section_headers_offset = file.e_shoff,
                     .section_header_count = file.e_shnum,
                     .section_names_index = file.e_shstrndx};
    TRY(check_kind(header,
                   {.type = file.e_type,
                    .machine = file.e_machine,
                    .header_bytes = file.e_ehsize,
                    .program_header_bytes = file.e_phentsize,
                    .version = file.e_version},
                   file.e_ident[EI_VERSION]));
    if (file.e_shentsize != header.section_header_bytes())
        header.section_header_count = 0;
    if (!fits(file.e_phoff, header.program_headers_bytes(), file_bytes))
        return fail(ErrorCode::elf_program_headers_outside_file,
                    {file.e_phoff, file.e_phnum, file_bytes});
    return header;
}

} // namespace

Result<Header> parse_header(Bytes head, uint64_t file_bytes) {
    TRY(check_ident(head));
    const bool is_32_bit = static_cast<uint8_t>(head[EI_CLASS]) == ELFCLASS32;
    return is_32_bit ? parse<Elf32_Ehdr>(head, file_bytes) : parse<Elf64_Ehdr>(head, file_bytes);
}

Elf64_Phdr Image::program_header(uint32_t index) const {
    const std::size_t offset = index * header_.program_header_bytes();
    if (!header_.is_32_bit)
        return read_at<Elf64_Phdr>(program_headers_, offset);
    const auto header = read_at<Elf32_Phdr>(program_headers_, offset);
    return {.p_type = header.p_type,
            .p_flags = header.p_flags,
            .p_offset = header.p_offset,
            .p_vaddr = header.p_vaddr,
            .p_paddr = header.p_paddr,
            .p_filesz = header.p_filesz,
            .p_memsz = header.p_memsz,
            .p_align = header.p_align};
}

Result<Image> Image::parse(Bytes file) {
    const auto header = TRY(parse_header(file, file.size()));
    return Image(header,
                 file.subspan(header.program_headers_offset, header.program_headers_bytes()),
                 file.size());
}

} // namespace baton::elf
