// SPDX-License-Identifier: BSD-2-Clause
#include "bundle/bundle.hpp"

#include "config/lines.hpp"
#include "config/path.hpp"

#include <algorithm>
#include <array>

namespace baton {

/// A section's header: Microsoft's PE Format, "Section Table".
struct Bundle::Header {
    std::array<char, 8> name; // filled up with NULs
    uint32_t bytes;           // VirtualSize: without what fills up the file
    uint32_t address;         // VirtualAddress, from the image's beginning
    uint32_t file_bytes;
    uint32_t file_offset;
    std::array<uint32_t, 4> unused;
};

namespace {

constexpr std::size_t kDosHeaderBytes = 64;
constexpr std::size_t kPeHeaderAt = 0x3c; // in the DOS header: where the PE header is
constexpr std::size_t kPeHeaderBytes = 24;
constexpr std::size_t kSectionsAt = 6; // in the PE header: NumberOfSections
constexpr std::size_t kOptionalBytesAt = 20;

constexpr uint32_t kMostModule = 999;
// Numbers of names: the fixed ones, .entry1 and so on, .mod0 and so on.
constexpr unsigned kIndexNumber = 3, kKernelNumber = 4, kEntryNumber = 5, kModuleNumber = 16;
constexpr std::size_t kNumbers = kModuleNumber + kMostModule + 1;

using Seen = std::array<uint64_t, (kNumbers + 63) / 64>;

/// Whether it is new.
bool add(Seen& seen, unsigned number) {
    uint64_t& word = seen[number / 64];
    const uint64_t bit = uint64_t{1} << number % 64;
    const bool is_new = (word & bit) == 0;
    word |= bit;
    return is_new;
}

/// 0: it isn't one of ours.
unsigned number_of(std::string_view name) {
    constexpr std::string_view kEntry = ".entry", kModule = ".mod";
    if (const unsigned number = number_in(".sbat .osrel .files .kernel .entry", name))
        return number;
    const bool is_module = name.starts_with(kModule);
    if (!is_module && !name.starts_with(kEntry))
        return 0;
    const std::string_view digits = tail(name, (is_module ? kModule : kEntry).size());
    const auto number = parse_decimal(digits);
    if (!number || (digits[0] == '0' && digits.size() > 1))
        return 0;
    if (is_module)
        return *number <= kMostModule ? kModuleNumber + *number : 0;
    return *number != 0 && *number < kMostBundleEntries ? kEntryNumber + *number : 0;
}

bool is_file_section(unsigned number) {
    return number == kKernelNumber || number >= kModuleNumber;
}

/// A name that has all 8 characters has no NUL.
std::string_view name_at(Bytes image, uint64_t offset) {
    const std::string_view name(reinterpret_cast<const char*>(image.data()) + offset,
                                sizeof(uint64_t));
    return head(name, std::min(index_of(name, '\0'), name.size()));
}

/// One of our sections begins where all before it have ended, and none begins before ours end.
class SectionOrder {
  public:
    explicit SectionOrder(uint64_t headers_end) : end_(headers_end) {}

    /// Where it would have to begin at the earliest, if it begins before that.
    std::optional<uint64_t> add(uint64_t begin, uint64_t end, bool is_ours) {
        const uint64_t limit = is_ours ? end_ : ours_end_;
        if (begin < limit)
            return limit;
        end_ = std::max(end_, end);
        if (is_ours)
            ours_end_ = end;
        return std::nullopt;
    }

