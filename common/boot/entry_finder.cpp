// SPDX-License-Identifier: BSD-2-Clause
#include "boot/entry_finder.hpp"

#include "config/entry_file.hpp"
#include "config/entry_order.hpp"
#include "config/glob.hpp"
#include "config/lines.hpp"
#include "config/load_options.hpp"
#include "config/loader_config.hpp"
#include "core/heap_sort.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr std::string_view kLoaderConfig = "\\loader\\loader.conf";
constexpr unsigned kMostLines = 64;
constexpr std::size_t kSortBytes = 256; // of each text that entries are sorted by

/// Thousands of entries may have lines of 64 KiB.
std::string_view first_bytes(std::string_view text) {
    return head(text, std::min(text.size(), kSortBytes));
}

bool matches(std::string_view pattern, std::string_view file_name) {
    const std::string_view id = parse_entry_name(file_name).id;
    return !pattern.empty() && (matches_glob(pattern, id) || matches_glob(pattern, id, ".conf"));
}

} // namespace

/// Puts a parser's remarks into the log.
class EntryFinder::Remarks final : public RemarkSink {
  public:
    Remarks(EntryFinder& finder, std::string_view file, bool is_silent = false)
        : finder_(finder),
          file_(file),
          is_silent_(is_silent) {}

    void remark(const Remark& remark) override {
        if (is_silent_)
            return;
        Text text;
        text.put("%v:%d: ", file_, remark.position.line);
        describe(remark, text);
        finder_.say(text);
    }

  private:
    EntryFinder& finder_;
    std::string_view file_;
    bool is_silent_;
};

bool EntryFinder::enforced() {
    const BundleSection first = given_.bundle.entry(0);
    const auto entry = parse(first.name, text_of(first.bytes), true);
    given_.enforced |= entry && entry->enforce == Switch::on;
    return given_.enforced;
}

const BootEntry* EntryFinder::next() {
    if (stage_ == Stage::load_options) {
        stage_ = Stage::bundle;
        if (const BootEntry* const entry = parse_options())
            return entry;
    }
    if (stage_ == Stage::bundle) {
        if (const BootEntry* const entry = load_bundled())
            return entry;
        stage_ = Stage::list;
    }
    if (stage_ == Stage::list) {
        list();
        if (matching_ > 1)
            survey(0, matching_);
        stage_ = matching_ == 0 ? Stage::survey : Stage::default_entry;
    }
    if (stage_ == Stage::default_entry) {
        while (next_ < matching_) {
            const BootEntry* const entry = load(candidates_[next_++]);
            if (entry != nullptr) {
                stage_ = Stage::survey;
                return entry;
            }
        }
        stage_ = Stage::survey;
    }
    if (stage_ == Stage::survey) {
        survey(next_, count_);
        stage_ = Stage::others;
    }
    while (stage_ == Stage::others && next_ < count_)
        if (const BootEntry* const entry = load(candidates_[next_++]))
            return entry;
    if (stage_ == Stage::others) {
        stage_ = Stage::limine;
        if (!has_own_ && given_.source.may_have_limine())
            open_limine();
    }
    if (stage_ == Stage::limine)
        if (const BootEntry* const entry = load_limine())
            return entry;
    if (stage_ == Stage::end)
        return nullptr;
    stage_ = Stage::end;
    entry_ = {};
    origin_ = {};
    entry_.kernel = kDefaultKernel;
    return &entry_;
}

const BootEntry* EntryFinder::parse_options() {
    parsed_.clear();
    origin_ = "load options";
    Remarks remarks(*this, origin_, given_.enforced);
    const auto parsed = parse_load_options(given_.load_options, parsed_, remarks);
    if (parsed && !*parsed)
        return nullptr;
    has_own_ = true;
    if (!parsed || given_.enforced) {
        say(Text().put("%v: %e", origin_,
                       given_.enforced ? Error(ErrorCode::not_signed) : parsed.error()));
        return nullptr;
    }
    entry_ = **parsed;
    return &entry_;
}

