// SPDX-License-Identifier: BSD-2-Clause
//
// A position-independent kernel in memory: segments with file bytes, tables of relocations in
// them, and what relocate() made of it.
#pragma once

#include "elf/format.hpp"
#include "loading/relocate.hpp"
#include "support/planned.hpp"

#include <cstdint>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::test {

/// Linked addresses by name; all tables lie in the first segment.
struct PieAddresses {
    uint64_t base = 0;
    uint64_t rela = base + 0x100;
    uint64_t relr = base + 0x600;
    uint64_t plt = base + 0x800;
    uint64_t symbols = base + 0xa00;
    uint64_t strings = base + 0xc00;
    uint64_t text_end = base + 0x1000; // then a page that isn't there
    uint64_t dynamic = base + 0x2000;
    uint64_t data = base + 0x2400;
    uint64_t bss = base + 0x3000; // the data segment's, up to 0x3800
    uint64_t first_of_two = base + 0x5000;
    uint64_t second_of_two = base + 0x5800;
    uint64_t end = base + 0x6000;
};

class Pie {
  public:
    struct Segment {
        uint64_t vaddr;
        Buffer file;
        uint64_t memory_bytes;
        uint32_t flags;
    };
    using Words = std::map<uint64_t, uint64_t>; // by linked address
    static constexpr uint64_t kSlide = 0xffff'ffff'8000'0000;

    explicit Pie(uint64_t base = 0) : at{.base = base} {
        add({at.base, Buffer(0x1000, std::byte{0x11}), 0x1000, kR | kX});
        add({at.dynamic, Buffer(0x1000, std::byte{0x22}), 0x1800, kR | kW});
        add({at.first_of_two, Buffer(0x800, std::byte{0x33}), 0x800, kR | kW});
        add({at.second_of_two, Buffer(0x800, std::byte{0x44}), 0x800, kR});
        symbol("", 0, 0, 0); // index 0 is no symbol
    }

    PieAddresses at;
    uint64_t slide = kSlide;
    bool ends_with_null = true;
    VirtRange dynamic_range{}; // empty: just the entries

    void add(Segment segment) { segments_.push_back(std::move(segment)); }
    template<class T>
    void put(uint64_t vaddr, const T& value) {
        for (Segment& segment : segments_)
            if (vaddr >= segment.vaddr &&
                fits(vaddr - segment.vaddr, sizeof value, segment.file.size()))
                return void(std::memcpy(segment.file.data() + (vaddr - segment.vaddr), &value,
                                        sizeof value));
        throw std::out_of_range("no file bytes there");
    }
    Pie& entry(uint64_t tag, uint64_t value) {
        dynamic_.push_back({tag, value});
        return *this;
    }
    Pie& rela(uint64_t offset, uint32_t type, uint64_t addend = 0, uint32_t symbol_index = 0) {
        return relocation(at.rela, rela_count_, {offset, info(symbol_index, type), addend});
    }
    Pie& plt(uint64_t offset, uint32_t type, uint64_t addend = 0, uint32_t symbol_index = 0) {
        return relocation(at.plt, plt_count_, {offset, info(symbol_index, type), addend});
    }
    Pie& relr(uint64_t value) {
        put(at.relr + 8 * relr_count_++, value);
        return *this;
    }
    /// Its index.
    uint32_t symbol(std::string_view name, uint8_t binding, uint16_t section, uint64_t value,
                    uint8_t type = 0) {
        for (std::size_t i = 0; i <= name.size(); ++i)
            put(at.strings + strings_bytes_ + i, i < name.size() ? name[i] : '\0');
        put(at.symbols + 24 * symbol_count_,
            elf::Elf64_Sym{.st_name = strings_bytes_,
                           .st_info = static_cast<uint8_t>(binding << 4 | type),
                           .st_other = 0,
                           .st_shndx = section,
                           .st_value = value,
                           .st_size = 8});
        strings_bytes_ += static_cast<uint32_t>(name.size()) + 1;
        return symbol_count_++;
    }

