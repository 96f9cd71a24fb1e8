// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/memory_map.hpp"

#include "memory/efi_map.hpp"
#include "memory/normalise.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fault_log.hpp"
#include "tools/baton/heap_arena.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <regex>

namespace baton::tool {
namespace {

struct TypeName {
    std::string_view part; // of what it is called, in lower case
    BatonMemoryType type;
};
// The first one counts that a name has.
constexpr std::array kTypes = {
    TypeName{"soft reserved", BATON_MEMORY_SPECIAL_PURPOSE},
    TypeName{"reserved", BATON_MEMORY_RESERVED},
    TypeName{"unusable", BATON_MEMORY_BAD},
    TypeName{"usable", BATON_MEMORY_USABLE},
    TypeName{"system ram", BATON_MEMORY_USABLE},
    TypeName{"acpi data", BATON_MEMORY_ACPI_RECLAIMABLE},
    TypeName{"acpi tables", BATON_MEMORY_ACPI_RECLAIMABLE},
    TypeName{"acpi nvs", BATON_MEMORY_ACPI_NVS},
    TypeName{"acpi non-volatile", BATON_MEMORY_ACPI_NVS},
    TypeName{"persistent", BATON_MEMORY_PERSISTENT},
    TypeName{"unaccepted", BATON_MEMORY_UNACCEPTED},
};

/// What Linux calls the types of UEFI, in the order of their numbers.
constexpr std::array<std::string_view, 16> kEfiTypes = {
    "reserved",
    "loader code",
    "loader data",
    "boot code",
    "boot data",
    "runtime code",
    "runtime data",
    "conventional memory",
    "unusable memory",
    "acpi reclaim",
    "acpi memory nvs",
    "memory mapped i/o",
    "mmio",
    "pal code",
    "persistent",
    "unaccepted",
};

std::optional<BatonMemoryType> known_type(const std::string& name) {
    const auto* const found = std::ranges::find_if(
        kTypes, [&](const TypeName& known) { return name.contains(known.part); });
    return found == kTypes.end() ? std::nullopt : std::optional(found->type);
}

/// ACPI 6.5 section 15.
BatonMemoryType e820_type(uint64_t number) {
    switch (number) {
    case 1:
        return BATON_MEMORY_USABLE;
    case 3:
        return BATON_MEMORY_ACPI_RECLAIMABLE;
    case 4:
        return BATON_MEMORY_ACPI_NVS;
    case 5:
        return BATON_MEMORY_BAD;
    case 7:
        return BATON_MEMORY_PERSISTENT;
    default:
        return BATON_MEMORY_RESERVED;
    }
}

uint64_t hex(const std::string& digits) {
    return std::stoull(digits, nullptr, 16);
}

/// "type=7, attr=0xf" or "conventional memory|run|…".
BatonMemoryType efi_type(const std::string& text) {
    static const std::regex number("type=([0-9]+)");
    static const std::regex attributes("attr=0x([0-9a-f]{1,16})");
    EfiMemoryDescriptor descriptor{};
    descriptor.type = kEfiTypes.size(); // which is no type: reserved
    for (uint32_t type = 0; type < kEfiTypes.size(); ++type)
        if (text.starts_with("[" + std::string(kEfiTypes[type])))
            descriptor.type = type;
    std::smatch found;
    if (std::regex_search(text, found, number))
        descriptor.type = static_cast<uint32_t>(std::stoul(found[1].str().substr(0, 9)));
    if (std::regex_search(text, found, attributes))
        descriptor.attribute = hex(found[1]);
    if (text.contains("|run"))
        descriptor.attribute |= uint64_t{1} << 63;
    if (text.contains("|sp"))
        descriptor.attribute |= 0x40000;
    constexpr uint32_t kBootServicesCode = 3, kBootServicesData = 4; // UEFI 2.10 section 7.2.1
    if (descriptor.type == kBootServicesCode || descriptor.type == kBootServicesData)
        return BATON_MEMORY_LOADER_RECLAIMABLE;
    const BatonMemoryType type = efi_memory_type(descriptor);
    // What the loader of that boot had is free for this one.
    return type == BATON_MEMORY_LOADER_RECLAIMABLE ? BATON_MEMORY_USABLE : type;
}

/// A line of a map.
struct MapLine {
    std::string map; // which one it belongs to: what its lines begin with
    uint64_t first;
    uint64_t end; // the last byte's address, or the one after it
    bool is_end_inclusive;
    std::optional<BatonMemoryType> type{}; // nothing: a gap
    /// Whether another map begins with it. Nothing: the map is sorted, so that an address says so.
    std::optional<bool> is_first{};
};

using LineReader = std::optional<MapLine> (*)(const std::string& line);

BatonMemoryType type_or_reserved(const std::string& name) {
    return known_type(name).value_or(BATON_MEMORY_RESERVED);
}

constexpr const char* kMaps = "(bios-[a-z0-9]+|xen|user|modified|extended|reserve setup_data): ";

/// Linux from 3.4 on.
std::optional<MapLine> read_e820(const std::string& line) {
    static const std::regex pattern(std::string(kMaps) +
                                    "\\[(mem|gap) 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\\](.*)");
    std::smatch found;
    if (!std::regex_search(line, found, pattern))
        return {};
    MapLine result{found[1], hex(found[3]), hex(found[4]), true};
    if (found[2] == "mem")
        result.type = type_or_reserved(found[5]);
    return result;
}

/// Linux before 3.4.
std::optional<MapLine> read_old_e820(const std::string& line) {
    static const std::regex pattern(std::string(kMaps) +
                                    "([0-9a-f]{16}) - ([0-9a-f]{16}) \\((.*)\\)");
    std::smatch found;
    if (!std::regex_search(line, found, pattern))
        return {};
    return MapLine{found[1], hex(found[2]), hex(found[3]), false, type_or_reserved(found[4])};
}

/// Xen up to 4.14: "A - B (TYPE)"; since then "[A, B] (TYPE)".
std::optional<MapLine> read_xen(const std::string& line) {
    static const std::regex pattern(
        R"(\(xen\) +\[?([0-9a-f]{16})(,| -) ([0-9a-f]{16})\]? \((.*)\))");
    std::smatch found;
    if (!std::regex_search(line, found, pattern))
        return {};
    return MapLine{"(xen)", hex(found[1]), hex(found[3]), found[2] == ",",
                   type_or_reserved(found[4])};
}

/// Linux with "efi=debug".
std::optional<MapLine> read_efi(const std::string& line) {
    static const std::regex pattern(
        R"(\befi: mem([0-9]+): (.*) ?range=\[0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})([\])]))");
    std::smatch found;
    if (!std::regex_search(line, found, pattern))
        return {};
    return MapLine{"efi",
                   hex(found[3]),
                   hex(found[4]),
                   found[5] == "]",
                   efi_type(found[2]),
                   found[1].str().find_first_not_of('0') == std::string::npos};
}

/// FreeBSD, booted with -v.
std::optional<MapLine> read_smap(const std::string& line) {
    static const std::regex pattern(
        "smap type=([0-9a-f]{1,8}) base=([0-9a-f]{1,16}) len=([0-9a-f]{1,16})");
    std::smatch found;
    if (!std::regex_search(line, found, pattern))
        return {};
    const uint64_t first = hex(found[2]);
    return MapLine{"smap", first, first + hex(found[3]), false, e820_type(hex(found[1])), false};
}

/// /proc/iomem. What is indented is a part of what comes before, but for memory that a driver has
/// added; what has another name at the margin is a device.
std::optional<MapLine> read_iomem(const std::string& line) {
    static const std::regex pattern("^( *)([0-9a-f]{8,16})-([0-9a-f]{8,16}) : (.*)$");
    std::smatch found;
    if (!std::regex_search(line, found, pattern))
        return {};
    const auto type = known_type(found[4]);
    if (!type || (found[1].length() != 0 && type != BATON_MEMORY_USABLE))
        return {};
    return MapLine{"iomem", hex(found[2]), hex(found[3]), true, type, false};
}

/// Without a word that says which map it is: what has a type that is known.
std::optional<MapLine> read_bare(const std::string& line) {
    static const std::regex pattern("^(?:\\[[ 0-9.]+\\] *)?(?:\\[mem )?(?:0x)?([0-9a-f]{1,16}) ?- "
                                    "?(?:0x)?([0-9a-f]{1,16})\\]?[ :]+(.*)$");
    std::smatch found;
    if (!std::regex_search(line, found, pattern) || !known_type(found[3]))
        return {};
    return MapLine{"", hex(found[1]), hex(found[2]), true, known_type(found[3]), false};
}

constexpr std::array<LineReader, 7> kReaders = {read_e820, read_old_e820, read_xen, read_efi,
                                                read_smap, read_iomem,    read_bare};

std::optional<MapLine> read_line(const std::string& line) {
    constexpr std::size_t kLongest = 1000; // of a map's line, with all that stands before it
    if (line.size() > kLongest || line.find_first_of("0123456789") == std::string::npos)
        return {};
    for (const LineReader read : kReaders)
        if (auto found = read(line))
            return found;
    return {};
}

bool is_usable(const TypedRange& range) {
    return range.type == BATON_MEMORY_USABLE;
}

/// Collects the maps of a text.
class MapFinder {
  public:
    explicit MapFinder(std::string name) : name_(std::move(name)) {}