/// Null: there are no more.
const BootEntry* EntryFinder::load_bundled() {
    while (bundled_ < kMostBundleEntries) {
        const BundleSection section = given_.bundle.entry(bundled_++);
        if (section.name.empty())
            continue;
        const auto entry = parse(section.name, text_of(section.bytes), false);
        if (entry)
            return use(*entry);
        log_failure(section.name, entry.error());
    }
    return nullptr;
}

/// Text that is there, but not in the bundle, is refused where only the bundle's is used.
Result<std::string_view> EntryFinder::checked(Result<std::string_view> text) const {
    if (!given_.enforced || (!text && text.error().code == ErrorCode::file_not_found))
        return text;
    return fail(ErrorCode::not_signed);
}

/// A directory of a damaged disk may have no end.
void EntryFinder::list() {
    pattern_ = read_default_pattern();
    given_.source.start_list(pattern_);
    std::size_t names = 0;
    while (const auto name = given_.source.next_name()) {
        if (++names > kMostNames) {
            say(Text().put("\\loader\\entries has more than %d names: the rest isn't looked at",
                           kMostNames));
            break;
        }
        if (is_entry_file_name(*name))
            add_name(*name);
    }
    if (left_out_ != 0)
        say(Text().put(
            "\\loader\\entries: %d entry file%p left out, since there are too many or memory is "
            "short",
            left_out_));
}

/// One that may be the default entry takes the place of another where there are too many.
void EntryFinder::add_name(std::string_view name) {
    const auto known = candidates_.first(count_);
    if (std::any_of(known.begin(), known.end(),
                    [&](const Candidate& candidate) { return candidate.key.file_name == name; }))
        return; // the directory is damaged
    const bool is_match = matches(pattern_, name);
    if (count_ == candidates_.size() && !grow()) {
        ++left_out_;
        if (!is_match || matching_ == count_)
            return;
        --count_;
    }
    const auto kept = kept_.copy(name);
    if (!kept) {
        ++left_out_;
        return;
    }
    Candidate& place = candidates_[count_++];
    place = {};
    place.key.file_name = *kept;
    if (is_match)
        std::swap(place, candidates_[matching_++]);
}

/// Whether there is a place for one more candidate.
bool EntryFinder::grow() {
    constexpr std::size_t kFirst = 16;
    const std::size_t wanted = candidates_.empty() ? kFirst : 2 * candidates_.size();
    if (wanted > kMostEntryFiles)
        return false;
    const auto larger = kept_.array<Candidate>(wanted);
    if (!larger)
        return false;
    std::copy_n(candidates_.begin(), count_, larger->begin());
    candidates_ = *larger;
    return true;
}

std::string_view EntryFinder::read_default_pattern() {
    text_.clear();
    const auto text = checked(given_.source.read_file(kLoaderConfig, text_));
    if (!text && text.error().code == ErrorCode::file_not_found)
        return {};
    Remarks remarks(*this, "loader.conf");
    const auto config = text ? parse_loader_config(*text, remarks)
                             : Result<LoaderConfig>(std::unexpected(text.error()));
    const auto pattern = config ? kept_.copy(config->default_pattern)
                                : Result<std::string_view>(std::unexpected(config.error()));
    if (!pattern)
        say(Text().put("loader.conf: %e", pattern.error()));
    return pattern.value_or("");
}

/// Sorts candidates, without those that are no entries.
void EntryFinder::survey(std::size_t first, std::size_t end) {
    std::size_t kept = first;
    for (std::size_t i = first; i < end; ++i)
        if (candidates_[i].is_surveyed || survey(candidates_[i]))
            candidates_[kept++] = candidates_[i];
    heap_sort(candidates_.subspan(first, kept - first), [](const Candidate& a, const Candidate& b) {
        return compare_entries(a.key, b.key) < 0;
    });
    std::copy(candidates_.begin() + static_cast<std::ptrdiff_t>(end),
              candidates_.begin() + static_cast<std::ptrdiff_t>(count_),
              candidates_.begin() + static_cast<std::ptrdiff_t>(kept));
    count_ -= end - kept;
    if (end == matching_)
        matching_ = kept;
}

