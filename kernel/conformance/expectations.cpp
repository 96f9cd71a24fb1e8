// SPDX-License-Identifier: BSD-2-Clause
#include "expectations.hpp"

namespace conformance {
namespace {

std::string_view after(std::string_view text, size_t characters) {
    return {text.data() + characters, text.size() - characters};
}

} // namespace

std::string_view Expectations::take(std::string_view& rest, char separator) {
    const std::string_view whole = rest;
    size_t length = 0;
    while (length < whole.size() && whole[length] != separator)
        ++length;
    rest = length == whole.size() ? std::string_view{} : after(whole, length + 1);
    return {whole.begin(), whole.begin() + length};
}

Expectation Expectations::parse(std::string_view text) {
    constexpr std::string_view kAbsent = "no-";
    std::string_view digits = text;
    const std::string_view name = take(digits, ':');
    if (name.starts_with(kAbsent))
        return {.name = after(name, kAbsent.size()), .count = {}, .absent = true};
    if (digits.empty())
        return {.name = name, .count = {}, .absent = false};
    uint64_t count = 0;
    for (const char digit : digits)
        count = 10 * count + static_cast<uint64_t>(digit - '0');
    return {.name = name, .count = count, .absent = false};
}

std::string_view Expectations::list() const {
    constexpr std::string_view kKey = "expect=";
    std::string_view rest = command_line_;
    while (!rest.empty())
        if (const std::string_view word = take(rest, ' '); word.starts_with(kKey))
            return after(word, kKey.size());
    return {};
}

bool Expectations::has_option(std::string_view word) const {
    std::string_view rest = command_line_;
    while (!rest.empty())
        if (take(rest, ' ') == word)
            return true;
    return false;
}

bool Expectations::insist_on(std::string_view feature) const {
    bool insisted = false;
    for_each([&](const Expectation& expectation) {
        insisted = insisted || (!expectation.absent && expectation.name == feature);
    });
    return insisted;
}

} // namespace conformance
