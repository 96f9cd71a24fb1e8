// SPDX-License-Identifier: BSD-2-Clause
//
// Checks a configuration of Limine in a copy of a volume: what the loader would make of its entries
// and of their kernels.
#pragma once

#include "tools/baton/check.hpp"

#include <filesystem>

namespace baton::tool {

/// Whether a file has one of the names that Limine looks for.
bool is_limine_conf(const std::filesystem::path& file);

/// Prints what the loader would say of the file `machine.kernel`, then of each entry, in the order
/// in which it would try them, on that machine. Returns the exit status: 0 if an entry can be
/// booted, without warnings if it is strict. Throws a Failure for JSON.
int check_limine_conf(const Rehearsal::Given& machine, const CheckOptions& options);

} // namespace baton::tool
