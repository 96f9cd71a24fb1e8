// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace baton::tool {

/// What the fault reports and errors in a serial log mean, with functions and lines of the kernel's
/// and of stage 2. Empty: there are none. Throws a Failure if the kernel can't be read.
std::string explain(std::string_view log, const std::filesystem::path& kernel);

} // namespace baton::tool
