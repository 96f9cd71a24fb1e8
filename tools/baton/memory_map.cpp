// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/memory_map.hpp"

#include "tools/baton/failure.hpp"

#include <algorithm>
#include <array>
#include <regex>
#include <sstream>

namespace baton::tool {
namespace {

constexpr uint64_t kMiB = 1 << 20;

struct TypeName {
    std::string_view begin; // of what Linux calls it, in lower case
    BatonMemoryType type;
};
constexpr std::array kTypes = {
    TypeName{"usable", BATON_MEMORY_USABLE},
    TypeName{"system ram", BATON_MEMORY_USABLE},
    TypeName{"acpi data", BATON_MEMORY_ACPI_RECLAIMABLE},
    TypeName{"acpi tables", BATON_MEMORY_ACPI_RECLAIMABLE},
    TypeName{"acpi nvs", BATON_MEMORY_ACPI_NVS},
    TypeName{"acpi non-volatile", BATON_MEMORY_ACPI_NVS},
    TypeName{"persistent", BATON_MEMORY_PERSISTENT},
    TypeName{"unusable", BATON_MEMORY_BAD},
    TypeName{"reserved", BATON_MEMORY_RESERVED},
};

} // namespace

std::vector<TypedRange> plain_memory_map(uint64_t mib) {
    const uint64_t bytes = mib * kMiB;
    const uint64_t low = std::min(bytes, 2048 * kMiB);
    std::vector<TypedRange> map = {{.range = {{0}, 0xa0000}, .type = BATON_MEMORY_USABLE},
                                   {.range = {{0xa0000}, 0x60000}, .type = BATON_MEMORY_RESERVED}};
    if (low > kMiB)
        map.push_back({.range = {{kMiB}, low - kMiB}, .type = BATON_MEMORY_USABLE});
    if (bytes > low)
        map.push_back({.range = {{4096 * kMiB}, bytes - low}, .type = BATON_MEMORY_USABLE});
    return map;
}

std::vector<TypedRange> parse_memory_map(std::string_view text) {
    static const std::regex pattern(
        "(?:^|\\[mem )(?:0x)?([0-9a-fA-F]{1,16}) ?- ?(?:0x)?([0-9a-fA-F]{1,16})\\]? *:? *(.*)");
    std::vector<TypedRange> map;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        if (!std::regex_search(line, found, pattern))
            continue;
        std::string name = found[3];
        std::ranges::transform(name, name.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const auto* const type = std::ranges::find_if(
            kTypes, [&](const TypeName& known) { return name.starts_with(known.begin); });
        const uint64_t first = std::stoull(found[1], nullptr, 16);
        const uint64_t last = std::stoull(found[2], nullptr, 16);
        if (type == kTypes.end() || last < first || last >= kPhysicalAddressEnd)
            continue;
        map.push_back({.range = {{first}, last - first + 1}, .type = type->type});
    }
    const auto is_usable = [](const TypedRange& range) {
        return range.type == BATON_MEMORY_USABLE;
    };
    if (std::ranges::none_of(map, is_usable))
        throw Failure("the memory map has no line like \"0x100000-0x7fffffff usable\"");
    return map;
}

} // namespace baton::tool
