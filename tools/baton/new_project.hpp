// SPDX-License-Identifier: BSD-2-Clause
//
// `baton new`: a kernel that builds, boots, debugs and makes an image, in a folder of its own.
#pragma once

#include <filesystem>
#include <string>

namespace baton::tool {

inline constexpr std::string_view kLanguages = "c|c++|rust|zig|asm";
inline constexpr std::string_view kBuilds = "cmake|make";

struct NewProject {
    std::filesystem::path folder; // its last part is the project's name
    std::string language = "c";   // of kLanguages
    std::string build = "make";   // of kBuilds
};

/// Writes the files. Returns what to do next, in three lines. Throws a Failure: the name is none
/// for a project, the folder is there, or it can't be written; then nothing of it stays.
std::string make_project(const NewProject& project);

} // namespace baton::tool
