// SPDX-License-Identifier: BSD-2-Clause
#include "config/limine_conf.hpp"

#include "config/path.hpp"

#include <algorithm>
#include <utility>

namespace baton {
namespace {

constexpr std::string_view kBuiltIn = "${ARCH}=x86-64\n${LOADER_ARCH}=x86-64\n${FW_TYPE}=UEFI\n";

enum class Key : uint8_t {
    unknown,
    comment,
    default_entry,
    if_architecture,
    if_firmware,
    kaslr,
    protocol,
    path,
    command_line,
    module_path,
    module_string,
};
constexpr unsigned bit(Key key) {
    return 1u << static_cast<unsigned>(key);
}
/// Those that an entry, or the last module, has once.
constexpr unsigned kOnce = bit(Key::kaslr) | bit(Key::protocol) | bit(Key::path) |
                           bit(Key::command_line) | bit(Key::module_string);

Key key_named(std::string_view name) {
    using enum Key;
    constexpr std::string_view kNames =
        "comment default_entry if_arch if_loader_arch if_fw_type kaslr protocol path kernel_path "
        "cmdline kernel_cmdline module_path module_string module_cmdline";
    constexpr Key kKeys[] = {unknown,
                             comment,
                             default_entry,
                             if_architecture,
                             if_architecture,
                             if_firmware,
                             kaslr,
                             protocol,
                             path,
                             path,
                             command_line,
                             command_line,
                             module_path,
                             module_string,
                             module_string};
    return kKeys[number_in(kNames, name, Case::is_ignored)];
}

bool take(std::string_view& text, std::string_view begin) {
    const bool is_there = text.starts_with(begin);
    text.remove_prefix(is_there ? begin.size() : 0);
    return is_there;
}

/// Takes "${NAME}" off the beginning of `text`; the name, or nothing.
std::string_view take_macro(std::string_view& text) {
    constexpr std::size_t kLongest = 256;
    if (!text.starts_with("${"))
        return {};
    const std::size_t end = index_of(head(text, std::min(text.size(), kLongest)), '}');
    if (end == std::string_view::npos)
        return {};
    const std::string_view name = tail(head(text, end), 2);
    text = tail(text, end + 1);
    return name;
}

/// Takes "${NAME}=" off a line; the name, or nothing.
std::string_view take_definition(std::string_view& line) {
    line = trim(line);
    const std::string_view name = take_macro(line);
    return take(line, "=") ? name : std::string_view();
}

/// The value of a macro that `text` defines, of several the last; without data: there is none.
std::string_view find_macro(std::string_view name, std::string_view text) {
    std::string_view value;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        if (take_definition(line) == name)
            value = trim(line);
    }
    return value;
}

void remark(RemarkSink& remarks, Remark::Kind kind, TextPosition position, std::string_view key) {
    remarks.remark({.kind = kind, .position = position, .key = key});
}

/// The text with the values of its macros. Where one is defined there is an empty line.
Result<std::string_view> expand(std::string_view text, Arena& arena, RemarkSink& remarks) {
    const auto memory = TRY(arena.scratch<char>(kMostLimineGrowth * text.size() + 1));
    std::size_t bytes = 0;
    std::size_t macros = 0;
    std::string_view rest = text;
    for (uint32_t number = 1; !rest.empty(); ++number) {
        std::string_view line = take_line(rest);
        std::string_view definition = line;
        if (!take_definition(definition).empty())
            line = {};
        bool is_end = false;
        while (!is_end) {
            std::string_view piece = "\n";
            if (const std::string_view name = take_macro(line); !name.empty()) {
                piece = find_macro(name, text);
                if (piece.data() == nullptr)
                    piece = find_macro(name, kBuiltIn);
                if (piece.data() == nullptr)
                    remark(remarks, Remark::Kind::unknown_key, {number, 1}, name);
                ++macros;
            } else if (!line.empty()) {
                piece = head(line, 1);
                line.remove_prefix(1);
            } else {
                is_end = true;
            }
            if (piece.size() > memory.size() - bytes || macros > kMostLimineMacros)
                return fail(ErrorCode::boot_text_too_long, {memory.size() + 1, memory.size()});
            std::copy(piece.begin(), piece.end(), memory.data() + bytes);
            bytes += piece.size();
        }
    }
    return std::string_view(memory.data(), bytes);
}

/// Takes the first title off a path of them.
std::string_view take_title(std::string_view& path) {
    const std::string_view title = head(path, std::min(index_of(path, '/'), path.size()));
    path = tail(path, std::min(title.size() + 1, path.size()));
    return title;
}

} // namespace

