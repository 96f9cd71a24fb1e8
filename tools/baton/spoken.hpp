// SPDX-License-Identifier: BSD-2-Clause
//
// The boot protocols that a kernel's file speaks, and what it requests by the one that is used.
#pragma once

#include "tools/baton/rehearsal.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace baton::tool {

struct SpokenProtocol {
    std::string name; // as the setting `protocol` has it; "linux" and "uefi" are for other loaders
    std::string mark; // what in the file says so
    std::optional<Error> error; // the mark is wrong
    bool is_used = false;
};

struct KernelRequest {
    std::string name;
    std::string values; // may be empty
    bool is_required = false;
    /// Of a rehearsal of this kernel without an error, or with one; nothing: not known.
    std::function<std::optional<bool>(const Rehearsal&)> is_met;
};

struct SpokenProtocols {
    std::vector<SpokenProtocol> all; // the one that the loader prefers first
    std::vector<KernelRequest> requests;
};

/// What the kernel's file says. Throws a Failure if it can't be read; one that the loader can't
/// read speaks none.
SpokenProtocols find_spoken_protocols(const Rehearsal::Given& given);

} // namespace baton::tool