bool EntryFinder::survey(Candidate& candidate) {
    const std::string_view name = candidate.key.file_name;
    const auto entry = parse(name, false);
    if (!entry) {
        log_failure(name, entry.error());
        return false;
    }
    const auto version = kept_.copy(first_bytes(entry->version));
    const auto sort_key = kept_.copy(first_bytes(entry->sort_key));
    const auto machine_id = kept_.copy(first_bytes(entry->machine_id));
    if (!version || !sort_key || !machine_id) {
        log_failure(name, Error(ErrorCode::out_of_memory, {3 * kSortBytes, 1}));
        return false;
    }
    candidate.key.id = entry->id;
    candidate.key.tries = entry->tries;
    candidate.key.version = *version;
    candidate.key.sort_key = *sort_key;
    candidate.key.machine_id = *machine_id;
    candidate.is_surveyed = true;
    return true;
}

/// Null, and logged, where it is no entry.
const BootEntry* EntryFinder::load(const Candidate& candidate) {
    const std::string_view name = candidate.key.file_name;
    const auto entry = parse(name, candidate.is_surveyed);
    if (!entry) {
        log_failure(name, entry.error());
        return nullptr;
    }
    return use(*entry);
}

const BootEntry* EntryFinder::use(const BootEntry& entry) {
    has_own_ = true;
    entry_ = entry;
    origin_ = entry.file_name;
    return &entry_;
}

/// The first configuration that is there is the one that counts.
void EntryFinder::open_limine() {
    std::string_view places = kLimineConfs;
    while (!places.empty()) {
        const std::string_view path = head(places, std::min(index_of(places, ' '), places.size()));
        places = tail(places, std::min(path.size() + 1, places.size()));
        const auto text = checked(given_.source.read_file(path, kept_));
        if (!text && text.error().code == ErrorCode::file_not_found)
            continue;
        limine_text_ = text.value_or("");
        Remarks remarks(*this, path);
        const auto opened =
            text ? limine_.open(
                       {.text = *text, .path = path, .partition = given_.source.partition()}, kept_,
                       remarks)
                 : Result<void>(std::unexpected(text.error()));
        if (!opened)
            log_failure(path, opened.error());
        return;
    }
}

const BootEntry* EntryFinder::load_limine() {
    for (LimineEntry entry; limine_.next(entry);) {
        if (++limine_entries_ > kMostEntryFiles) {
            say(Text().put("%v: more entries aren't looked at", limine_.path()));
            break;
        }
        parsed_.clear();
        Remarks remarks(*this, limine_.path());
        const auto parsed = limine_.parse(entry, parsed_, remarks);
        if (parsed) {
            entry_ = *parsed;
            entry_.text = limine_text_;
            origin_ = limine_.path();
            return &entry_;
        }
        log_failure(entry.title, parsed.error());
    }
    return nullptr;
}

Result<BootEntry> EntryFinder::parse(std::string_view name, bool is_silent) {
    text_.clear();
    const auto text = TRY(checked(given_.source.read_entry(name, text_)));
    return parse(name, text, is_silent);
}

Result<BootEntry> EntryFinder::parse(std::string_view name, std::string_view text, bool is_silent) {
    if (text.empty())
        return fail(ErrorCode::file_empty);
    parsed_.clear();
    Remarks remarks(*this, name, is_silent);
    return parse_entry(name, text, parsed_, remarks);
}

void EntryFinder::log_failure(std::string_view name, const Error& error) {
    if (is_entry_for_others(error)) {
        Text text;
        text.put("%v: skipped: %v", name, error.subject());
        return say(
            text.put("%s%v", error.subject().empty() ? "" : ": ", describe(error.code).sentence));
    }
    has_own_ = true;
    say(Text().put("%v: %e", name, error));
}

/// A line of the log, as long as they don't fill it.
void EntryFinder::say(const TextWriter& text) {
    if (lines_ < kMostLines)
        given_.log.line(text);
    else if (lines_ == kMostLines)
        given_.log.line("boot entries: no more of these lines");
    ++lines_;
}

} // namespace baton
