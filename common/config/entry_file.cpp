// SPDX-License-Identifier: BSD-2-Clause
#include "config/entry_file.hpp"

#include "config/path.hpp"
#include "config/words.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

constexpr std::string_view kSuffix = ".conf";
constexpr std::string_view kArchitecture = "x64"; // UEFI 2.10 section 3.5.1.1, in BOOTX64.EFI

enum class Key : uint8_t {
    unknown,
    title,
    version,
    machine_id,
    sort_key,
    kernel,
    initrd,
    module,
    options,
    architecture,
    setting,
    other_loader, // says what another loader would start
    unused,       // says something about that
    count,
};

constexpr std::string_view kNames =
    "title version machine-id sort-key kernel initrd module options architecture "
    "linux efi uki uki-url profile extra devicetree devicetree-overlay";
constexpr Key kKeys[] = {
    Key::unknown,      Key::title,        Key::version,      Key::machine_id,   Key::sort_key,
    Key::kernel,       Key::initrd,       Key::module,       Key::options,      Key::architecture,
    Key::other_loader, Key::other_loader, Key::other_loader, Key::other_loader, Key::unused,
    Key::unused,       Key::unused,       Key::unused,
};

Key key_named(std::string_view name) {
    const Key known = kKeys[number_in(kNames, name)];
    return known == Key::unknown && setting_named(name) ? Key::setting : known;
}

/// What follows, so that it gets memory, and what makes the entry one for other loaders.
struct Survey {
    uint64_t modules = 0;
    uint64_t options_bytes = 0; // joined with a space before each
    uint32_t lines = 0;         // up to the last with a key
    uint32_t kernel_line = 0;   // 0: there is none
    uint32_t other_loader_line = 0;
    uint32_t other_architecture_line = 0;
};

Survey survey(std::string_view text) {
    Survey found;
    KeyLines lines(text);
    for (KeyLine line; lines.next(line);) {
        const uint32_t number = line.key_position.line;
        found.lines = number;
        const Key key = key_named(line.key);
        if (key == Key::module || key == Key::initrd)
            ++found.modules;
        else if (key == Key::options)
            found.options_bytes += line.value.size() + 1;
        else if (key == Key::kernel)
            found.kernel_line = number;
        else if (key == Key::other_loader && found.other_loader_line == 0)
            found.other_loader_line = number;
        else if (key == Key::architecture && !line.value.empty() &&
                 !equal_ignoring_case(line.value, kArchitecture))
            found.other_architecture_line = number;
    }
    return found;
}

Result<void> check_for_us(const Survey& found) {
    if (found.other_architecture_line != 0)
        return fail(ErrorCode::boot_entry_other_architecture, {found.other_architecture_line});
    if (found.kernel_line == 0 && found.other_loader_line != 0)
        return fail(ErrorCode::boot_entry_other_loader, {found.other_loader_line});
    if (found.kernel_line == 0)
        return fail(ErrorCode::boot_entry_without_kernel, {found.lines});
    return {};
}

/// Turns lines into an entry.
class Builder {
  public:
    struct Lists {
        std::span<BootModule> modules;
        std::span<char> command_line;
    };
    Builder(const Lists& lists, Arena& arena, RemarkSink& remarks)
        : lists_(lists),
          arena_(arena),
          remarks_(remarks) {}

    Result<void> add(const KeyLine& line) {
        const Key key = key_named(line.key);
        switch (key) {
        case Key::title:
            return describe(key, line, entry_.title);
        case Key::version:
            return describe(key, line, entry_.version);
        case Key::machine_id:
            return describe(key, line, entry_.machine_id);
        case Key::sort_key:
            return describe(key, line, entry_.sort_key);
        case Key::kernel:
        case Key::setting:
            return add_single(line);
        case Key::initrd:
            return add_module(line, false);
        case Key::module:
            return add_module(line, true);
        case Key::options:
            add_options(line.value);
            return {};
        case Key::architecture: // the survey has looked at it
            return {};
        case Key::other_loader:
        case Key::unused:
            remark(Remark::Kind::unused_key, line.key_position, line.key);
            return {};
        case Key::unknown:
        case Key::count:
            break;
        }
        remark(Remark::Kind::unknown_setting, line.key_position, line.key);
        return {};
    }

    BootEntry finish(std::string_view file_name) {
        const EntryName name = parse_entry_name(file_name);
        entry_.file_name = file_name;
        entry_.id = name.id;
        entry_.tries = name.tries;
        entry_.modules = lists_.modules.first(module_count_);
        entry_.command_line = {lists_.command_line.data(), command_line_bytes_};
        return entry_;
    }

  private:
    TextPosition& seen(Key key) { return seen_[static_cast<std::size_t>(key)]; }

    void remark(Remark::Kind kind, TextPosition position, std::string_view key) {
        remarks_.remark({.kind = kind, .position = position, .key = key});
    }

