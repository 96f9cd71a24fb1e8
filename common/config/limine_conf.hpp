// SPDX-License-Identifier: BSD-2-Clause
//
// Boot entries in a configuration file of the boot loader Limine, as its CONFIG.md describes them.
//
//     ${MACRO}=text            ${MACRO} stands for the text; ${ARCH} and ${FW_TYPE} are built in
//     default_entry: 2         or the titles of its directories and its own, Directory/Title
//     /Title                   begins an entry; /+Title: the entries in this directory have numbers
//         protocol: limine     a line that begins with '#' is a comment
//         path: boot():/kernel
//     //Title                  an entry in a directory
//
// Options of an entry that are used: protocol, path, kernel_path, cmdline, kernel_cmdline, kaslr,
// module_path, and module_string or module_cmdline for the last module. Of those that come again,
// the first one counts. if_arch, if_loader_arch and if_fw_type keep an entry away from other
// machines. Before version 8 a title came after ':', an option was KEY=value, and a path
// boot:///kernel.
#pragma once

#include "config/boot_entry.hpp"
#include "config/lines.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace baton {

/// Where a configuration is looked for, in Limine's order, with a space between two paths.
inline constexpr std::string_view kLimineConfs =
    "\\EFI\\BOOT\\limine.conf \\EFI\\limine\\limine.conf \\boot\\limine\\limine.conf "
    "\\boot\\limine.conf \\limine\\limine.conf \\limine.conf "
    "\\EFI\\BOOT\\limine.cfg \\EFI\\limine\\limine.cfg \\boot\\limine\\limine.cfg "
    "\\boot\\limine.cfg \\limine\\limine.cfg \\limine.cfg";

inline constexpr std::size_t kMostLimineMacros = 1024; // that are used
/// A text with the macros' values has at most this many times its size, as in Limine.
inline constexpr std::size_t kMostLimineGrowth = 4;

struct LimineFile {
    std::string_view text;
    std::string_view path;  // "….cfg": the syntax is that before version 8
    uint32_t partition = 0; // where it is; 0: not known
};

/// The lines of a text that are neither blank nor a comment, one after the other.
struct LimineLines {
    LimineLines() = default;
    explicit LimineLines(std::string_view text) : rest(text) {}

    std::string_view rest;
    std::string_view line; // the last one that was read, without the blanks around it
    TextPosition position; // of it

    bool next();
};

/// An entry of the menu, as views into the text.
struct LimineEntry {
    std::string_view title;
    uint32_t line = 0;  // of the title
    uint32_t depth = 0; // 1: not in a directory
    bool is_expanded = false;
    bool is_directory = false;
    LimineLines lines; // after the title, and those of later entries
};

class LimineConf {
  public:
    /// Begins with a file, which is referred to. A macro that there isn't is empty, and a remark
    /// says so. Errors: boot_text_*, boot_line_too_long, out_of_memory.
    Result<void> open(const LimineFile& file, Arena& arena, RemarkSink& remarks);
    bool is_open() const { return !path_.empty(); }
    std::string_view path() const { return path_; }

    /// The entry to try next into `entry`: the default one, then the others in the file's order,
    /// without directories; false where there is none any more.
    bool next(LimineEntry& entry);
    /// What an entry says, as views into the text and into the arena.
    /// Errors: boot_entry_other_architecture, boot_entry_other_protocol, boot_entry_without_kernel,
    /// boot_path_*, out_of_memory.
    Result<BootEntry> parse(const LimineEntry& entry, Arena& arena, RemarkSink& remarks) const;

  private:
    char mark() const { return is_old_ ? ':' : '/'; } // before a title
    bool is_title(std::string_view line) const { return line.front() == mark(); }
    bool next_entry(LimineLines& lines, LimineEntry& entry) const;
    uint32_t take_marks(std::string_view& title) const;
    KeyLine option_in(const LimineLines& lines) const;
    uint32_t find_default(uint32_t number) const;
    uint32_t find_default(std::string_view path) const;
    Result<uint64_t> survey(const LimineEntry& entry, KernelProtocol& protocol) const;
    Result<std::string_view> path_of(const KeyLine& option, Arena& arena) const;

    static constexpr uint32_t kFirstLine = 1; // before any entry

    std::string_view path_;
    std::string_view text_; // with the macros' values
    std::string_view default_entry_;
    LimineLines lines_; // from the entry on that next() looks at next
    uint32_t partition_ = 0;
    uint32_t default_line_ = 0; // 0: next() has been there
    uint32_t default_ = 0;      // the line of the entry that came first
    bool is_old_ = false;
};

} // namespace baton
