// SPDX-License-Identifier: BSD-2-Clause
//
// Bundles and containers: PE files with sections of Baton's own, which hold boot entries and files.
//
//     .sbat                  what shim revokes by
//     .osrel                 text of os-release
//     .entry, .entry1 … 7    texts of boot entries, tried in this order
//     .files                 the index: for each file a line "SECTION PATH", which ends in LF
//     .kernel                the kernel's file
//     .mod0, .mod1 … 999     the other files
//
// Each is optional. VirtualSize is the exact count of bytes, and no more than SizeOfRawData.
// Nothing is allocated here, and nothing is copied.
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace baton {

/// What bundle_damaged calls a check: the first of its numbers.
enum class BundleCheck : uint8_t {
    headers = 1,         // the PE headers lie in the image; value, limit: where they end, its bytes
    order = 2,           // a section of ours begins after all before it, and none before its end
    bounds = 3,          // a section of ours ends within the image
    file_bytes = 4,      // it has its bytes in the file
    section_once = 5,    // its name occurs once
    index_bytes = 6,     // the index isn't longer than a configuration
    index_line = 7,      // a line of the index is "SECTION PATH"
    index_section = 8,   // there is the section that it names
    index_once = 9,      // only one line names it
    index_path_once = 10 // only one line has its path
};

inline constexpr unsigned kMostBundleEntries = 8;

/// One of the image's sections.
struct BundleSection {
    std::string_view name; // empty: it is none of Baton's
    Bytes bytes;
};

/// A file, as the index names it.
struct BundleFile {
    std::string_view path; // as normalise_path() makes it
    std::string_view section;
    Bytes bytes;
};

/// All of it is a view into the image, which must stay as it is. Paths and names are compared byte
/// by byte.
class Bundle {
  public:
    /// How the image lies in memory.
    enum class Form : uint8_t { loaded, file };

    /// Without anything of ours.
    Bundle() = default;
    /// All of the image is checked here. Error: bundle_damaged, about a section or a path, with
    /// the BundleCheck, the section or line (both from 1 on), a value and its limit.
    Result<void> open(Bytes image, Form form);
    static Result<Bundle> read(Bytes image, Form form) {
        Bundle bundle;
        TRY(bundle.open(image, form));
        return bundle;
    }

    /// Whether it has a boot entry or an index; else the image is that of stage 1 alone, or of
    /// another program.
    bool has_content() const { return has_entry_ || index_.data() != nullptr; }
    bool has_index() const { return index_.data() != nullptr; }
    bool has_entry() const { return has_entry_; }

    /// The sections in the order of the section table, others' too: from 0 up to section_count().
    std::size_t section_count() const { return sections_; }
    BundleSection section(std::size_t number) const;
    /// The section of this name, or of a boot entry, of which there are kMostBundleEntries at most.
    /// Without a name: there is none.
    BundleSection section(std::string_view name) const;
    BundleSection entry(unsigned number) const;

    /// The lines of `.files`: what next_file() takes one off, which returns no value at the end.
    std::string_view index() const { return index_; }
    std::optional<BundleFile> next_file(std::string_view& rest) const;
    /// The file of this path. No value: there is none.
    std::optional<BundleFile> file(std::string_view path) const;

  private:
    struct Header;

    Result<void> find_table();
    Header header(std::size_t number) const;
    Result<void> check_sections();
    Result<void> check_index() const;
    Bytes bytes_of(const Header& header) const;
    BundleSection numbered(unsigned number) const;

    Bytes image_;
    Form form_ = Form::loaded;
    uint64_t table_ = 0; // where the section table begins
    std::size_t sections_ = 0;
    std::string_view index_; // null: there is none
    bool has_entry_ = false;
};

} // namespace baton
