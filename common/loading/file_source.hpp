// SPDX-License-Identifier: BSD-2-Clause
//
// A file that a stage 1 can read.
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace baton {

class FileSource {
  public:
    /// In bytes. Errors: file_is_a_directory, file_unreadable, file_read_short, file_size_unknown,
    /// out_of_memory.
    virtual Result<uint64_t> size() = 0;
    /// Fills `into` with the file's bytes from `offset` on; the caller has checked that there are
    /// so many. Errors: file_unreadable, file_read_short, tftp_failed, out_of_memory.
    virtual Result<void> read(uint64_t offset, std::span<std::byte> into) = 0;

    /// The path that says whether it is compressed, where that isn't the one it was opened by.
    virtual std::string_view inner_path() const { return {}; }

  protected:
    ~FileSource() = default;
};

/// A file that lies in memory.
class MemoryFile final : public FileSource {
  public:
    MemoryFile() = default;
    explicit MemoryFile(Bytes contents, std::string_view inner_path = {})
        : contents_(contents),
          inner_path_(inner_path) {}

    Result<uint64_t> size() override { return contents_.size(); }
    Result<void> read(uint64_t offset, std::span<std::byte> into) override {
        // By words: GCC's -Oz makes of memcpy a copy by bytes.
        std::memmove(into.data(), contents_.data() + offset, into.size());
        return {};
    }
    std::string_view inner_path() const override { return inner_path_; }

  private:
    Bytes contents_;
    std::string_view inner_path_;
};

} // namespace baton
