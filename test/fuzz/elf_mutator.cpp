// SPDX-License-Identifier: BSD-2-Clause
//
// Mutates ELF files where it matters: in the fields of headers and in the dynamic section, to
// values that mean something there. Half of all changes are libFuzzer's own.
#include "core/bytes.hpp"
#include "elf/format.hpp"
#include "support/random.hpp"

#include <cstring>
#include <span>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(uint8_t* data, std::size_t size, std::size_t max_size);

namespace baton::fuzz {
namespace {

using test::Random;
using namespace elf;

class ElfMutator {
  public:
    ElfMutator(std::span<std::byte> file, Random& random) : file_(file), random_(random) {
        if (file.size() < sizeof(Elf64_Ehdr))
            return;
        header_ = read_at<Elf64_Ehdr>(file, 0);
        for (std::size_t i = 0; i < header_.e_phnum && fits(place(i), sizeof(Elf64_Phdr), size());
             ++i)
            headers_.push_back(read_at<Elf64_Phdr>(file, place(i)));
    }

    /// False where there is nothing to be changed.
    bool mutate() {
        if (headers_.empty())
            return false;
        switch (random_.below(8)) {
        case 0:
            header_.e_entry = value();
            return write(0, header_);
        case 1:
            header_.e_type = random_.one_in(2) ? ET_EXEC : ET_DYN;
            return write(0, header_);
        case 2:
            return mutate_dynamic();
        case 3: // one header for another, so that they overlap, and come in another order
            return write(place(random_.below(headers_.size())), any_header());
        default:
            return mutate_header(random_.below(headers_.size()));
        }
    }

  private:
    std::size_t size() const { return file_.size(); }
    uint64_t place(std::size_t index) const { return header_.e_phoff + index * sizeof(Elf64_Phdr); }
    const Elf64_Phdr& any_header() { return headers_[random_.below(headers_.size())]; }
    template<class T>
    bool write(uint64_t offset, const T& value) {
        if (!fits(offset, sizeof value, size()))
            return false;
        std::memcpy(file_.data() + offset, &value, sizeof value);
        return true;
    }

    /// What addresses, offsets and sizes are made of: limits, and fields of other headers.
    uint64_t value() {
        constexpr uint64_t kValues[] = {0,
                                        1,
                                        0x1000,
                                        0x10'0000,
                                        0x20'0000,
                                        0x4000'0000,
                                        0x7fff'ffff'f000,
                                        0x8000'0000'0000,
                                        0xffff'8000'0000'0000,
                                        0xffff'ffff'8000'0000,
                                        0xffff'ffff'ffff'f000};
        constexpr uint64_t kSteps[] = {0, 0, 0, 1, 8, 0x1000, 0x800};
        const Elf64_Phdr& other = any_header();
        const uint64_t fields[] = {other.p_vaddr,  other.p_vaddr + other.p_memsz,
                                   other.p_filesz, other.p_offset,
                                   other.p_memsz,  size() - other.p_offset};
        const uint64_t value = random_.one_in(3) ? random_.pick(kValues) : random_.pick(fields);
        return random_.one_in(2) ? value + random_.pick(kSteps) : value - random_.pick(kSteps);
    }

    bool mutate_header(std::size_t index) {
        constexpr uint32_t kTypes[] = {PT_LOAD, PT_LOAD,      PT_DYNAMIC,  PT_INTERP,
                                       PT_NOTE, PT_GNU_RELRO, PT_GNU_STACK};
        Elf64_Phdr changed = headers_[index];
        switch (random_.below(8)) {
        case 0:
            changed.p_type = random_.pick(kTypes);
            break;
        case 1:
            changed.p_flags = static_cast<uint32_t>(random_.below(8));
            break;
        case 2:
            changed.p_offset = value();
            break;
        case 3:
            changed.p_filesz = value();
            break;
        case 4:
            changed.p_memsz = value();
            break;
        case 5:
            changed.p_align = uint64_t{1} << random_.below(64);
            break;
        default:
            changed.p_vaddr = value();
        }
        return write(place(index), changed);
    }

    bool mutate_dynamic() {
        constexpr uint64_t kTags[] = {DT_NULL,   DT_PLTRELSZ, DT_STRTAB, DT_SYMTAB, DT_RELA,
                                      DT_RELASZ, DT_STRSZ,    DT_REL,    DT_PLTREL, DT_JMPREL,
                                      DT_RELRSZ, DT_RELR,     DT_RELAENT};
        for (const Elf64_Phdr& header : headers_) {
            if (header.p_type != PT_DYNAMIC || header.p_filesz < sizeof(Elf64_Dyn))
                continue;
            const uint64_t entries = header.p_filesz / sizeof(Elf64_Dyn);
            const uint64_t at = header.p_offset + random_.below(entries) * sizeof(Elf64_Dyn);
            return random_.one_in(2) ? write(at, random_.pick(kTags))
                                     : write(at + sizeof(uint64_t), value());
        }
        return false;
    }

    std::span<std::byte> file_;
    Random& random_;
    Elf64_Ehdr header_{};
    std::vector<Elf64_Phdr> headers_;
};

} // namespace
} // namespace baton::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
    using namespace baton::fuzz;
    Random random(seed);
    if (random.one_in(2))
        return LLVMFuzzerMutate(data, size, max_size);
    bool changed = false;
    for (uint64_t i = 1 + random.below(3); i-- > 0;)
        changed =
            ElfMutator(std::as_writable_bytes(std::span(data, size)), random).mutate() || changed;
    return changed ? size : LLVMFuzzerMutate(data, size, max_size);
}
