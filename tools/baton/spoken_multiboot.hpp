// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel's Multiboot header says, for people.
#pragma once

#include "loading/kernel_file.hpp"
#include "tools/baton/spoken.hpp"

#include <string>
#include <vector>

namespace baton::tool {

/// "header at 0x1000, address fields"; empty: there is none.
std::string multiboot1_mark(const KernelFile& file);
std::string multiboot2_mark(const KernelFile& file);

/// Video modes, and what of the boot information the header lists.
std::vector<KernelRequest> multiboot1_requests(const KernelFile& file);
std::vector<KernelRequest> multiboot2_requests(const KernelFile& file);

} // namespace baton::tool
