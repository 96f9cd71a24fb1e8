// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/known_errors.hpp"

#include "core/error_entries.hpp"

#include <algorithm>
#include <iterator>

namespace baton::tool {
std::string cause_and_fix(std::string_view name) {
    const auto* const found = std::ranges::find(kErrorEntries, name, &ErrorEntry::name);
    if (found == std::end(kErrorEntries))
        return {};
    return "cause: " + std::string(found->cause) + "\nfix:  " + std::string(found->fix) + "\n";
}

std::string explain_error(std::string_view line) {
    constexpr std::string_view kPrefix = "error: ";
    if (!line.starts_with(kPrefix))
        return {};
    const std::string_view rest = line.substr(kPrefix.size());
    const std::string known = cause_and_fix(rest.substr(0, rest.find(':')));
    return known.empty() ? known : std::string(line) + "\n" + known;
}

} // namespace baton::tool
