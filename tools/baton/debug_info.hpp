// SPDX-License-Identifier: BSD-2-Clause
//
// From addresses to names and lines, by the symbols and the DWARF of an ELF file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace baton::tool {

/// A place in the source.
struct SourcePlace {
    std::string function; // empty: not known
    std::string file;     // empty: not known
    int line = 0;
};

class DebugInfo {
  public:
    /// Throws a Failure if the file can't be read.
    explicit DebugInfo(const std::filesystem::path& file);
    DebugInfo(const DebugInfo&) = delete;
    DebugInfo& operator=(const DebugInfo&) = delete;
    ~DebugInfo();

    /// Where an address is, as linked. The first place is the innermost; those after it are where
    /// it has been inlined. Empty: nothing is known.
    std::vector<SourcePlace> places(uint64_t address) const;

    /// "name + 0x10"; empty: no symbol has it.
    std::string symbol(uint64_t address) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace baton::tool
