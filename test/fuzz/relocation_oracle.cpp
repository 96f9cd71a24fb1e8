// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/relocation_oracle.hpp"

#include <map>

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
        read_tags(dynamic);
        relr(tag(36), tag(35));
        rela(tag(7), tag(8));
        rela(tag(23), tag(2));
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
    uint64_t tag(uint64_t name) const {
        const auto found = tags_.find(name);
        return found == tags_.end() ? 0 : found->second;
    }

    void read_tags(VirtRange dynamic) {
        find(dynamic.base.value, dynamic.bytes);
        const std::map<uint64_t, uint64_t> needed_values = {
            {20, 7}, {9, 24}, {11, 24}, {37, 8}}; // PLTREL, RELAENT, SYMENT, RELRENT
        for (uint64_t at = 0; at + 16 <= dynamic.bytes; at += 16) {
            const uint64_t name = load(dynamic.base.value + at, 8);
            const uint64_t value = load(dynamic.base.value + at + 8, 8);
            if (name == 0)
                return;
            const auto needed = needed_values.find(name);
            if (name == 1 || name == 17 || // NEEDED, REL
                (needed != needed_values.end() && needed->second != value))
                throw Refused();
            tags_[name] = value;
        }
    }

    void relr(uint64_t table, uint64_t bytes) {
        if (bytes != 0)
            find(table, bytes);
        uint64_t next = 0;
        for (uint64_t at = 0; at + 8 <= bytes; at += 8) {
            const uint64_t entry = load(table + at, 8);
            if (entry % 2 == 0) {
                store(entry, load(entry, 8) + slide_);
                next = entry + 8;
                continue;
            }
            for (unsigned bit = 1; bit < 64; ++bit, next += 8)
                if ((entry >> bit & 1) != 0)
                    store(next, load(next, 8) + slide_);
        }
    }

    void rela(uint64_t table, uint64_t bytes) {
        if (bytes != 0)
            find(table, bytes);
        for (uint64_t at = 0; at + 24 <= bytes; at += 24) {
            const uint64_t place = load(table + at, 8);
            const uint64_t type = load(table + at + 8, 4);
            const uint64_t symbol = load(table + at + 12, 4);
            const uint64_t addend = load(table + at + 16, 8);
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
        const uint64_t at = tag(6) + symbol * 24;
        if (tag(6) == 0)
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
