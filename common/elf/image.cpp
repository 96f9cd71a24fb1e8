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
    if (file_class != ELFCLASS64)
        return fail(ErrorCode::elf_not_64_bit, {file_class});
    if (encoding != ELFDATA2LSB)
        return fail(ErrorCode::elf_not_little_endian, {encoding});
    return {};
}

Result<void> check_kind(const Elf64_Ehdr& header) {
    if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT)
        return fail(ErrorCode::elf_bad_version, {header.e_ident[EI_VERSION], header.e_version});
    if (header.e_machine != EM_X86_64)
        return fail(ErrorCode::elf_wrong_machine, {header.e_machine});
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return fail(ErrorCode::elf_not_executable, {header.e_type});
    if (header.e_ehsize != sizeof(Elf64_Ehdr))
        return fail(ErrorCode::elf_bad_header_size, {header.e_ehsize, sizeof(Elf64_Ehdr)});
    return {};
}

} // namespace

Result<Header> parse_header(Bytes head, uint64_t file_bytes) {
    TRY(check_ident(head));
    if (head.size() < sizeof(Elf64_Ehdr))
        return fail(ErrorCode::elf_too_small, {head.size(), sizeof(Elf64_Ehdr)});
    const auto header = read_at<Elf64_Ehdr>(head, 0);
    TRY(check_kind(header));

    if (header.e_phnum == 0)
        return fail(ErrorCode::elf_no_program_headers);
    if (header.e_phnum == PN_XNUM)
        return fail(ErrorCode::elf_too_many_program_headers, {header.e_phnum});
    if (header.e_phentsize != sizeof(Elf64_Phdr))
        return fail(ErrorCode::elf_bad_program_header_size,
                    {header.e_phentsize, sizeof(Elf64_Phdr)});
    const Header checked = {.entry = {header.e_entry},
                            .position_independent = header.e_type == ET_DYN,
                            .program_headers_offset = header.e_phoff,
                            .program_header_count = header.e_phnum,
                            .section_headers_offset = header.e_shoff,
                            .section_header_count = header.e_shentsize == sizeof(Elf64_Shdr)
                                                        ? header.e_shnum
                                                        : uint32_t{0}};
    if (!fits(header.e_phoff, checked.program_headers_bytes(), file_bytes))
        return fail(ErrorCode::elf_program_headers_outside_file,
                    {header.e_phoff, header.e_phnum, file_bytes});
    return checked;
}

Result<Image> Image::parse(Bytes file) {
    const auto header = TRY(parse_header(file, file.size()));
    return Image(header,
                 file.subspan(header.program_headers_offset, header.program_headers_bytes()),
                 file.size());
}

} // namespace baton::elf
