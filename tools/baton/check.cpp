// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/check.hpp"

#include "tools/baton/files.hpp"
#include "tools/baton/known_errors.hpp"
#include "tools/baton/lost_requests.hpp"
#include "tools/baton/text.hpp"

#include <iostream>

namespace baton::tool {

int check(const Rehearsal::Given& given, bool strict, bool quiet) {
    const Rehearsal rehearsal(given);
    for (const std::string& line : rehearsal.log())
        if (!quiet || line.starts_with("warning: "))
            std::cout << line << '\n';
    if (rehearsal.error()) {
        std::cout << error_with_fix(*rehearsal.error());
        return 1;
    }
    const std::string lost = lost_requests(MappedFile(given.kernel).bytes());
    if (!lost.empty())
        std::cout << "warning: " << lost << '\n';
    const std::size_t warnings = rehearsal.warnings() + (lost.empty() ? 0 : 1);
    if (!quiet)
        std::cout << given.kernel.filename().string() << ": can be booted, "
                  << string_of(Text().count(warnings, "warning")) << '\n';
    return strict && warnings != 0 ? 1 : 0;
}

std::string error_with_fix(const Error& error) {
    return string_of(Text().error(error)) + "\n" + cause_and_fix(describe(error.code).name);
}

} // namespace baton::tool
