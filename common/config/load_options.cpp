// SPDX-License-Identifier: BSD-2-Clause
#include "config/load_options.hpp"

#include "config/path.hpp"
#include "config/unicode.hpp"
#include "config/words.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

enum class Key : uint8_t { none, kernel, module, setting };

std::string_view name_of(const Word& word) {
    return head(word.text, word.equals);
}

Key key_of(const Word& word) {
    if (word.equals == std::string_view::npos)
        return Key::none;
    const std::string_view name = name_of(word);
    if (name == "kernel")
        return Key::kernel;
    if (name == "module")
        return Key::module;
    return setting_named(name) ? Key::setting : Key::none;
}

std::string_view value_of(const Word& word) {
    return tail(word.text, word.equals + 1);
}

bool ends_the_words(const Word& word) {
    return word.text == "--" && !word.quoted;
}

TextPosition position_of(const Word& word) {
    return {1, static_cast<uint32_t>(word.offset + 1)};
}

/// The options as UTF-8: in the arena, or, where they are 8-bit text, as they are.
Result<std::string_view> decode(Bytes options, Arena& arena) {
    Bytes bytes = options;
    while (!bytes.empty() && bytes.back() == std::byte{0})
        bytes = bytes.first(bytes.size() - 1);
    if (std::find(bytes.begin(), bytes.end(), std::byte{0}) == bytes.end())
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return to_utf8(options, arena);
}

/// What is to come, and whether anything is.
struct Survey {
    bool has_key = false;
    uint64_t modules = 0;
};

Survey survey(std::string_view text, std::span<char> buffer) {
    Survey result;
    Words words(text, buffer);
    for (Word word; words.next(word) && !ends_the_words(word);) {
        const Key key = key_of(word);
        result.has_key = result.has_key || key != Key::none;
        result.modules += key == Key::module ? 1 : 0;
    }
    return result;
}

/// Turns words into an entry.
class Builder {
  public:
    Builder(std::span<BootModule> modules, Arena& arena) : modules_(modules), arena_(arena) {}

    Result<void> add(Key key, const Word& word) {
        if (key == Key::module)
            return add_module(word);
        const auto setting = setting_named(name_of(word));
        TextPosition& first = setting ? seen_settings_[*setting] : seen_kernel_;
        const TextPosition here = position_of(word);
        if (first.line != 0)
            return fail(ErrorCode::boot_key_repeated,
                        {here.line, here.column, first.line, first.column});
        first = here;
        if (!setting)
            return set_kernel(word);
        return set_setting(entry_, name_of(word), value_of(word), here);
    }

    Result<BootEntry> finish(std::string_view command_line) {
        if (entry_.kernel.empty())
            return fail(ErrorCode::load_options_without_kernel);
        entry_.modules = modules_.first(module_count_);
        entry_.command_line = command_line;
        return entry_;
    }

  private:
    Result<void> set_kernel(const Word& word) {
        entry_.kernel = TRY(entry_path(value_of(word), position_of(word), arena_));
        return {};
    }
    Result<void> add_module(const Word& word) {
        std::string_view path = value_of(word);
        std::string_view string;
        if (word.later_equals != std::string_view::npos) {
            path = head(path, word.later_equals - word.equals - 1);
            string = tail(word.text, word.later_equals + 1);
        }
        modules_[module_count_++] = {.path = TRY(entry_path(path, position_of(word), arena_)),
                                     .string = string};
        return {};
    }

    std::span<BootModule> modules_;
    Arena& arena_;
    BootEntry entry_;
    std::size_t module_count_ = 0;
    TextPosition seen_kernel_;
    std::array<TextPosition, kSettings> seen_settings_{};
};

Result<BootEntry> build(std::string_view text, std::span<char> buffer, Builder builder,
                        RemarkSink& remarks) {
    Words words(text, buffer);
    std::string_view command_line;
    bool first = true;
    for (Word word; words.next(word); first = false) {
        if (word.open_quote != std::string_view::npos)
            return fail(ErrorCode::boot_quote_open, {1, word.open_quote + 1});
        if (ends_the_words(word)) {
            command_line = trim(words.rest());
            break;
        }
        const Key key = key_of(word);
        if (key != Key::none) {
            TRY(builder.add(key, word));
        } else if (!first) {
            remarks.remark({.kind = Remark::Kind::unknown_setting,
                            .position = position_of(word),
                            .key = head(word.text, std::min(word.equals, word.text.size()))});
        }
    }
    return builder.finish(command_line);
}

} // namespace

Result<std::optional<BootEntry>> parse_load_options(Bytes load_options, Arena& arena,
                                                    RemarkSink& remarks) {
    if (load_options.size() > kMaxLoadOptionsBytes)
        return fail(ErrorCode::load_options_too_long, {load_options.size(), kMaxLoadOptionsBytes});
    const auto text = TRY(decode(load_options, arena));
    const auto buffer = TRY(arena.scratch<char>(text.size()));
    const Survey found = survey(text, buffer);
    if (!found.has_key)
        return std::nullopt;
    const auto modules = TRY(arena.array<BootModule>(found.modules));
    BootEntry entry = TRY(build(text, buffer, Builder(modules, arena), remarks));
    entry.text = text;
    return entry;
}

} // namespace baton
