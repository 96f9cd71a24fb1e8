// SPDX-License-Identifier: BSD-2-Clause
//
// K: the kernel's image, against the ELF headers that the linker put into it.
#include "context.hpp"
#include "image_contents.hpp"
#include "own_image.hpp"

namespace conformance {
namespace {

bool equal_bytes(const void* left, const void* right, uint64_t bytes) {
    const auto* a = static_cast<const uint8_t*>(left);
    const auto* b = static_cast<const uint8_t*>(right);
    for (uint64_t i = 0; i < bytes; ++i)
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): not null where there are bytes
        if (a[i] != b[i])
            return false;
    return true;
}

void check_segment_list(Verdict& verdict, const Context& context) {
    const auto listed = context.view().kernel_segments();
    for (uint32_t i = 0; i < listed.size(); ++i) {
        verdict.expect(i == 0 || listed[i - 1].virtual_base < listed[i].virtual_base, "sorted",
                       listed[i].virtual_base);
        verdict.equal("reserved", 0, listed[i].reserved);
    }
    uint32_t count = 0;
    own_image::for_each_load_segment([&](const own_image::Segment& wanted) {
        ++count;
        uint32_t i = 0;
        while (i < listed.size() && listed[i].virtual_base != wanted.base)
            ++i;
        verdict.expect(i < listed.size(), "a segment with virtual_base", wanted.base);
        if (i == listed.size())
            return;
        verdict.equal("bytes", wanted.bytes, listed[i].bytes);
        verdict.equal("file_bytes", wanted.file_bytes, listed[i].file_bytes);
        verdict.equal("permissions", wanted.flags, listed[i].permissions);
    });
    verdict.equal("kernel_segment_count", count, listed.size());
}

void check_segment_memory(Verdict& verdict, const Context& context) {
    for (const BatonKernelSegment& segment : context.view().kernel_segments()) {
        verdict.expect(segment.base_physical % kPageBytes == segment.virtual_base % kPageBytes,
                       "the same place in a page", segment.base_physical);
        verdict.expect(
            context.is_all(segment.base_physical, segment.bytes, BATON_MEMORY_KERNEL_AND_MODULES),
            "memory of the kernel's type", segment.base_physical);
    }
}

void check_file_bytes(Verdict& verdict, const Context&) {
    expect_file_bytes(verdict);
}

void check_zeroes(Verdict& verdict, const Context& context) {
    verdict.expect(context.first_nonzero_in_bss == 0, "zeroes", context.first_nonzero_in_bss);
}

void check_slide(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    verdict.equal("kernel_slide", own_image::slide(), info.kernel_slide);
    if (!own_image::is_position_independent())
        verdict.equal("kernel_slide of an ET_EXEC", 0, info.kernel_slide);
    uint64_t lowest = UINT64_MAX;
    own_image::for_each_load_segment([&](const own_image::Segment& segment) {
        lowest = segment.base < lowest ? segment.base : lowest;
        verdict.expect(segment.alignment == 0 || info.kernel_slide % segment.alignment == 0,
                       "a multiple of every p_align", info.kernel_slide);
    });
    verdict.equal("kernel_virtual_base", lowest, info.kernel_virtual_base);
}

void check_relocations(Verdict& verdict, const Context&) {
    expect_relocations(verdict);
}

void check_relro(Verdict& verdict, const Context& context) {
    const auto relro = own_image::segment_of_type(elf::PT_GNU_RELRO);
    if (!relro)
        return verdict.absent("relro");
    const uint64_t constant = relocated_constant_address();
    verdict.expect(relro->has(constant), "a relocated constant", constant);
    const uint64_t page = constant / kPageBytes * kPageBytes;
    if ((own_image::page_permissions(page) & elf::PF_W) != 0)
        return; // PT_GNU_RELRO ends in this page
    verdict.expect(!context.tables.translate(constant).writable, "a read-only page", constant);
}

void check_tls(Verdict& verdict, const Context& context) {
    const auto wanted = own_image::segment_of_type(elf::PT_TLS);
    const BatonThreadLocalStorage& tls = context.info.tls;
    if (!wanted) {
        verdict.equal("address", 0, tls.address);
        return verdict.absent("tls");
    }
    verdict.equal("address", wanted->base, tls.address);
    verdict.equal("file_bytes", wanted->file_bytes, tls.file_bytes);
    verdict.equal("memory_bytes", wanted->bytes, tls.memory_bytes);
    verdict.equal("alignment", wanted->alignment, tls.alignment);
    if (tls.address == wanted->base)
        verdict.equal("its first word", kThreadLocalData,
                      *reinterpret_cast<const uint64_t*>(tls.address));
}

void check_build_id(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    const std::span<const uint8_t> wanted = own_image::build_id();
    verdict.equal("build_id_bytes", wanted.size(), info.build_id_bytes);
    if (wanted.empty())
        return verdict.absent("build-id");
    verdict.expect(info.build_id != 0 && context.is_mapped(info.build_id, info.build_id_bytes),
                   "a pointer", info.build_id);
    if (!verdict.is_broken())
        verdict.expect(
            equal_bytes(wanted.data(), reinterpret_cast<const void*>(info.build_id), wanted.size()),
            "the bytes of NT_GNU_BUILD_ID", info.build_id);
}

void check_headers(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    const auto own = own_image::program_headers();
    verdict.equal("kernel_headers_bytes", sizeof(elf::Header) + own.size_bytes(),
                  info.kernel_headers_bytes);
    verdict.expect(info.kernel_headers != 0, "a pointer", info.kernel_headers);
    context.expect_record(verdict, "headers in the loader's memory", info.kernel_headers,
                          info.kernel_headers_bytes);
    if (verdict.is_broken())
        return;
    const auto* copy = reinterpret_cast<const uint8_t*>(info.kernel_headers);
    verdict.expect(equal_bytes(copy, &own_image::header(), sizeof(elf::Header)), "the ELF header",
                   info.kernel_headers);
    verdict.expect(equal_bytes(copy + sizeof(elf::Header), own.data(), own.size_bytes()),
                   "the program headers behind it", info.kernel_headers);
}

void check_file(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    context.expect_text(verdict, "a text in kernel_path", info.kernel_path);
    if (verdict.is_broken())
        return;
    const std::string_view path = context.text_at(info.kernel_path);
    verdict.expect(!path.empty(), "a path", info.kernel_path);
    for (const char character : path)
        verdict.expect(character != '\\', "a path with slashes", info.kernel_path);
    for (const elf::ProgramHeader& header : own_image::program_headers())
        verdict.expect(header.p_offset + header.p_filesz <= info.kernel_file_bytes,
                       "kernel_file_bytes beyond every segment's end", info.kernel_file_bytes);
}

/// The symbol at the entry point, found by its address and its name in the two tables.
void check_symbols(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    if (info.kernel_symbols == 0) {
        verdict.equal("kernel_symbols_bytes", 0, info.kernel_symbols_bytes);
        verdict.equal("kernel_strings_bytes", 0, info.kernel_strings_bytes);
        return verdict.absent("symbols");
    }
    verdict.equal("kernel_symbols_bytes % 24", 0, info.kernel_symbols_bytes % sizeof(elf::Symbol));
    context.expect_record(verdict, ".symtab in the loader's memory", info.kernel_symbols,
                          info.kernel_symbols_bytes);
    context.expect_record(verdict, "its strings in the loader's memory", info.kernel_strings,
                          info.kernel_strings_bytes, 1);
    if (verdict.is_broken())
        return;
    const std::span symbols(reinterpret_cast<const elf::Symbol*>(info.kernel_symbols),
                            info.kernel_symbols_bytes / sizeof(elf::Symbol));
    bool is_found = false;
    for (const elf::Symbol& symbol : symbols)
        is_found = is_found || (symbol.st_name < info.kernel_strings_bytes &&
                                symbol.st_value + info.kernel_slide == info.kernel_entry &&
                                context.text_at(info.kernel_strings + symbol.st_name) == "_start");
    verdict.expect(is_found, "_start, less the slide", info.kernel_symbols);
}

/// From its first bytes to the name of the section that holds the names of sections, near its end.
void check_whole_file(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    if (info.kernel_file == 0)
        return verdict.absent("kernel-file");
    const uint64_t physical = info.kernel_file - info.direct_map_base;
    const uint64_t whole = (info.kernel_file_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
    verdict.equal("place in a page", 0, info.kernel_file % kPageBytes);
    verdict.expect(context.is_mapped(info.kernel_file, whole), "mapped", info.kernel_file);
    verdict.expect(context.is_all(physical, whole, BATON_MEMORY_KERNEL_AND_MODULES),
                   "memory of the kernel's type", physical);
    const elf::Header& header = own_image::header();
    verdict.expect(header.e_shoff + header.e_shnum * sizeof(elf::SectionHeader) <=
                       info.kernel_file_bytes,
                   "section headers", header.e_shoff);
    if (verdict.is_broken())
        return;
    const auto* file = reinterpret_cast<const uint8_t*>(info.kernel_file);
    verdict.expect(equal_bytes(file, &header, sizeof header), "the ELF header", info.kernel_file);
    const auto* names =
        reinterpret_cast<const elf::SectionHeader*>(file + header.e_shoff) + header.e_shstrndx;
    verdict.expect(context.text_at(info.kernel_file + names->sh_offset + names->sh_name) ==
                       ".shstrtab",
                   ".shstrtab by its name", names->sh_offset);
    for (uint64_t at = info.kernel_file_bytes; at < whole; ++at)
        verdict.equal("the rest of its last page", 0, file[at]);
}

constexpr Promise kPromises[] = {
    {"K1", "kernel_segments lists the file's PT_LOAD segments", check_segment_list},
    {"K2", "segments lie in memory of the kernel's type", check_segment_memory},
    {"K3", "the file's bytes are in place", check_file_bytes},
    {"K4", "the rest of each segment is zero", check_zeroes},
    {"K5", "kernel_slide and kernel_virtual_base are true", check_slide},
    {"K6", "relocations have been applied", check_relocations},
    {"K7", "PT_GNU_RELRO is read-only", check_relro},
    {"K8", "tls describes PT_TLS", check_tls},
    {"K9", "build_id is the file's", check_build_id},
    {"K10", "kernel_headers is a copy of the file's", check_headers},
    {"K11", "kernel_path and kernel_file_bytes describe the file", check_file},
    {"K12", "kernel_symbols is the file's symbol table", check_symbols},
    {"K13", "kernel_file is the whole file", check_whole_file},
};

} // namespace

std::span<const Promise> image_promises() {
    return kPromises;
}

} // namespace conformance
