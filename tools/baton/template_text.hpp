// SPDX-License-Identifier: BSD-2-Clause
//
// The texts of a new project, before they are files.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace baton::tool {

/// A template with each @NAME@ of `values` replaced. Others stay; what is filled in isn't looked at
/// again.
std::string filled_in(std::string_view text, const std::map<std::string, std::string>& values);

/// Whether a project can have this name: it is that of a folder, of files, and of CMake's project.
bool is_project_name(std::string_view name);

/// As a shell takes it for one word: in quotation marks if it needs them.
std::string shell_word(std::string_view text);

/// Whether a Makefile and a CMakeLists.txt can have this path in quotation marks.
bool can_be_quoted(std::string_view path);

} // namespace baton::tool
