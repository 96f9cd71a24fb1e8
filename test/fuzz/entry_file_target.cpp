// SPDX-License-Identifier: BSD-2-Clause
//
// Parses loader.conf and boot entries, sorts these, and finds the default one.
//
// The input is the files, with the byte 1Eh between: loader.conf, then a name and a text for each
// entry. Paths are normalised, nothing is said of a line that isn't there, and the order is one.
#include "config/entry_file.hpp"
#include "config/entry_order.hpp"
#include "config/glob.hpp"
#include "config/loader_config.hpp"
#include "config/version.hpp"
#include "fuzz/config.hpp"

#include <list>
#include <optional>
#include <vector>

namespace baton::fuzz {
namespace {

constexpr std::byte kSeparator{0x1e};
constexpr std::size_t kMostFiles = 12;

std::vector<Buffer> files_of(Input& input) {
    const Buffer all = input.rest();
    std::vector<Buffer> files;
    for (auto at = all.begin(); files.size() < kMostFiles;) {
        const auto end = std::find(at, all.end(), kSeparator);
        files.emplace_back(at, end);
        if (end == all.end())
            break;
        at = end + 1;
    }
    return files;
}

/// Errors of the parsers name the line in the first number.
template<class T>
void require_line(const Result<T>& result, std::string_view text) {
    require_named(result);
    if (result || result.error().code == ErrorCode::boot_text_too_long)
        return;
    require(result.error().numbers()[0] <= lines_of(text), "an error is about a line of the text");
}

/// Entries, and what they refer to.
class Entries {
  public:
    void add(std::string_view name, std::string_view text) {
        const EntryName parts = parse_entry_name(name);
        require(name.starts_with(parts.id), "an id is the beginning of the name");
        static_cast<void>(is_entry_file_name(name));
        const auto entry = parse(name, text);
        require_line(entry, text);
        if (!entry)
            return;
        require_entry(*entry);
        require(entry->id == parts.id && entry->tries == parts.tries,
                "a name is parsed in one way");
        require(same_entry(*entry, *parse(name, text)), "a text is parsed in one way");
        entries_.push_back(*entry);
    }

    void check_order() {
        for (const BootEntry& a : entries_)
            for (const BootEntry& b : entries_) {
                const auto order = compare_entries(a, b);
                require(order == (0 <=> compare_entries(b, a)), "two entries have one order");
                for (const BootEntry& c : entries_)
                    if (order < 0 && compare_entries(b, c) < 0)
                        require(compare_entries(a, c) < 0, "an order is transitive");
            }
        sort_entries(entries_);
        for (std::size_t i = 1; i < entries_.size(); ++i)
            require(compare_entries(entries_[i], entries_[i - 1]) >= 0, "entries are sorted");
    }

    void check_default(std::string_view pattern) const {
        const auto found = find_default(entries_, pattern);
        require(!found || *found < entries_.size(), "the default entry is one of the entries");
        for (std::size_t i = 0; i < found.value_or(entries_.size()); ++i)
            require(pattern.empty() || !matches_glob(pattern, entries_[i].id),
                    "the default entry is the first that matches");
    }

  private:
    Result<BootEntry> parse(std::string_view name, std::string_view text) {
        Remarks remarks(lines_of(text));
        return parse_entry(name, text, arenas_.emplace_back(), remarks);
    }

    std::list<HeapArena> arenas_;
    std::vector<BootEntry> entries_;
};

void check_versions(std::string_view a, std::string_view b) {
    const auto order = compare_versions(a, b);
    require(order == (0 <=> compare_versions(b, a)), "two versions have one order");
    require(compare_versions(a, a) == 0, "a version is equivalent to itself");
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    using namespace baton::fuzz;
    Input input(data, size);
    const auto files = files_of(input);
    const std::string_view config_text = as_text(files[0]);
    Remarks remarks(lines_of(config_text));
    const auto config = parse_loader_config(config_text, remarks);
    require_line(config, config_text);

    Entries entries;
    for (std::size_t i = 1; i + 1 < files.size(); i += 2) {
        entries.add(as_text(files[i]), as_text(files[i + 1]));
        check_versions(as_text(files[i]), as_text(files[i - 1]));
    }
    entries.check_order();
    entries.check_default(config ? config->default_pattern : std::string_view());
    return 0;
}
