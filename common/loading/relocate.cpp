// SPDX-License-Identifier: BSD-2-Clause
#include "loading/relocate.hpp"

#include "core/bytes.hpp"
#include "elf/format.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace baton {
namespace {

using namespace elf;

/// The kernel's file bytes by virtual address (slide included).
class LoadedImage {
  public:
    LoadedImage(const LoadPlan& plan, FrameSource& frames) : plan_(plan), frames_(frames) {}

    /// Empty where [address, address + count) is not in the file bytes of one segment.
    std::span<std::byte> bytes(VirtAddr address, uint64_t count) {
        // Neighbouring relocations lie in the same segment: the last one found comes first.
        uint64_t offset = address.value - base_.value; // wraps below it: it doesn't fit then
        if (!fits(offset, count, contents_.size())) {
            find(address);
            offset = address.value - base_.value;
            if (!fits(offset, count, contents_.size()))
                return {};
        }
        return contents_.subspan(offset, count);
    }

  private:
    /// The last segment that begins at `address` or below it becomes the one that is looked at.
    void find(VirtAddr address) {
        const auto after = std::upper_bound(
            plan_.segments.begin(), plan_.segments.end(), address,
            [](VirtAddr value, const Segment& segment) { return value < segment.memory.base; });
        if (after == plan_.segments.begin())
            return;
        const Segment& segment = *(after - 1);
        base_ = segment.memory.base;
        contents_ = {frames_.access(plan_.loaded(base_)), segment.file_bytes};
    }

    const LoadPlan& plan_;
    FrameSource& frames_;
    VirtAddr base_{};
    std::span<std::byte> contents_; // the file bytes from base_ on
};

/// A table that the dynamic array names by an address and a size.
struct Table {
    uint64_t tag;
    uint64_t size_tag;
    uint64_t entry_bytes;
    std::optional<uint64_t> address = {};
    std::optional<uint64_t> bytes = {};

    /// Whether it is one of the two that `entry` gives.
    bool take(const Elf64_Dyn& entry) {
        if (entry.d_tag == tag)
            address = entry.d_val;
        if (entry.d_tag == size_tag)
            bytes = entry.d_val;
        return entry.d_tag == tag || entry.d_tag == size_tag;
    }
};

/// The entries of the dynamic array that matter here.
struct Dynamic {
    Table rela{DT_RELA, DT_RELASZ, sizeof(Elf64_Rela)};
    Table plt{DT_JMPREL, DT_PLTRELSZ, sizeof(Elf64_Rela)};
    Table relr{DT_RELR, DT_RELRSZ, sizeof(uint64_t)};
    uint64_t symbols = 0;
    uint64_t strings = 0;
    uint64_t strings_bytes = 0;
};

Result<void> check_entry_size(const Elf64_Dyn& entry, uint64_t expected) {
    if (entry.d_val != expected)
        return fail(ErrorCode::dynamic_bad_entry_size, {entry.d_tag, entry.d_val, expected});
    return {};
}

Result<void> take(const Elf64_Dyn& entry, Dynamic& dynamic) {
    if (dynamic.rela.take(entry) || dynamic.plt.take(entry) || dynamic.relr.take(entry))
        return {};
    switch (entry.d_tag) {
    case DT_NEEDED:
        return fail(ErrorCode::library_needed, {entry.d_val});
    case DT_REL:
        return fail(ErrorCode::relocation_without_addend, {entry.d_tag, entry.d_val});
    case DT_PLTREL:
        if (entry.d_val != DT_RELA)
            return fail(ErrorCode::relocation_without_addend, {entry.d_tag, entry.d_val});
        return {};
    case DT_ANDROID_REL:
    case DT_ANDROID_RELA:
        return fail(ErrorCode::relocation_table_unsupported, {entry.d_tag, entry.d_val});
    case DT_RELAENT:
        return check_entry_size(entry, sizeof(Elf64_Rela));
    case DT_SYMENT:
        return check_entry_size(entry, sizeof(Elf64_Sym));
    case DT_RELRENT:
        return check_entry_size(entry, sizeof(uint64_t));
    case DT_SYMTAB:
        dynamic.symbols = entry.d_val;
        return {};
    case DT_STRTAB:
        dynamic.strings = entry.d_val;
        return {};
    case DT_STRSZ:
        dynamic.strings_bytes = entry.d_val;
        return {};
    default: // nothing that changes the image
        return {};
    }
}

class Relocator {
  public:
    Relocator(const LoadPlan& plan, FrameSource& frames)
        : slide_(plan.slide),
          image_(plan, frames) {}

