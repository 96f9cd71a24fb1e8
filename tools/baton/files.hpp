// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

/// A file that is installed with the tool: "BOOTX64.EFI". Throws a Failure if it isn't
/// there.
std::filesystem::path data_file(const std::string& name);

/// The folder of the headers: what is in it is <baton/boot_info.h> and its like.
std::filesystem::path include_folder();

/// All of a file. Throws a Failure.
std::vector<std::byte> read_file(const std::filesystem::path& file);

/// A file's bytes, of which only those that are looked at are read.
class MappedFile {
  public:
    /// Throws a Failure.
    explicit MappedFile(const std::filesystem::path& file);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    std::span<const std::byte> bytes() const { return bytes_; }

  private:
    std::span<const std::byte> bytes_;
};

/// Replaces a file's content, or makes it. "-" is the standard output. Throws a Failure.
void write_file(const std::filesystem::path& file, std::string_view content);

/// A second path to a directory, for this process and the programs that it starts: whatever the
/// first one is, nothing in this one is syntax for any of them.
class PlainDirectory {
  public:
    /// Throws a Failure.
    explicit PlainDirectory(const std::filesystem::path& path);
    PlainDirectory(const PlainDirectory&) = delete;
    PlainDirectory& operator=(const PlainDirectory&) = delete;
    ~PlainDirectory();

    std::filesystem::path operator/(const std::string& name) const;

  private:
    int descriptor_;
};

/// A directory of its own for as long as the object is there.
class ScratchDirectory {
  public:
    ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    ~ScratchDirectory();

    /// A file in it, as of a PlainDirectory.
    std::filesystem::path operator/(const std::string& name) const { return *plain_ / name; }
    /// The directory, for all other processes.
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
    std::optional<PlainDirectory> plain_;
};

} // namespace baton::tool
