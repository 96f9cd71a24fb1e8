// SPDX-License-Identifier: BSD-2-Clause
//
// A file that a stage 1 can read.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

class FileSource {
  public:
    /// In bytes. Errors: file_is_a_directory, file_unreadable, file_read_short, file_size_unknown,
    /// out_of_memory.
    virtual Result<uint64_t> size() = 0;
    /// Fills `into` with the file's bytes from `offset` on; the caller has checked that there are
    /// so many. Errors: file_unreadable, file_read_short, tftp_failed, out_of_memory.
    virtual Result<void> read(uint64_t offset, std::span<std::byte> into) = 0;

  protected:
    ~FileSource() = default;
};

} // namespace baton
