// SPDX-License-Identifier: BSD-2-Clause
#include "config/path.hpp"

#include "config/foreign_path.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr bool is_separator(char character) {
    return character == '/' || character == '\\';
}

Result<void> check_characters(std::string_view path, TextPosition position) {
    for (const char character : path) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < ' ' || byte == 0x7f)
            return fail(ErrorCode::boot_path_bad_character, {position.line, position.column, byte});
    }
    return {};
}

/// Takes the next component off `path`; empty where there is none any more.
std::string_view take_component(std::string_view& path) {
    while (!path.empty() && is_separator(path.front()))
        path.remove_prefix(1);
    std::size_t count = 0;
    while (count < path.size() && !is_separator(path[count]))
        ++count;
    const std::string_view component = head(path, count);
    path.remove_prefix(count);
    return component;
}

} // namespace

Result<std::string_view> normalise_path(std::string_view path, TextPosition position,
                                        Arena& arena) {
    if (path.size() > kMaxPathBytes)
        return fail(ErrorCode::boot_path_too_long,
                    {position.line, position.column, path.size(), kMaxPathBytes});
    TRY(check_characters(path, position));
    const auto result = TRY(arena.scratch<char>(path.size() + 1)); // the first '\\'

    std::size_t length = 0;
    while (true) {
        const std::string_view component = take_component(path);
        if (component.empty())
            break;
        if (component == "..")
            return fail(ErrorCode::boot_path_goes_up, {position.line, position.column});
        if (component == ".")
            continue;
        result[length++] = '\\';
        std::copy(component.begin(), component.end(), result.data() + length);
        length += component.size();
    }
    if (length == 0)
        return fail(ErrorCode::boot_path_empty, {position.line, position.column});
    return std::string_view(result.data(), length);
}

Result<std::string_view> entry_path(std::string_view path, TextPosition position, Arena& arena) {
    TRY(check_no_device(path, position));
    return normalise_path(path, position, arena);
}

} // namespace baton
