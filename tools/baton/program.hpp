// SPDX-License-Identifier: BSD-2-Clause
//
// A program that ran on the machine, by its ELF file.
#pragma once

#include "elf/image.hpp"
#include "tools/baton/debug_info.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace baton::tool {

class Program {
  public:
    /// Throws a Failure if it isn't an ELF file that can be read.
    explicit Program(const std::filesystem::path& file);

    const std::filesystem::path& file() const { return file_; }
    bool position_independent() const { return image_->header().position_independent; }
    uint64_t entry() const { return image_->header().entry.value; }
    uint64_t lowest() const { return lowest_; } // address as linked
    const DebugInfo& debug_info() const { return debug_info_; }
    /// As the loader's log has it; empty: there is none.
    std::string build_id() const;
    /// Whether a linked address is in a segment with one of these flags.
    bool has(uint64_t address, uint32_t flags) const;
    /// Whether an address is in a segment by its virtual or its physical addresses.
    bool has_anywhere(uint64_t address) const;
    /// The linked address of what lies at a physical one, by p_paddr.
    std::optional<uint64_t> linked(uint64_t physical) const;
    /// The file's bytes from a linked address on; empty: there is none.
    Bytes code_at(uint64_t address) const;
    /// The linked address at which the file has this code, of those so far into a page. Nothing:
    /// there is none, or there are several.
    std::optional<uint64_t> find_code(uint64_t offset_in_page, Bytes code) const;

  private:
    std::filesystem::path file_;
    std::vector<std::byte> bytes_;
    Result<elf::Image> image_;
    DebugInfo debug_info_;
    uint64_t lowest_ = 0;
};

/// A line of text for each place that a linked address has in the source, the innermost first. The
/// first one begins with `label` and `address`, which is where it was.
std::string places_text(const Program& program, const std::string& label, uint64_t address,
                        uint64_t linked);

} // namespace baton::tool