    void take(const MapLine& line, const std::string& text) {
        if (!is_there_ || line.map != map_ || line.is_first.value_or(line.first <= lowest_)) {
            end();
            lowest_ = line.first;
        }
        map_ = line.map;
        is_there_ = true;
        if (line.end == 0) // nothing, or hidden
            return;
        is_hidden_ = false;
        if (line.end < line.first)
            throw Failure(name_ + ": a range ends before it begins: " + text);
        const uint64_t last_end = kPhysicalAddressEnd - (line.is_end_inclusive ? 1 : 0);
        const uint64_t end = std::min(line.end, last_end) + (line.is_end_inclusive ? 1 : 0);
        if (line.type && line.first < end)
            ranges_.push_back({.range = {{line.first}, end - line.first}, .type = *line.type});
    }

    std::vector<TypedRange> result() {
        end();
        if (!best_.empty())
            return best_;
        if (is_there_ && is_hidden_)
            throw Failure(name_ + ": all addresses of the memory map are 0. /proc/iomem shows "
                                  "them only to root: `sudo cat /proc/iomem`");
        throw Failure(name_ + (is_there_ ? ": the memory map has no usable memory"
                                         : ": there is no memory map in it, such as `dmesg` or "
                                           "`sudo cat /proc/iomem` print"));
    }

