// SPDX-License-Identifier: BSD-2-Clause
//
// Where an image goes: a file, a whole disk, or the standard output. What is there is replaced only
// when all of the new image is there, and a name that stands for something else is never replaced.
#pragma once

#include "tools/baton/files.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace baton::tool {

class OutputFile {
  public:
    /// "-" is the standard output; links are followed. Throws a Failure that names what is there,
    /// unless it is nothing, a regular file, or a disk that nothing uses.
    OutputFile(const std::filesystem::path& path, const ScratchDirectory& scratch);
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile();

    /// Of the disk's sectors; 0: it is no disk.
    unsigned sector_bytes() const { return sector_bytes_; }
    /// Where links end.
    const std::filesystem::path& path() const { return path_; }
    /// The empty file to make the image in.
    const std::filesystem::path& image() const { return image_; }
    /// Puts the image where it is to be. Throws a Failure.
    void finish();

  private:
    void open_disk();
    void make_part();
    void copy_to(int descriptor);

    std::filesystem::path path_; // without links
    std::filesystem::path image_;
    std::optional<PlainDirectory> folder_;
    std::filesystem::path part_; // beside the file that it is to replace; empty: none
    int disk_ = -1;
    uint64_t disk_bytes_ = 0;
    unsigned sector_bytes_ = 0;
};

/// Writes a text into a file, which it may make, or into a pipe or a terminal; "-" is the standard
/// output. Throws a Failure, also for a disk and a directory.
void write_output(const std::filesystem::path& path, std::string_view text);

} // namespace baton::tool