    /// Tables for what was added, unless a test has an entry for them.
    void finish() {
        if (rela_count_ != 0)
            table(elf::DT_RELA, at.rela, elf::DT_RELASZ, 24 * rela_count_);
        if (plt_count_ != 0)
            table(elf::DT_JMPREL, at.plt, elf::DT_PLTRELSZ, 24 * plt_count_);
        if (relr_count_ != 0)
            table(elf::DT_RELR, at.relr, elf::DT_RELRSZ, 8 * relr_count_);
        table(elf::DT_SYMTAB, at.symbols, elf::DT_SYMENT, 24);
        table(elf::DT_STRTAB, at.strings, elf::DT_STRSZ, strings_bytes_);
        if (ends_with_null)
            entry(elf::DT_NULL, 0);
        for (std::size_t i = 0; i < dynamic_.size(); ++i)
            put(at.dynamic + 16 * i, dynamic_[i]);
        if (dynamic_range.empty())
            dynamic_range = {{at.dynamic}, 16 * dynamic_.size()};
    }

    /// Into frames, with the slide.
    void load() {
        ElfBuilder elf;
        elf.header.e_type = elf::ET_DYN;
        elf.entry(segments_.front().vaddr);
        for (const Segment& segment : segments_)
            elf.load({.vaddr = segment.vaddr,
                      .memory_bytes = segment.memory_bytes,
                      .flags = segment.flags,
                      .file_bytes = segment.file.size()});
        elf.add({.p_type = elf::PT_DYNAMIC,
                 .p_flags = kR,
                 .p_offset = 0,
                 .p_vaddr = dynamic_range.base.value,
                 .p_paddr = 0,
                 .p_filesz = dynamic_range.bytes,
                 .p_memsz = dynamic_range.bytes,
                 .p_align = 8});
        planned_ = plan_of(elf, uint64_t{1} << 30, {.slide = slide});
        ASSERT_TRUE(planned_.result) << outcome(planned_.result);
        ASSERT_TRUE(place(planned_.plan(), frames_));
        for (const Segment& segment : segments_)
            std::memcpy(memory(segment.vaddr), segment.file.data(), segment.file.size());
        before_ = contents();
    }
    Result<RelocationCounts> relocate() {
        finish();
        load();
        return baton::relocate(planned_.plan(), frames_);
    }

    uint64_t word(uint64_t vaddr) {
        uint64_t value = 0;
        std::memcpy(&value, memory(vaddr), sizeof value);
        return value;
    }
    /// All pages of the kernel, one after the other.
    Buffer contents() {
        Buffer all;
        for (const Region& region : planned_.plan().regions) {
            const std::byte* const first = frames_.access(region.physical);
            all.insert(all.end(), first, first + region.pages.bytes);
        }
        return all;
    }
    /// As they were, but for these words.
    Buffer expected(const Words& words) {
        Buffer all = before_;
        for (const auto& [vaddr, value] : words)
            std::memcpy(all.data() + offset_of(vaddr), &value, sizeof value);
        return all;
    }
    std::size_t offset_of(uint64_t vaddr) {
        uint64_t before = 0;
        for (const Region& region : planned_.plan().regions) {
            if (region.pages.contains({vaddr + slide}))
                return before + (vaddr + slide - region.pages.base.value);
            before += region.pages.bytes;
        }
        throw std::out_of_range("not in the image");
    }
    const Buffer& before() const { return before_; }

  private:
    static uint64_t info(uint32_t symbol_index, uint32_t type) {
        return uint64_t{symbol_index} << 32 | type;
    }
    std::byte* memory(uint64_t vaddr) {
        return frames_.access(planned_.plan().physical({vaddr + slide}));
    }
    Pie& relocation(uint64_t table_at, uint64_t& count, const elf::Elf64_Rela& rela) {
        put(table_at + 24 * count++, rela);
        return *this;
    }
    void table(uint64_t tag, uint64_t address, uint64_t size_tag, uint64_t size) {
        for (const auto& [wanted, value] : {std::pair{tag, address}, std::pair{size_tag, size}}) {
            bool there = false;
            for (const elf::Elf64_Dyn& existing : dynamic_)
                there = there || existing.d_tag == wanted;
            if (!there)
                entry(wanted, value);
        }
    }

    std::vector<Segment> segments_;
    std::vector<elf::Elf64_Dyn> dynamic_;
    uint64_t rela_count_ = 0, plt_count_ = 0, relr_count_ = 0;
    uint32_t symbol_count_ = 0, strings_bytes_ = 0;
    FakeFrames frames_;
    Planned planned_{.file = {}, .arena = {}, .result = LoadPlan{}};
    Buffer before_;
};

inline constexpr uint8_t kLocal = 0, kGlobal = 1, kWeak = 2;
inline constexpr uint16_t kUndefined = 0, kSomeSection = 5, kAbsolute = 0xfff1;

} // namespace baton::test