    Result<void> read_dynamic(const DynamicSection& section) {
        const VirtRange range = section.file;
        const auto array = image_.bytes(range.base, range.bytes);
        if (array.empty() && !range.empty())
            return fail(ErrorCode::dynamic_section_outside_image,
                        {section.program_header, range.base.value - slide_, range.bytes});
        for (std::size_t at = 0; fits(at, sizeof(Elf64_Dyn), array.size());
             at += sizeof(Elf64_Dyn)) {
            const auto entry = read_at<Elf64_Dyn>(array, at);
            if (entry.d_tag == DT_NULL)
                return check_tables();
            TRY(take(entry, dynamic_));
        }
        return fail(ErrorCode::dynamic_section_not_ended, {section.program_header, range.bytes});
    }

    Result<RelocationCounts> apply() {
        // RELR first: RELA entries may then add to what RELATIVE relocations left (gABI).
        RelocationCounts counts{};
        TRY(apply_relr(counts.relr));
        for (const Table& table : {dynamic_.rela, dynamic_.plt})
            TRY(apply_rela(table, counts.rela));
        return counts;
    }

  private:
    Result<void> check_tables() const {
        for (const Table& table : {dynamic_.rela, dynamic_.plt, dynamic_.relr}) {
            if (table.address && !table.bytes)
                return fail(ErrorCode::dynamic_incomplete, {table.tag, table.size_tag});
            const uint64_t bytes = table.bytes.value_or(0);
            if (bytes != 0 && !table.address)
                return fail(ErrorCode::dynamic_incomplete, {table.size_tag, table.tag});
            if (bytes % table.entry_bytes != 0)
                return fail(ErrorCode::dynamic_bad_table_size,
                            {table.size_tag, bytes, table.entry_bytes});
        }
        return {};
    }

    Result<std::span<std::byte>> contents(const Table& table) {
        const uint64_t count = table.bytes.value_or(0);
        if (count == 0)
            return std::span<std::byte>{};
        const auto bytes = image_.bytes({*table.address + slide_}, count);
        if (bytes.empty())
            return fail(ErrorCode::dynamic_outside_image, {table.tag, *table.address, count});
        return bytes;
    }

    Result<void> apply_rela(const Table& table, uint64_t& count) {
        const auto entries = TRY(contents(table));
        for (std::size_t at = 0; fits(at, sizeof(Elf64_Rela), entries.size());
             at += sizeof(Elf64_Rela), ++count)
            TRY(apply(read_at<Elf64_Rela>(entries, at)));
        return {};
    }

    Result<void> apply(const Elf64_Rela& relocation) {
        const auto type = static_cast<uint32_t>(relocation.r_info);
        const auto symbol = static_cast<uint32_t>(relocation.r_info >> 32);
        switch (type) {
        case R_X86_64_NONE:
            return {};
        case R_X86_64_RELATIVE:
            return store(relocation, slide_ + relocation.r_addend);
        case R_X86_64_64: {
            const auto value = TRY(value_of(symbol, relocation));
            return store(relocation, value + relocation.r_addend);
        }
        case R_X86_64_GLOB_DAT:
        case R_X86_64_JUMP_SLOT: {
            const auto value = TRY(value_of(symbol, relocation));
            return store(relocation, value);
        }
        default:
            return fail(ErrorCode::relocation_unsupported, {type, relocation.r_offset, symbol});
        }
    }

    Result<void> store(const Elf64_Rela& relocation, uint64_t value) {
        const auto target = image_.bytes({relocation.r_offset + slide_}, sizeof value);
        if (target.empty())
            return fail(ErrorCode::relocation_outside_image,
                        {static_cast<uint32_t>(relocation.r_info), relocation.r_offset});
        std::memcpy(target.data(), &value, sizeof value);
        return {};
    }

