// SPDX-License-Identifier: BSD-2-Clause
//
// Requests that were compiled into a kernel, and that the loader doesn't find: its linker script
// discards .note.baton, or puts it where no PT_NOTE is.
#pragma once

#include "core/bytes.hpp"

#include <string>

namespace baton::tool {

/// What is wrong with a kernel's ELF file, and the fix. Empty: nothing, or it can't be read.
///
/// Requests in the file are found by the layout of their notes. Of those that the linker discarded
/// nothing stays but a symbol: they aren't found in a file without symbols. Nothing is looked for
/// after a kernel that this one embeds.
std::string lost_requests(Bytes file);

} // namespace baton::tool