  private:
    void end() {
        if (std::ranges::any_of(ranges_, is_usable))
            best_ = ranges_;
        ranges_.clear();
    }

    std::string name_;
    std::string map_;
    uint64_t lowest_ = 0;
    std::vector<TypedRange> ranges_;
    std::vector<TypedRange> best_;
    bool is_there_ = false;
    bool is_hidden_ = true;
};

/// Ranges of one type that touch as one: Linux splits ranges inside pages.
std::vector<TypedRange> joined(std::vector<TypedRange> ranges) {
    std::ranges::stable_sort(ranges, {}, [](const TypedRange& range) {
        return std::pair(range.type, range.range.base.value);
    });
    std::vector<TypedRange> result;
    for (const TypedRange& range : ranges) {
        if (!result.empty() && result.back().type == range.type &&
            range.range.base.value <= result.back().range.end().value) {
            PhysRange& before = result.back().range;
            before.bytes =
                std::max(before.end().value, range.range.end().value) - before.base.value;
        } else {
            result.push_back(range);
        }
    }
    return result;
}

/// As the loader does it.
std::vector<TypedRange> normalised(const std::vector<TypedRange>& ranges) {
    HeapArena arena;
    const auto buffers = NormaliseBuffers::create(arena, ranges.size());
    std::vector<TypedRange> result;
    for (const NormalisedRange& range : normalise(ranges, *buffers))
        result.push_back({.range = range.range, .type = range.type});
    return result;
}

} // namespace

std::vector<TypedRange> parse_memory_map(std::string_view text, const std::string& name) {
    MapFinder finder(name);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string line = plain_line(text.substr(0, end));
        std::string lower = line;
        std::ranges::transform(lower, lower.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (const auto found = read_line(lower))
            finder.take(*found, line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return normalised(joined(finder.result()));
}

} // namespace baton::tool