    Result<uint64_t> value_of(uint32_t index, const Elf64_Rela& relocation) {
        if (index == STN_UNDEF)
            return 0;
        const auto found = symbol_at(index);
        if (!found)
            return fail(ErrorCode::relocation_symbol_outside_table,
                        {index, relocation.r_offset, dynamic_.symbols});
        const Elf64_Sym symbol = *found;
        const auto error = [&](ErrorCode code, std::initializer_list<uint64_t> numbers) {
            return std::unexpected(Error(code, numbers).about(name_at(symbol.st_name)));
        };
        // Its value would be what its resolver returns, and a loader runs no code of the kernel.
        if (symbol.st_shndx != SHN_UNDEF && (symbol.st_info & 15) == STT_GNU_IFUNC)
            return error(ErrorCode::relocation_unsupported,
                         {static_cast<uint32_t>(relocation.r_info), relocation.r_offset, index});
        if (symbol.st_shndx == SHN_ABS)
            return symbol.st_value;
        if (symbol.st_shndx != SHN_UNDEF)
            return symbol.st_value + slide_;
        if (symbol.st_info >> 4 == STB_WEAK)
            return 0;
        return error(ErrorCode::relocation_undefined_symbol, {index, relocation.r_offset});
    }

    /// No tag gives the table's size. But tables don't overlap: it ends before the string table
    /// begins, if that comes after it.
    std::optional<Elf64_Sym> symbol_at(uint32_t index) {
        const uint64_t offset = uint64_t{index} * sizeof(Elf64_Sym);
        const uint64_t end = dynamic_.strings > dynamic_.symbols ? dynamic_.strings : ~uint64_t{0};
        if (dynamic_.symbols == 0 || !fits(offset, sizeof(Elf64_Sym), end - dynamic_.symbols))
            return std::nullopt;
        const auto bytes = image_.bytes({dynamic_.symbols + offset + slide_}, sizeof(Elf64_Sym));
        if (bytes.empty())
            return std::nullopt;
        return read_at<Elf64_Sym>(bytes, 0);
    }

    /// A name of the string table; empty where it isn't in it.
    std::string_view name_at(uint64_t offset) {
        const auto strings = image_.bytes({dynamic_.strings + slide_}, dynamic_.strings_bytes);
        if (offset >= strings.size())
            return {};
        const auto rest = strings.subspan(offset);
        const auto end = std::find(rest.begin(), rest.end(), std::byte{0});
        return {reinterpret_cast<const char*>(rest.data()),
                static_cast<std::size_t>(end - rest.begin())};
    }

    /// Entries are addresses (even), or bitmaps (odd) of the 63 words after the last one.
    Result<void> apply_relr(uint64_t& count) {
        const auto entries = TRY(contents(dynamic_.relr));
        std::optional<uint64_t> next; // address of the word after the last one
        for (std::size_t at = 0; fits(at, sizeof(uint64_t), entries.size());
             at += sizeof(uint64_t)) {
            const auto entry = read_at<uint64_t>(entries, at);
            if ((entry & 1) == 0) {
                TRY(add_slide(entry, count));
                next = entry + sizeof(uint64_t);
                continue;
            }
            if (!next)
                return fail(ErrorCode::relr_without_address, {entry});
            for (uint64_t bits = entry >> 1, word = *next; bits != 0;
                 bits >>= 1, word += sizeof(uint64_t))
                if ((bits & 1) != 0)
                    TRY(add_slide(word, count));
            next = *next + 63 * sizeof(uint64_t);
        }
        return {};
    }

    Result<void> add_slide(uint64_t address, uint64_t& count) {
        const auto target = image_.bytes({address + slide_}, sizeof(uint64_t));
        if (target.empty())
            return fail(ErrorCode::relocation_outside_image, {R_X86_64_RELATIVE, address});
        const uint64_t value = read_at<uint64_t>(target, 0) + slide_;
        std::memcpy(target.data(), &value, sizeof value);
        ++count;
        return {};
    }

    uint64_t slide_;
    LoadedImage image_;
    Dynamic dynamic_;
};

} // namespace

Result<RelocationCounts> relocate(const LoadPlan& plan, FrameSource& frames) {
    if (!plan.dynamic)
        return RelocationCounts{};
    Relocator relocator(plan, frames);
    TRY(relocator.read_dynamic(*plan.dynamic));
    return relocator.apply();
}

} // namespace baton
