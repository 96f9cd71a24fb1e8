// SPDX-License-Identifier: BSD-2-Clause
//
// Finds what to boot, in this order: the load options; the entries of the bundle that the loader is
// part of; the Boot Loader Specification's entries, the default one first; \baton\kernel.elf. Where
// there is none of these, the entries of a configuration of Limine are tried before the absence of
// \baton\kernel.elf is an error. What can't be used is logged and left out: neither many nor large
// nor broken entries keep the rest from being tried.
#pragma once

#include "bundle/bundle.hpp"
#include "config/boot_entry.hpp"
#include "config/limine_conf.hpp"
#include "core/arena.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "log/log.hpp"
#include "memory/block.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// The kernel that is booted when nothing says otherwise.
inline constexpr std::string_view kDefaultKernel = "\\baton\\kernel.elf";

inline constexpr std::size_t kMostEntryFiles = 1024;
inline constexpr std::size_t kMostNames = 16384; // that are read in \loader\entries
/// Of a file's name as UTF-8: FAT has 255 units of UTF-16, and a NUL ends them.
inline constexpr std::size_t kMostNameBytes = 3 * std::size_t{256};

/// Where boot entries lie.
class EntrySource {
  public:
    /// Begins to list \loader\entries. Where no directory can be listed, the only name is that of
    /// the entry that `default_pattern` names.
    virtual void start_list(std::string_view default_pattern) = 0;
    /// The next name; valid until the next call. No value: there are no more.
    virtual std::optional<std::string_view> next_name() = 0;
    /// Text of the entry's file, in the arena. Errors: file_*, tftp_failed, out_of_memory.
    virtual Result<std::string_view> read_entry(std::string_view name, Arena& arena) = 0;
    /// The same for any file, by its path.
    virtual Result<std::string_view> read_file(std::string_view path, Arena& arena) = 0;
    /// Whether there is a configuration of another loader to look for: not on a server, which
    /// would be asked for a dozen names, and not where there is the default kernel.
    virtual bool may_have_limine() = 0;
    /// The number of the partition where all of these are; 0: it has none.
    virtual uint32_t partition() = 0;

  protected:
    ~EntrySource() = default;
};

/// Needs memory for one entry at a time, and for what entries are sorted by.
class EntryFinder {
  public:
    struct Given {
        EntrySource& source;
        FrameSource& frames;
        Log& log;
        Bytes load_options;
        const Bundle& bundle;
        bool enforced = false; // whatever the bundle says
    };
    explicit EntryFinder(const Given& given) : given_(given) {}

    /// Whether only the bundle's entries are used, also since its first one has `enforce on`. To be
    /// called before next(). Others are then logged as not_signed where they are there, and the
    /// default kernel is for the platform to refuse.
    bool enforced();
    /// The next entry to try, valid until the next call; null: there are no more. The default
    /// kernel is always the last.
    const BootEntry* next();
    bool has_next() const { return stage_ != Stage::end; }
    /// What that entry comes from, and the whole text there; empty for the default kernel.
    std::string_view origin() const { return origin_; }
    std::string_view text() const { return entry_.text; }

  private:
    enum class Stage : uint8_t {
        load_options,
        bundle,
        list,
        default_entry,
        survey,
        others,
        limine,
        end
    };
    /// An entry's file. `key` has its name, and what entries are sorted by once it `is_surveyed`.
    struct Candidate {
        BootEntry key;
        bool is_surveyed = false;
    };
    class Remarks; // NOLINT(cppcoreguidelines-virtual-class-destructor): final where it is defined

    const BootEntry* parse_options();
    const BootEntry* load_bundled();
    Result<std::string_view> checked(Result<std::string_view> text) const;
    void list();
    void add_name(std::string_view name);
    bool grow();
    std::string_view read_default_pattern();
    void survey(std::size_t first, std::size_t end);
    bool survey(Candidate& candidate);
    const BootEntry* load(const Candidate& candidate);
    const BootEntry* use(const BootEntry& entry);
    void open_limine();
    const BootEntry* load_limine();
    Result<BootEntry> parse(std::string_view name, bool is_silent);
    Result<BootEntry> parse(std::string_view name, std::string_view text, bool is_silent);
    void log_failure(std::string_view name, const Error& error);
    void say(const TextWriter& text);

    Given given_;
    Stage stage_ = Stage::load_options;
    BootEntry entry_; // the one that next() returns
    std::string_view origin_;
    unsigned bundled_ = 0; // the number of the bundle's next entry
    std::string_view limine_text_;
    std::string_view pattern_;
    std::span<Candidate> candidates_; // of which those that match the pattern come first
    std::size_t count_ = 0;
    std::size_t matching_ = 0;
    std::size_t next_ = 0; // of the candidates
    std::size_t left_out_ = 0;
    bool has_own_ = false; // entries for Baton, be they broken
    LimineConf limine_;
    std::size_t limine_entries_ = 0; // that were looked at
    unsigned lines_ = 0;             // of the log
    // What is used again for each entry, and what stays.
    FrameArena text_{given_.frames, MemoryUse::boot_entries};
    FrameArena parsed_{given_.frames, MemoryUse::boot_entries};
    FrameArena kept_{given_.frames, MemoryUse::boot_entries};
};

} // namespace baton
