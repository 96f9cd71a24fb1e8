// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace baton::tool {

/// A file of Baton's that is installed with the tool: "BOOTX64.EFI". Throws a Failure if it isn't
/// there.
std::filesystem::path data_file(const std::string& name);

/// All of a file. Throws a Failure.
std::vector<std::byte> read_file(const std::filesystem::path& file);

/// Replaces a file's content, or makes it. "-" is the standard output. Throws a Failure.
void write_file(const std::filesystem::path& file, std::string_view content);

/// A directory of its own for as long as the object is there.
class ScratchDirectory {
  public:
    ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    ~ScratchDirectory();

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

} // namespace baton::tool
