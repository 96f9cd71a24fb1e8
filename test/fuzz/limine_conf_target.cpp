// SPDX-License-Identifier: BSD-2-Clause
//
// Parses a configuration of Limine.
//
// The input is a byte, whose lowest bit says which syntax, and the file. Each entry comes once, an
// error is about a line of the file with the macros' values, and paths are normalised.
#include "config/limine_conf.hpp"
#include "fuzz/config.hpp"

#include <set>
#include <vector>

namespace baton::fuzz {
namespace {

/// The entries of a file, and what they refer to.
class Entries {
  public:
    Entries(std::string_view text, std::string_view path) {
        Remarks remarks(lines_of(text));
        const auto opened =
            conf_.open({.text = text, .path = path, .partition = 2}, arena_, remarks);
        require_named(opened);
        require(opened.has_value() == conf_.is_open(), "a file that is refused isn't open");
        if (!opened)
            return;
        for (LimineEntry entry; conf_.next(entry);)
            check(entry, lines_of(text));
    }

    const std::vector<BootEntry>& entries() const { return entries_; }

  private:
    void check(const LimineEntry& entry, uint64_t lines) {
        require(entry.line >= 1 && entry.line <= lines && entry.depth >= 1 && !entry.is_directory,
                "an entry has a title's line");
        require(lines_.insert(entry.line).second, "an entry comes once");
        Remarks remarks(lines);
        const auto parsed = conf_.parse(entry, arena_, remarks);
        require_named(parsed);
        if (!parsed) {
            require(parsed.error().numbers()[0] >= entry.line &&
                        parsed.error().numbers()[0] <= lines,
                    "an error is about a line of the entry");
            return;
        }
        require_entry(*parsed);
        entries_.push_back(*parsed);
    }

    HeapArena arena_;
    LimineConf conf_;
    std::set<uint32_t> lines_;
    std::vector<BootEntry> entries_;
};

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton::fuzz;
    Input input(data, size);
    const bool is_old = (input.take<uint8_t>() & 1) != 0;
    const Buffer file = input.rest();
    const auto path = is_old ? "\\limine.cfg" : "\\limine.conf";
    const Entries entries(as_text(file), path);
    const Entries again(as_text(file), path);
    require(std::ranges::equal(entries.entries(), again.entries(), same_entry),
            "a text is parsed in one way");
    return 0;
}
