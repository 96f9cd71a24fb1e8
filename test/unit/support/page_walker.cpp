// SPDX-License-Identifier: BSD-2-Clause
#include "support/page_walker.hpp"

#include <ostream>
#include <stdexcept>
#include <utility>

namespace baton::test {
namespace {

bool bit(uint64_t value, unsigned index) {
    return (value >> index & 1) != 0;
}

/// Bits `high` down to `low`, where they are: SDM notation high:low.
uint64_t bits(uint64_t value, unsigned high, unsigned low) {
    const uint64_t below_high = high == 63 ? ~uint64_t{0} : (uint64_t{1} << (high + 1)) - 1;
    return value & below_high & ~((uint64_t{1} << low) - 1);
}

/// Tables 4-15 to 4-20 of the SDM: what the entry of a table says that translates address bits from
/// `lowest_bit` (48, 39, 30, 21 or 12) on.
struct Entry {
    uint64_t value;
    unsigned lowest_bit;

    bool present() const { return bit(value, 0); }
    bool maps_page() const { return lowest_bit == 12 || (lowest_bit < 39 && bit(value, 7)); }
    bool has_reserved_bit() const {
        if (lowest_bit >= 39) // PS of a PML4 and a PML5 entry
            return bit(value, 7);
        if (maps_page() && lowest_bit > 12)
            return bits(value, lowest_bit - 1, 13) != 0;
        return false;
    }
    uint64_t table() const { return bits(value, 51, 12); }
    uint64_t page() const { return bits(value, 51, lowest_bit); }
    unsigned pat_index() const {
        const bool pat = lowest_bit == 12 ? bit(value, 7) : bit(value, 12);
        return (pat ? 4u : 0u) | (bit(value, 4) ? 2u : 0u) | (bit(value, 3) ? 1u : 0u);
    }
};

/// `top_bit` is the highest one that is translated: 47, or 56 with 5 levels.
uint64_t sign_extend(uint64_t address, unsigned top_bit) {
    return bit(address, top_bit) ? address | ~bits(~uint64_t{0}, top_bit, 0) : address;
}

} // namespace

PageWalker::PageWalker(ReadMemory read, uint64_t cr3, uint64_t pat, unsigned levels)
    : read_(std::move(read)),
      cr3_(cr3),
      pat_(pat),
      root_bit_(levels == 5 ? 48 : 39) {}

std::expected<Translation, WalkFault> PageWalker::translate(uint64_t virtual_address) const {
    const unsigned top_bit = root_bit_ + 8;
    if (sign_extend(bits(virtual_address, top_bit, 0), top_bit) != virtual_address)
        return std::unexpected(WalkFault::not_canonical);
    // Section 4.6.1: an access is allowed where every entry on the way allows it.
    PageKind kind{.writable = true, .executable = true, .user = true, .memory_type = {}};
    uint64_t table = bits(cr3_, 51, 12);
    for (unsigned lowest_bit = root_bit_;; lowest_bit -= 9) {
        const uint64_t index = virtual_address >> lowest_bit & 511;
        const Entry entry{read_(table + 8 * index), lowest_bit};
        if (!entry.present())
            return std::unexpected(WalkFault::not_present);
        if (entry.has_reserved_bit())
            return std::unexpected(WalkFault::reserved_bit);
        kind.writable = kind.writable && bit(entry.value, 1);
        kind.user = kind.user && bit(entry.value, 2);
        kind.executable = kind.executable && !bit(entry.value, 63);
        if (entry.maps_page()) {
            kind.memory_type = static_cast<MemoryType>(pat_ >> (8 * entry.pat_index()) & 7);
            return Translation{.physical = entry.page() | bits(virtual_address, lowest_bit - 1, 0),
                               .page_bytes = uint64_t{1} << lowest_bit,
                               .kind = kind};
        }
        table = entry.table();
    }
}

std::vector<Leaf> PageWalker::leaves() const {
    std::vector<Leaf> leaves;
    collect(bits(cr3_, 51, 12), root_bit_, 0, leaves);
    return leaves;
}

void PageWalker::collect(uint64_t table, unsigned lowest_bit, uint64_t virtual_base,
                         std::vector<Leaf>& leaves) const {
    for (uint64_t index = 0; index < 512; ++index) {
        const Entry entry{read_(table + 8 * index), lowest_bit};
        if (!entry.present())
            continue;
        const uint64_t address = sign_extend(virtual_base | index << lowest_bit, root_bit_ + 8);
        if (!entry.maps_page()) {
            collect(entry.table(), lowest_bit - 9, address, leaves);
            continue;
        }
        const auto translation = translate(address);
        if (!translation)
            throw std::logic_error("a page-table entry has a reserved bit set");
        leaves.push_back({address, *translation});
    }
}

std::vector<MappedRun> PageWalker::runs() const {
    std::vector<MappedRun> runs;
    for (const auto& [virtual_base, page] : leaves()) {
        if (!runs.empty()) {
            MappedRun& last = runs.back();
            if (last.virtual_base + last.bytes == virtual_base &&
                last.physical_base + last.bytes == page.physical && last.kind == page.kind) {
                last.bytes += page.page_bytes;
                continue;
            }
        }
        runs.push_back({virtual_base, page.physical, page.page_bytes, page.kind});
    }
    return runs;
}

std::ostream& operator<<(std::ostream& out, const PageKind& kind) {
    return out << 'r' << (kind.writable ? 'w' : '-') << (kind.executable ? 'x' : '-')
               << (kind.user ? " user" : "") << " type " << static_cast<unsigned>(kind.memory_type);
}

std::ostream& operator<<(std::ostream& out, const Translation& translation) {
    return out << std::hex << translation.physical << " in a page of " << translation.page_bytes
               << ' ' << translation.kind;
}

std::ostream& operator<<(std::ostream& out, const MappedRun& run) {
    return out << std::hex << run.virtual_base << " -> " << run.physical_base << " + " << run.bytes
               << ' ' << run.kind;
}

} // namespace baton::test
