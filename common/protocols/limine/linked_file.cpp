// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/limine/linked_file.hpp"

#include "plan/slide.hpp"

#include <algorithm>

namespace baton {

bool LinkedFile::can_be_limine() const {
    if (file_.not_elf() || file_.image().header().is_32_bit)
        return false;
    const elf::Header& header = file_.image().header();
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < header.program_header_count; ++i) {
        const elf::Elf64_Phdr segment = file_.image().program_header(i);
        if (segment.p_type != elf::PT_LOAD || segment.p_memsz == 0)
            continue;
        if (!header.position_independent && segment.p_vaddr < kDefaultBase.value)
            return false;
        if (segment.p_filesz > segment.p_memsz || segment.p_filesz > file_.size() - bytes ||
            !fits(segment.p_offset, segment.p_filesz, file_.size()))
            return false;
        bytes += segment.p_filesz;
    }
    return bytes != 0;
}

Bytes LinkedFile::from(uint64_t address) const {
    const elf::Image& image = file_.image();
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const elf::Elf64_Phdr segment = image.program_header(i);
        const uint64_t offset = address - segment.p_vaddr;
        if (segment.p_type == elf::PT_LOAD && segment.p_memsz != 0 && address >= segment.p_vaddr &&
            offset < segment.p_filesz)
            return file_.kept(segment.p_offset + offset, segment.p_filesz - offset);
    }
    return {};
}

Result<uint64_t> LinkedFile::pointer(uint64_t address) const {
    const Bytes there = from(address);
    if (there.size() < sizeof(uint64_t))
        return fail(ErrorCode::limine_pointer_outside, {address, address});
    const Bytes table = relocations();
    for (std::size_t at = 0; fits(at, sizeof(elf::Elf64_Rela), table.size());
         at += sizeof(elf::Elf64_Rela)) {
        const auto entry = read_at<elf::Elf64_Rela>(table, at);
        if (entry.r_offset == address &&
            static_cast<uint32_t>(entry.r_info) == elf::R_X86_64_RELATIVE)
            return entry.r_addend;
    }
    return read_at<uint64_t>(there, 0);
}

Result<std::string_view> LinkedFile::text(uint64_t address) const {
    constexpr std::size_t kMostText = 4096;
    const uint64_t target = TRY(pointer(address));
    if (target == 0)
        return std::string_view();
    const Bytes all = from(target);
    const Bytes there = all.first(std::min(all.size(), kMostText));
    const auto end = std::ranges::find(there, std::byte{0});
    if (end == there.end())
        return fail(ErrorCode::limine_pointer_outside, {address, target});
    return std::string_view(reinterpret_cast<const char*>(there.data()),
                            static_cast<std::size_t>(end - there.begin()));
}

/// DT_RELA's table; empty: there is none. Whether it is a good one, relocate() says later.
Bytes LinkedFile::relocations() const {
    const elf::Image& image = file_.image();
    Bytes dynamic;
    for (uint32_t i = 0; i < image.program_header_count(); ++i)
        if (const auto header = image.program_header(i); header.p_type == elf::PT_DYNAMIC)
            dynamic = from(header.p_vaddr);
    Bytes table;
    uint64_t bytes = 0;
    for (std::size_t at = 0; fits(at, sizeof(elf::Elf64_Dyn), dynamic.size());
         at += sizeof(elf::Elf64_Dyn)) {
        const auto entry = read_at<elf::Elf64_Dyn>(dynamic, at);
        if (entry.d_tag == elf::DT_NULL)
            break;
        if (entry.d_tag == elf::DT_RELA)
            table = from(entry.d_val);
        if (entry.d_tag == elf::DT_RELASZ)
            bytes = entry.d_val;
    }
    return table.first(std::min<uint64_t>(table.size(), bytes));
}

} // namespace baton
