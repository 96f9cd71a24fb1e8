// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/template_text.hpp"

#include <algorithm>

namespace baton::tool {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kOthers = "0123456789-_";
constexpr std::size_t kLongestName = 64;

} // namespace

std::string filled_in(std::string_view text, const std::map<std::string, std::string>& values) {
    std::string result;
    while (!text.empty()) {
        const std::size_t begin = std::min(text.find('@'), text.size());
        result += text.substr(0, begin);
        text.remove_prefix(begin);
        const std::size_t end = text.find('@', 1);
        const auto found = end == std::string_view::npos
                               ? values.end()
                               : values.find(std::string(text.substr(1, end - 1)));
        if (found != values.end()) {
            result += found->second;
            text.remove_prefix(end + 1);
        } else if (!text.empty()) {
            result += '@';
            text.remove_prefix(1);
        }
    }
    return result;
}

bool is_project_name(std::string_view name) {
    return !name.empty() && name.size() <= kLongestName && kLetters.contains(name.front()) &&
           std::ranges::all_of(name,
                               [](char c) { return kLetters.contains(c) || kOthers.contains(c); });
}

std::string shell_word(std::string_view text) {
    if (!text.empty() && std::ranges::all_of(text, [](char c) {
            return kLetters.contains(c) || kOthers.contains(c) || c == '/' || c == '.';
        }))
        return std::string(text);
    std::string result = "'";
    for (const char c : text)
        result += c == '\'' ? "'\\''" : std::string(1, c);
    return result + "'";
}

bool can_be_quoted(std::string_view path) {
    constexpr std::string_view kSyntax = "\"\\$`#;\n";
    return path.find_first_of(kSyntax) == std::string_view::npos;
}

} // namespace baton::tool
