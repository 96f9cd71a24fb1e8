// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "tools/baton/rehearsal.hpp"

#include <string>

namespace baton::tool {

/// Prints what would become of a boot; if `quiet`, only errors and warnings. The exit status: 0 if
/// it can be done; if `strict`, without a warning.
int check(const Rehearsal::Given& given, bool strict, bool quiet);

/// The error as the loader prints it, and lines with its cause and fix.
std::string error_with_fix(const Error& error);

} // namespace baton::tool
