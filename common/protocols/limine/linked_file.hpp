// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel's file has at which address, as linked, before anything of it is loaded.
#pragma once

#include "loading/kernel_file.hpp"

#include <string_view>

namespace baton {

class LinkedFile {
  public:
    /// `file` is referred to, and keeps its segments before anything but can_be_limine() is called.
    explicit LinkedFile(const KernelFile& file) : file_(file) {}

    /// 64-bit code whose segments are all in the top 2 GiB, or can be put there, and have no more
    /// bytes than the file.
    bool can_be_limine() const;

    /// All file bytes of a segment from an address on; empty where there is none.
    Bytes from(uint64_t address) const;

    /// What a pointer is once the image is relocated, as linked. Error: limine_pointer_outside.
    Result<uint64_t> pointer(uint64_t address) const;
    /// The text that a pointer points to; empty where that is null. The same error.
    Result<std::string_view> text(uint64_t address) const;

  private:
    Bytes relocations() const;

    const KernelFile& file_;
};

} // namespace baton