bool LimineLines::next() {
    while (!rest.empty()) {
        const std::string_view whole = take_line(rest);
        line = trim(whole);
        ++position.line;
        position.column = static_cast<uint32_t>(line.data() - whole.data()) + 1;
        if (!line.empty() && line.front() != '#')
            return true;
    }
    line = {};
    return false;
}

Result<void> LimineConf::open(const LimineFile& file, Arena& arena, RemarkSink& remarks) {
    TRY(check_config_text(file.text));
    text_ = TRY(expand(without_byte_order_mark(file.text), arena, remarks));
    path_ = file.path;
    partition_ = file.partition;
    is_old_ = file.path.ends_with(".cfg");
    bool is_about_menu = true; // as most options are that come before the first title
    lines_ = LimineLines(text_);
    LimineLines lines = lines_;
    while (lines.next()) {
        const KeyLine option = option_in(lines);
        if (is_title(lines.line))
            is_about_menu = false;
        else if (key_named(option.key) == Key::default_entry)
            default_entry_ = default_entry_.empty() ? option.value : default_entry_;
        else if (is_about_menu)
            remark(remarks, Remark::Kind::unused_key, option.key_position, option.key);
    }
    const auto number = parse_decimal(default_entry_);
    default_line_ = number ? find_default(*number) : find_default(default_entry_);
    return {};
}

/// The line of the title with a number, among those that the menu shows at first.
uint32_t LimineConf::find_default(uint32_t number) const {
    constexpr uint32_t kNone = ~uint32_t{0};
    uint32_t collapsed = kNone; // the depth of a directory whose entries have no number
    LimineLines lines(text_);
    for (LimineEntry entry; next_entry(lines, entry);) {
        if (entry.depth > collapsed)
            continue;
        collapsed = entry.is_directory && !entry.is_expanded ? entry.depth : kNone;
        if (number-- <= 1)
            return entry.line;
    }
    return kFirstLine;
}

/// The line of the title at the end of a path of titles.
uint32_t LimineConf::find_default(std::string_view path) const {
    std::string_view title = take_title(path);
    uint32_t depth = 1; // where it is looked for: those before it have been found
    LimineLines lines(text_);
    for (LimineEntry entry; next_entry(lines, entry) && entry.depth >= depth;) {
        if (entry.depth != depth || entry.title != title)
            continue;
        if (path.empty())
            return entry.line;
        title = take_title(path);
        ++depth;
    }
    return kFirstLine;
}

bool LimineConf::next(LimineEntry& entry) {
    if (default_line_ != 0) {
        default_ = std::exchange(default_line_, 0);
        LimineLines lines(text_);
        while (next_entry(lines, entry))
            if (entry.line >= default_ && !entry.is_directory) {
                default_ = entry.line;
                return true;
            }
    }
    while (next_entry(lines_, entry))
        if (entry.line != default_ && !entry.is_directory)
            return true;
    return false;
}

/// Goes on where `lines` is: at a title, or before it.
bool LimineConf::next_entry(LimineLines& lines, LimineEntry& entry) const {
    while (lines.line.empty() || !is_title(lines.line))
        if (!lines.next())
            return false;
    entry = {.title = lines.line, .line = lines.position.line, .lines = lines};
    entry.depth = take_marks(entry.title);
    entry.is_expanded = entry.title.starts_with('+');
    entry.title = trim(tail(entry.title, entry.is_expanded ? 1 : 0));
    while (lines.next() && !is_title(lines.line))
        ;
    std::string_view after = lines.line;
    entry.is_directory = take_marks(after) > entry.depth;
    return true;
}

/// Takes the marks before a title off; how many there are.
uint32_t LimineConf::take_marks(std::string_view& title) const {
    uint32_t marks = 0;
    for (; title.starts_with(mark()); ++marks)
        title.remove_prefix(1);
    return marks;
}

KeyLine LimineConf::option_in(const LimineLines& lines) const {
    const std::size_t end = std::min(index_of(lines.line, is_old_ ? '=' : ':'), lines.line.size());
    KeyLine option{.key = trim(head(lines.line, end)),
                   .value = trim(tail(lines.line, std::min(end + 1, lines.line.size()))),
                   .key_position = lines.position,
                   .value_position = lines.position};
    option.value_position.column += static_cast<uint32_t>(option.value.data() - lines.line.data());
    return option;
}

