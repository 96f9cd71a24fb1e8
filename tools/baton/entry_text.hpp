// SPDX-License-Identifier: BSD-2-Clause
//
// What the tool writes for the loader: a boot entry, or the line that Baton is started with where
// there are no entries. The loader's own parser reads each text before anything is made of it, and
// must find what was meant.
#pragma once

#include "tools/baton/boot_image.hpp"

#include <string>
#include <vector>

namespace baton::tool {

/// Where the kernel is on a volume. Not \baton\kernel.elf, which the loader boots without an entry:
/// there, an entry that fails would be a boot without modules and command line.
std::string kernel_path(const BootFiles& files);

/// The same with '\\' for '/', as the loader's parser makes it.
std::string with_backslashes(std::string path);

/// Where a module is on a volume, and what it is called without one, with slashes. FAT decides
/// which characters it can have: fat_name().
std::string module_path(const Module& module, std::size_t number);

/// \loader\entries\*.conf. Throws a Failure with the loader's error if the loader would refuse it.
std::string entry_text(const BootFiles& files);

/// SETTINGS -- COMMAND LINE: common/config/start_line.hpp. Throws a Failure in the same way.
std::string start_line(const BootFiles& files);

} // namespace baton::tool
