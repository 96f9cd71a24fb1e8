// SPDX-License-Identifier: BSD-2-Clause
//
// Kernels that speak Limine's protocol, made of words, and what a boot makes of them.
#pragma once

#include "boot/fake_boot.hpp"
#include "protocols/limine/format.hpp"
#include "support/elf_builder.hpp"
#include "support/page_walker.hpp"

#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {

using limine::Feature;

/// Text of a page, and data, in which a test puts requests one after the other.
class LimineKernel {
  public:
    static constexpr uint64_t kText = 0xffff'ffff'8000'0000;
    static constexpr uint64_t kData = kText + 0x3000; // a gap before it
    static constexpr uint64_t kDataOffset = 0x2000;   // in the file

    /// With a base revision tag. `base` is what the addresses of the file count from.
    explicit LimineKernel(uint64_t revision, uint64_t base = kText)
        : LimineKernel(Untagged{}, base) {
        tag_ = add({limine::kRevisionMagic[0], limine::kRevisionMagic[1], revision});
    }
    static LimineKernel without_tag() { return LimineKernel(Untagged{}, kText); }

    /// Words at the end of the data. Returns their linked address.
    uint64_t add(std::initializer_list<uint64_t> words) {
        const uint64_t address = base_ + (kData - kText) + data_.size();
        for (const uint64_t word : words)
            append(data_, word);
        return address;
    }
    /// A request of a revision, and what it says beyond the usual fields. Its response is a word
    /// that no loader writes.
    uint64_t request(Feature feature, uint64_t revision = 0,
                     std::initializer_list<uint64_t> more = {}) {
        const limine::Id id = limine::kIds[static_cast<std::size_t>(feature)];
        return request(id, revision, more);
    }
    uint64_t request(limine::Id id, uint64_t revision = 0,
                     std::initializer_list<uint64_t> more = {}) {
        const uint64_t address = add({limine::kRequestMagic[0], limine::kRequestMagic[1], id.third,
                                      id.fourth, revision, kUntouched});
        add(more);
        return address;
    }
    uint64_t text(std::string_view text) {
        const uint64_t address = add({});
        for (const char character : text)
            append(data_, character);
        do
            append(data_, '\0');
        while (data_.size() % sizeof(uint64_t) != 0);
        return address;
    }
    void start_marker() {
        add({limine::kStartMarker[0], limine::kStartMarker[1], limine::kStartMarker[2],
             limine::kStartMarker[3]});
    }
    void end_marker() { add({limine::kEndMarker[0], limine::kEndMarker[1]}); }
    /// The last word becomes a pointer that only a relocation sets.
    void relocate_last_word() {
        uint64_t target;
        std::byte* const word = data_.data() + data_.size() - sizeof target;
        std::memcpy(&target, word, sizeof target);
        std::memset(word, 0, sizeof target);
        relocations_.push_back({base_ + (kData - kText) + data_.size() - sizeof target,
                                elf::R_X86_64_RELATIVE, target});
    }
    void drop_last_bytes(std::size_t count) { data_.resize(data_.size() - count); }
    uint64_t tag() const { return tag_; }

    ElfBuilder elf;                // what is not a segment of these
    uint64_t data_memory = 0x4000; // p_memsz
    bool position_independent = false;
    static constexpr uint64_t kUntouched = 0x1234'5678'9abc'def0;

    Buffer build() const { return LimineKernel(*this).finish(); }

  private:
    struct Untagged {};
    LimineKernel(Untagged /*unused*/, uint64_t base) : base_(base) {}

    Buffer finish() {
        if (position_independent)
            add_dynamic();
        elf.entry(base_ + 0x10);
        elf.load({.vaddr = base_, .memory_bytes = 0x1000, .file_bytes = 0x1000, .offset = 0x1000});
        elf.load({.vaddr = base_ + (kData - kText),
                  .memory_bytes = data_memory,
                  .flags = kR | kW,
                  .file_bytes = data_.size(),
                  .offset = kDataOffset});
        if (position_independent)
            elf.header.e_type = elf::ET_DYN;
        Buffer file = elf.build(kDataOffset);
        file.insert(file.end(), data_.begin(), data_.end());
        return file;
    }

    void add_dynamic() {
        const uint64_t table = add({});
        for (const elf::Elf64_Rela& relocation : relocations_)
            append(data_, relocation);
        const uint64_t bytes = relocations_.size() * sizeof(elf::Elf64_Rela);
        const uint64_t offset = kDataOffset + data_.size();
        const uint64_t dynamic = add({elf::DT_RELA, table, elf::DT_RELASZ, bytes, elf::DT_RELAENT,
                                      sizeof(elf::Elf64_Rela), elf::DT_NULL, 0});
        elf.add({.p_type = elf::PT_DYNAMIC,
                 .p_flags = kR | kW,
                 .p_offset = offset,
                 .p_vaddr = dynamic,
                 .p_paddr = dynamic,
                 .p_filesz = 64,
                 .p_memsz = 64,
                 .p_align = 8});
    }

    uint64_t base_;
    Buffer data_;
    std::vector<elf::Elf64_Rela> relocations_;
    uint64_t tag_ = 0;
};

/// Boots kernels and looks at what they would see, by the processor's page tables.
class LimineBoot : protected FakeBoot {
  protected:
    void boot(LimineKernel& kernel) {
        if (const std::string outcome = try_to(kernel); handoff_ == nullptr)
            throw std::runtime_error(outcome);
    }
    /// "good", or the error.
    std::string try_to(LimineKernel& kernel) {
        platform_.restart();
        platform_.files["\\kernel"] = kernel.build();
        return try_boot();
    }
    PageWalker walker() {
        return PageWalker([this](uint64_t physical) { return platform_.read(physical); },
                          handoff_->page_table_root, handoff_->pat);
    }
    const std::byte* at(uint64_t address) {
        const auto translation = walker().translate(address);
        if (!translation)
            throw std::runtime_error("nothing is mapped there");
        return platform_.source.access({translation->physical});
    }
    template<class T>
    const T& get(uint64_t address) {
        return *reinterpret_cast<const T*>(at(address));
    }
    std::string text(uint64_t address) { return &get<char>(address); }
    uint64_t word(uint64_t address) { return get<uint64_t>(address); }
    /// Of a request: untouched, or the address.
    uint64_t response(uint64_t request) { return get<limine::Request>(request).response; }
    /// What is at that address.
    template<class T>
    const T& answer(uint64_t request) {
        if (response(request) == LimineKernel::kUntouched)
            throw std::runtime_error("there is no response");
        return get<T>(response(request));
    }
    uint64_t value(uint64_t request) { return answer<limine::OneValue>(request).value; }
    uint64_t direct_map() const { return handoff_->direct_map_base; }
};

} // namespace baton::test
