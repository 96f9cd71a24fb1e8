// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/spoken_limine.hpp"

#include "tools/baton/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace baton::tool {
namespace {

using limine::Feature;

#define LIMINE_NAME(name, third, fourth) #name,
constexpr std::array<std::string_view, limine::kFeatures> kNames = {LIMINE_REQUESTS(LIMINE_NAME)};
#undef LIMINE_NAME

// What the machine has is not known here.
constexpr std::array kOfTheMachine = {Feature::rsdp, Feature::smbios, Feature::efi_system_table,
                                      Feature::efi_memory_map, Feature::date_at_boot};

/// "memory map", of "memory_map".
std::string name_of(std::size_t feature) {
    std::string name(kNames[feature]);
    std::ranges::replace(name, '_', ' ');
    return name;
}

std::optional<bool> is_answered(const Rehearsal& rehearsal, Feature feature, uint64_t request) {
    if (rehearsal.error())
        return {};
    if (rehearsal.kernel_word(request + offsetof(limine::Request, response)) != 0)
        return true;
    return std::ranges::find(kOfTheMachine, feature) != kOfTheMachine.end() ? std::nullopt
                                                                            : std::optional(false);
}

} // namespace

std::string limine_mark(const LimineRequests& found) {
    const auto count = static_cast<uint64_t>(
        std::ranges::count_if(found.at, [](uint64_t address) { return address != 0; }));
    return string_of(Text()
                         .add("base revision ")
                         .decimal(found.revision)
                         .add(", ")
                         .count(count + found.unknown_count, "request"));
}

std::vector<KernelRequest> limine_requests(const LimineRequests& found) {
    std::vector<KernelRequest> requests;
    for (std::size_t i = 0; i < found.at.size(); ++i)
        if (const uint64_t address = found.at[i]; address != 0)
            requests.push_back({.name = name_of(i),
                                .values = {},
                                .is_met = [i, address](const Rehearsal& rehearsal) {
                                    return is_answered(rehearsal, static_cast<Feature>(i), address);
                                }});
    if (found.unknown_count != 0)
        requests.push_back({.name = string_of(Text().count(found.unknown_count, "unknown id")),
                            .values = {},
                            .is_met = [](const Rehearsal&) { return false; }});
    return requests;
}

} // namespace baton::tool