    Result<void> describe(Key key, const KeyLine& line, std::string_view& field) {
        if (seen(key).line != 0)
            remark(Remark::Kind::replaced_key, seen(key), line.key);
        seen(key) = line.key_position;
        field = line.value;
        return {};
    }

    Result<void> add_single(const KeyLine& line) {
        const auto setting = setting_named(line.key);
        TextPosition& first = setting ? seen_settings_[*setting] : seen(Key::kernel);
        const TextPosition here = line.key_position;
        if (first.line != 0)
            return fail(ErrorCode::boot_key_repeated,
                        {here.line, here.column, first.line, first.column});
        first = here;
        if (!setting) {
            entry_.kernel = TRY(whole_path(line));
            return {};
        }
        return set_setting(entry_, line.key, line.value, line.value_position);
    }

    Result<void> add_module(const KeyLine& line, bool with_string) {
        BootModule module;
        module.path = TRY(with_string ? first_path(line, module.string) : whole_path(line));
        lists_.modules[module_count_++] = module;
        return {};
    }

    void add_options(std::string_view options) {
        if (options.empty())
            return;
        char* const text = lists_.command_line.data();
        if (command_line_bytes_ != 0)
            text[command_line_bytes_++] = ' ';
        std::copy(options.begin(), options.end(), text + command_line_bytes_);
        command_line_bytes_ += options.size();
    }

    /// The path that is all of the line's value.
    Result<std::string_view> whole_path(const KeyLine& line) {
        if (line.value.empty() || line.value.front() != '"')
            return entry_path(line.value, line.value_position, arena_);
        std::string_view rest;
        const auto path = first_path(line, rest);
        if (path && !rest.empty())
            return fail(ErrorCode::boot_quote_followed,
                        {line.value_position.line,
                         line.value_position.column +
                             static_cast<uint64_t>(rest.data() - line.value.data())});
        return path;
    }

    /// The path that is the first word of the line's value, and what comes after it.
    Result<std::string_view> first_path(const KeyLine& line, std::string_view& rest) {
        const auto buffer = TRY(arena_.scratch<char>(line.value.size()));
        const TextPosition position = line.value_position;
        Words words(line.value, buffer);
        Word word{};
        if (!words.next(word))
            return fail(ErrorCode::boot_path_empty, {position.line, position.column});
        if (word.open_quote != std::string_view::npos)
            return fail(ErrorCode::boot_quote_open,
                        {position.line, position.column + word.open_quote});
        rest = trim(words.rest());
        return entry_path(word.text, position, arena_);
    }

    Lists lists_;
    Arena& arena_;
    RemarkSink& remarks_;
    BootEntry entry_;
    std::size_t module_count_ = 0;
    std::size_t command_line_bytes_ = 0;
    std::array<TextPosition, static_cast<std::size_t>(Key::count)> seen_{};
    std::array<TextPosition, kSettings> seen_settings_{};
};

} // namespace

bool is_entry_file_name(std::string_view file_name) {
    return file_name.size() > kSuffix.size() && file_name.front() != '.' &&
           ends_with_ignoring_case(file_name, kSuffix);
}

EntryName parse_entry_name(std::string_view file_name) {
    std::string_view stem = file_name;
    if (ends_with_ignoring_case(stem, kSuffix))
        stem.remove_suffix(kSuffix.size());
    const EntryName uncounted = {.id = stem, .tries = {}};
    const std::size_t plus = stem.rfind('+');
    if (plus == std::string_view::npos || plus == 0)
        return uncounted;
    const std::string_view counters = tail(stem, plus + 1);
    const std::size_t minus = index_of(counters, '-');
    const auto left = parse_decimal(head(counters, std::min(minus, counters.size())));
    const auto done = minus == std::string_view::npos ? std::optional<uint32_t>(0)
                                                      : parse_decimal(tail(counters, minus + 1));
    if (!left || !done)
        return uncounted;
    return {.id = head(stem, plus), .tries = BootTries{.left = *left, .done = *done}};
}

Result<BootEntry> parse_entry(std::string_view file_name, std::string_view text, Arena& arena,
                              RemarkSink& remarks) {
    TRY(check_config_text(text));
    const Survey found = survey(text);
    TRY(check_for_us(found));
    const auto modules = TRY(arena.array<BootModule>(found.modules));
    const auto command_line = TRY(arena.scratch<char>(found.options_bytes));

    Builder builder({.modules = modules, .command_line = command_line}, arena, remarks);
    KeyLines lines(text);
    for (KeyLine line; lines.next(line);)
        TRY(builder.add(line));
    BootEntry entry = builder.finish(file_name);
    entry.text = text;
    return entry;
}

bool is_entry_for_others(const Error& error) {
    return error.code == ErrorCode::boot_entry_other_architecture ||
           error.code == ErrorCode::boot_entry_other_loader ||
           error.code == ErrorCode::boot_entry_other_protocol;
}

} // namespace baton
