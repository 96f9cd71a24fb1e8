// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/relocation_oracle.hpp"

#include <map>
#include <set>

namespace baton::fuzz {
namespace {

/// Thrown where the image must be refused.
struct Refused {};

class Relocation {
  public:
    Relocation(std::vector<Piece> pieces, uint64_t slide)
        : pieces_(std::move(pieces)),
          slide_(slide) {}

    void run(VirtRange dynamic) {
        if (dynamic.bytes == 0)
            return; // an empty section: there is nothing to relocate
        read_tags(dynamic);
        const Table relr_table = table(36, 35, 8), rela_table = table(7, 8, 24),
                    plt_table = table(23, 2, 24);
        relr(relr_table);
        rela(rela_table);
        rela(plt_table);
    }
    std::vector<Piece> pieces() && { return std::move(pieces_); }

  private:
    std::byte* find(uint64_t address, uint64_t count) {
        for (Piece& piece : pieces_) {
            const uint64_t offset = address - piece.address;
            if (address >= piece.address && offset < piece.bytes.size() &&
                count <= piece.bytes.size() - offset)
                return piece.bytes.data() + offset;
        }
        throw Refused();
    }
    uint64_t load(uint64_t address, unsigned bytes) {
        const std::byte* const first = find(address, bytes);
        uint64_t value = 0;
        for (unsigned i = bytes; i-- > 0;)
            value = value << 8 | static_cast<uint64_t>(first[i]);
        return value;
    }
    void store(uint64_t address, uint64_t value) {
        std::byte* const first = find(address, 8);
        for (unsigned i = 0; i < 8; ++i)
            first[i] = static_cast<std::byte>(value >> (8 * i));
    }
    struct Table {
        uint64_t address;
        uint64_t bytes;
    };
    /// Both tags or neither, but a size of 0 says that there is nothing.
    Table table(uint64_t address_tag, uint64_t size_tag, uint64_t entry_bytes) const {
        const bool has_address = tags_.contains(address_tag), has_size = tags_.contains(size_tag);
        const Table table{tag(address_tag), tag(size_tag)};
        if ((has_address && !has_size) || (!has_address && table.bytes != 0) ||
            table.bytes % entry_bytes != 0)
            throw Refused();
        return table;
    }
    uint64_t tag(uint64_t name) const {
        const auto found = tags_.find(name);
        return found == tags_.end() ? 0 : found->second;
    }

    void read_tags(VirtRange dynamic) {
        if (dynamic.bytes != 0)
            find(dynamic.base.value, dynamic.bytes);
        constexpr uint64_t kNeeded = 1, kRel = 17, kAndroidRel = 0x6000'000f,
                           kAndroidRela = 0x6000'0011;
        const std::set<uint64_t> refused = {kNeeded, kRel, kAndroidRel, kAndroidRela};
        const std::map<uint64_t, uint64_t> needed_values = {
            {20, 7}, {9, 24}, {11, 24}, {37, 8}}; // PLTREL, RELAENT, SYMENT, RELRENT
        for (uint64_t at = 0; at + 16 <= dynamic.bytes; at += 16) {
            const uint64_t name = load(dynamic.base.value + at, 8);
            const uint64_t value = load(dynamic.base.value + at + 8, 8);
            if (name == 0)
                return;
            const auto needed = needed_values.find(name);
            if (refused.contains(name) ||
                (needed != needed_values.end() && needed->second != value))
                throw Refused();
            tags_[name] = value;
        }
        throw Refused(); // nothing ends it
    }

    void relr(Table table) {
        if (table.bytes != 0)
            find(table.address, table.bytes);
        uint64_t next = 0;
        for (uint64_t at = 0; at < table.bytes; at += 8) {
            const uint64_t entry = load(table.address + at, 8);
            if (entry % 2 == 0) {
                store(entry, load(entry, 8) + slide_);
                next = entry + 8;
                continue;
            }
            if (at == 0) // a bitmap of words that follow nothing
                throw Refused();
            for (unsigned bit = 1; bit < 64; ++bit, next += 8)
                if ((entry >> bit & 1) != 0)
                    store(next, load(next, 8) + slide_);
        }
    }

    void rela(Table table) {
        if (table.bytes != 0)
            find(table.address, table.bytes);
        for (uint64_t at = table.address; at != table.address + table.bytes; at += 24) {
            const uint64_t place = load(at, 8);
            const uint64_t type = load(at + 8, 4);
            const uint64_t symbol = load(at + 12, 4);
            const uint64_t addend = load(at + 16, 8);
            switch (type) {
            case 0: // NONE
                break;
            case 1: // 64
                store(place, value_of(symbol) + addend);
                break;
            case 6: // GLOB_DAT
            case 7: // JUMP_SLOT
                store(place, value_of(symbol));
                break;
            case 8: // RELATIVE
                store(place, slide_ + addend);
                break;
            default:
                throw Refused();
            }
        }
    }

    uint64_t value_of(uint64_t symbol) {
        if (symbol == 0)
            return 0;
        // The symbol table ends where the string table begins, if that comes after it.
        const uint64_t symbols = tag(6), strings = tag(5), at = symbols + symbol * 24;
        if (symbols == 0 || at < symbols || (strings > symbols && at + 24 > strings))
            throw Refused();
        find(at, 24);
        const uint64_t info = load(at + 4, 1), section = load(at + 6, 2), value = load(at + 8, 8);
        constexpr uint64_t kUndefined = 0, kAbsolute = 0xfff1, kWeak = 2, kIndirectFunction = 10;
        if (section != kUndefined && info % 16 == kIndirectFunction)
            throw Refused();
        if (section == kUndefined && info / 16 != kWeak)
            throw Refused();
        return section == kUndefined ? 0 : section == kAbsolute ? value : value + slide_;
    }

    std::vector<Piece> pieces_;
    uint64_t slide_;
    std::map<uint64_t, uint64_t> tags_;
};

} // namespace

std::optional<std::vector<Piece>> relocated(std::vector<Piece> pieces, VirtRange dynamic,
                                            uint64_t slide) {
    try {
        Relocation relocation(std::move(pieces), slide);
        relocation.run(dynamic);
        return std::move(relocation).pieces();
    } catch (const Refused&) {
        return std::nullopt;
    }
}

} // namespace baton::fuzz