  private:
    uint64_t end_, ours_end_ = 0;
};

struct IndexEntry {
    std::string_view section, path;
};

/// Takes a line off `rest`, which stays as it is where there is none of that form.
std::optional<IndexEntry> take_entry(std::string_view& rest) {
    const std::size_t end = index_of(rest, '\n');
    if (end == std::string_view::npos)
        return std::nullopt;
    const std::string_view line = head(rest, end);
    const std::size_t blank = std::min(index_of(line, ' '), line.size());
    const IndexEntry entry{head(line, blank), tail(line, std::min(blank + 1, line.size()))};
    if (!is_file_section(number_of(entry.section)) || !entry.path.starts_with('\\') ||
        entry.path.size() > kMaxPathBytes)
        return std::nullopt;
    rest = tail(rest, end + 1);
    return entry;
}

std::unexpected<Error> damaged(BundleCheck check, uint64_t where, uint64_t value, uint64_t limit,
                               std::string_view name) {
    return std::unexpected(
        Error(ErrorCode::bundle_damaged, {static_cast<uint64_t>(check), where, value, limit})
            .about(name));
}

} // namespace

Result<void> Bundle::open(Bytes image, Form form) {
    image_ = image;
    form_ = form;
    TRY(find_table());
    TRY(check_sections());
    return check_index();
}

Result<void> Bundle::find_table() {
    const auto fail_at = [&](uint64_t offset) {
        return damaged(BundleCheck::headers, 0, offset, image_.size(), "");
    };
    if (image_.size() < kDosHeaderBytes || read_at<uint16_t>(image_, 0) != 0x5a4d) // "MZ"
        return fail_at(kDosHeaderBytes);
    const uint64_t pe = read_at<uint32_t>(image_, kPeHeaderAt);
    if (!fits(pe, kPeHeaderBytes, image_.size()) || read_at<uint32_t>(image_, pe) != 0x4550) // "PE"
        return fail_at(pe + kPeHeaderBytes);
    sections_ = read_at<uint16_t>(image_, pe + kSectionsAt);
    table_ = pe + kPeHeaderBytes + read_at<uint16_t>(image_, pe + kOptionalBytesAt);
    const uint64_t bytes = sections_ * sizeof(Header);
    if (!fits(table_, bytes, image_.size()))
        return fail_at(table_ + bytes);
    return {};
}

Bundle::Header Bundle::header(std::size_t number) const {
    return read_at<Header>(image_, table_ + number * sizeof(Header));
}

Bytes Bundle::bytes_of(const Header& header) const {
    return image_.subspan(form_ == Form::file ? header.file_offset : header.address, header.bytes);
}

/// In memory, none of our sections overlaps any other one or the headers; in a file the same of
/// those that have bytes there.
Result<void> Bundle::check_sections() {
    Seen seen{};
    SectionOrder memory(table_ + sections_ * sizeof(Header)), in_file = memory;
    for (std::size_t i = 0; i < sections_; ++i) {
        const Header section = header(i);
        const std::string_view name = name_at(image_, table_ + i * sizeof(Header));
        const unsigned number = number_of(name);
        const uint64_t address_end = uint64_t{section.address} + section.bytes;
        const uint64_t file_end = uint64_t{section.file_offset} + section.file_bytes;
        if (const auto limit = memory.add(section.address, address_end, number != 0))
            return damaged(BundleCheck::order, i + 1, section.address, *limit, name);
        if (form_ == Form::file && section.file_bytes != 0)
            if (const auto limit = in_file.add(section.file_offset, file_end, number != 0))
                return damaged(BundleCheck::order, i + 1, section.file_offset, *limit, name);
        if (number == 0)
            continue;
        const uint64_t ours_end =
            form_ == Form::file ? uint64_t{section.file_offset} + section.bytes : address_end;
        if (ours_end > image_.size())
            return damaged(BundleCheck::bounds, i + 1, ours_end, image_.size(), name);
        if (section.bytes > section.file_bytes)
            return damaged(BundleCheck::file_bytes, i + 1, section.bytes, section.file_bytes, name);
        if (!add(seen, number))
            return damaged(BundleCheck::section_once, i + 1, 2, 1, name);
        has_entry_ |= number >= kEntryNumber && number < kModuleNumber;
        if (number == kIndexNumber)
            index_ = text_of(bytes_of(section));
    }
    return {};
}

Result<void> Bundle::check_index() const {
    if (index_.size() > kMaxConfigBytes)
        return damaged(BundleCheck::index_bytes, 0, index_.size(), kMaxConfigBytes, ".files");
    std::string_view rest = index_;
    for (uint64_t line = 1; !rest.empty(); ++line) {
        const std::string_view before = head(index_, index_.size() - rest.size());
        const auto entry = take_entry(rest);
        if (!entry)
            return damaged(BundleCheck::index_line, line, index_of(rest, '\n'), kMaxPathBytes,
                           ".files");
        if (section(entry->section).name.empty())
            return damaged(BundleCheck::index_section, line, 0, 1, entry->section);
        for (std::string_view earlier = before; !earlier.empty();) {
            const auto other = take_entry(earlier);
            if (other->section == entry->section)
                return damaged(BundleCheck::index_once, line, 2, 1, entry->section);
            if (other->path == entry->path)
                return damaged(BundleCheck::index_path_once, line, 2, 1, entry->path);
        }
    }
    return {};
}

BundleSection Bundle::section(std::size_t number) const {
    const std::string_view name = name_at(image_, table_ + number * sizeof(Header));
    return number_of(name) == 0 ? BundleSection{} : BundleSection{name, bytes_of(header(number))};
}

BundleSection Bundle::numbered(unsigned number) const {
    for (std::size_t i = 0; i < sections_ && number != 0; ++i)
        if (const BundleSection found = section(i); number_of(found.name) == number)
            return found;
    return {};
}

BundleSection Bundle::section(std::string_view name) const {
    return numbered(number_of(name));
}

BundleSection Bundle::entry(unsigned number) const {
    return numbered(kEntryNumber + number);
}

std::optional<BundleFile> Bundle::next_file(std::string_view& rest) const {
    const auto entry = take_entry(rest);
    if (!entry)
        return std::nullopt;
    return BundleFile{entry->path, entry->section, section(entry->section).bytes};
}

std::optional<BundleFile> Bundle::file(std::string_view path) const {
    std::string_view rest = index_;
    while (auto file = next_file(rest))
        if (file->path == path)
            return file;
    return std::nullopt;
}

} // namespace baton
