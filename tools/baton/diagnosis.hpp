// SPDX-License-Identifier: BSD-2-Clause
//
// Where the processors of a machine were when it didn't end as it should.
#pragma once

#include "tools/baton/machine.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace baton::tool {

/// After Ending::timeout, triple_fault or reset: lines for each processor, with functions and
/// source lines of the kernel and the loader. Throws a Failure if a file can't be read.
std::string diagnose(const Outcome& outcome, const std::filesystem::path& kernel);

/// Why a processor could not deliver an exception, as far as what it points to says so: the code,
/// the IDT, the stack. A sentence each, the first one the most basic.
std::vector<std::string> causes_of_triple_fault(const StoppedCpu& cpu);

/// Whether an NMI alone would make it triple-fault: its IDT, not the loader's any more, has no gate
/// for one.
bool dies_of_nmi(const StoppedCpu& cpu);

} // namespace baton::tool