Result<BootEntry> LimineConf::parse(const LimineEntry& entry, Arena& arena,
                                    RemarkSink& remarks) const {
    BootEntry parsed;
    parsed.file_name = path_;
    parsed.title = entry.title;
    const uint64_t count = TRY(survey(entry, parsed.protocol));
    const auto modules = TRY(arena.array<BootModule>(count));
    parsed.modules = modules;
    BootModule* module = nullptr; // the last one
    unsigned seen = 0;            // a bit for each key
    LimineLines lines = entry.lines;
    while (lines.next() && !is_title(lines.line)) {
        const KeyLine option = option_in(lines);
        const Key key = key_named(option.key);
        if ((seen & kOnce & bit(key)) != 0) {
            remark(remarks, Remark::Kind::repeated_key, option.key_position, option.key);
            continue;
        }
        seen |= bit(key);
        if (key == Key::path) {
            parsed.kernel = TRY(path_of(option, arena));
        } else if (key == Key::module_path) {
            module = module == nullptr ? modules.data() : module + 1;
            module->path = TRY(path_of(option, arena));
            module->is_verbatim = true; // Limine decompresses by '$' alone
            seen &= ~bit(Key::module_string);
        } else if (key == Key::module_string && module != nullptr) {
            module->string = option.value;
        } else if (key == Key::command_line) {
            parsed.command_line = option.value;
        } else if (key == Key::kaslr) {
            parsed.kaslr = option.value == "yes" ? Switch::on : Switch::off;
        } else if (key == Key::unknown) {
            remark(remarks, Remark::Kind::unknown_key, option.key_position, option.key);
        }
    }
    if (parsed.kernel.empty())
        return fail(ErrorCode::boot_entry_without_kernel, {entry.line});
    return parsed;
}

/// How many modules an entry has, and its protocol, if the entry is for this loader and machine.
Result<uint64_t> LimineConf::survey(const LimineEntry& entry, KernelProtocol& protocol) const {
    uint64_t modules = 0;
    LimineLines lines = entry.lines;
    while (lines.next() && !is_title(lines.line)) {
        const KeyLine option = option_in(lines);
        const Key key = key_named(option.key);
        bool is_ours = true;
        if (key == Key::module_path) {
            ++modules;
        } else if (key == Key::if_architecture || key == Key::if_firmware) {
            const std::string_view ours = key == Key::if_firmware ? "UEFI" : "x86-64";
            is_ours = is_one_of(ours, option.value, Case::is_ignored);
        } else if (key == Key::protocol && protocol == KernelProtocol::unset) {
            const auto known =
                parse_protocol(option.value == "multiboot1" ? "multiboot" : option.value);
            is_ours = known.has_value();
            protocol = known.value_or(protocol);
        }
        if (!is_ours)
            return std::unexpected(Error(key == Key::protocol
                                             ? ErrorCode::boot_entry_other_protocol
                                             : ErrorCode::boot_entry_other_architecture,
                                         {lines.position.line})
                                       .about(option.value));
    }
    return modules;
}

/// "boot():/x", or "boot(N):/x" with the number of the file's partition; before version 8
/// "boot:///x" and "boot://N/x".
Result<std::string_view> LimineConf::path_of(const KeyLine& option, Arena& arena) const {
    const TextPosition position = option.value_position;
    const bool is_gzip = option.value.starts_with('$');
    if (is_gzip || index_of(option.value, '#') != std::string_view::npos)
        return fail(is_gzip ? ErrorCode::boot_path_with_gzip : ErrorCode::boot_path_with_hash,
                    {position.line, position.column});
    std::string_view path = option.value;
    if (take(path, is_old_ ? "boot://" : "boot(")) {
        const std::size_t end = std::min(index_of(path, is_old_ ? '/' : ')'), path.size());
        const std::string_view number = head(path, end);
        path = tail(path, end);
        if ((number.empty() || parse_decimal(number) == partition_) &&
            take(path, is_old_ ? "/" : "):/"))
            return normalise_path(path, position, arena);
    }
    return entry_path(option.value, position, arena); // which refuses other devices
}

} // namespace baton
