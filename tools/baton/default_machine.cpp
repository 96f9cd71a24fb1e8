// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/default_machine.hpp"

#include <algorithm>
#include <bit>
#include <fstream>
#include <string>

namespace baton::tool {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t k4GiB = 4096 * kMiB;

/// The value of a field of a package, in dpkg's list of what is installed (deb-control(5)).
std::string installed_version(std::string_view package) {
    std::ifstream list("/var/lib/dpkg/status");
    const std::string wanted = "Package: " + std::string(package);
    constexpr std::string_view kVersion = "Version: ";
    bool is_found = false;
    for (std::string line; std::getline(list, line);) {
        if (line.empty() && is_found)
            break;
        is_found |= line == wanted;
        if (is_found && line.starts_with(kVersion))
            return line.substr(kVersion.size());
    }
    return {};
}

} // namespace

std::vector<TypedRange> q35_memory_map(uint64_t mib) {
    constexpr uint64_t kMostBelow = 2816 * kMiB, kBelowIfMore = 2048 * kMiB;
    const uint64_t bytes = mib * kMiB;
    const uint64_t low = bytes < kMostBelow ? bytes : kBelowIfMore;
    std::vector<TypedRange> map = {{.range = {{0}, 0xa0000}, .type = BATON_MEMORY_USABLE},
                                   {.range = {{0xa0000}, 0x60000}, .type = BATON_MEMORY_RESERVED}};
    if (low > kMiB)
        map.push_back({.range = {{kMiB}, low - kMiB}, .type = BATON_MEMORY_USABLE});
    if (bytes > low)
        map.push_back({.range = {{k4GiB}, bytes - low}, .type = BATON_MEMORY_USABLE});
    return map;
}

PhysAddr framebuffer_base(std::span<const TypedRange> memory, std::string_view ovmf) {
    // EDK II puts devices into the largest power of two of bytes below 4 GiB that has no memory, of
    // 2 GiB at most. Up to 2022 they came after the PCI Express configuration space, which was
    // at 2816 MiB.
    constexpr uint64_t kEarliest = 2048 * kMiB, kBefore2023 = 3072 * kMiB;
    if (!ovmf.empty() && ovmf < "2023")
        return {kBefore2023};
    uint64_t base = kEarliest;
    for (const TypedRange& range : memory) {
        const uint64_t end = range.range.end().value;
        if (range.type != BATON_MEMORY_RESERVED && end < k4GiB)
            base = std::max(base, k4GiB - std::bit_floor(k4GiB - end));
    }
    return {base};
}

std::string_view ovmf_version() {
    static const std::string version = installed_version("ovmf");
    return version;
}

} // namespace baton::tool
