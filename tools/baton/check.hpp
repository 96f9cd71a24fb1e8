// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "tools/baton/rehearsal.hpp"

#include <string>

namespace baton::tool {

struct CheckOptions {
    bool strict = false; // a warning is a failure
    bool quiet = false;  // prints only errors and warnings
    bool json = false;
};

/// Prints the protocols that a kernel speaks, its requests, and what would become of a boot. The
/// exit status: 0 if it can be done.
int check(const Rehearsal::Given& given, const CheckOptions& options);

/// The error as the loader prints it, and lines with its cause and fix.
std::string error_with_fix(const Error& error);

} // namespace baton::tool
