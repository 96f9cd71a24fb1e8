// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/console_filter.hpp"

#include <array>

namespace baton::tool {
namespace {

// Clears the terminal, and goes to its upper left corner, in the words of EDK II and of GRUB; sets
// a mode of 80 x 25 characters.
constexpr std::array<std::string_view, 3> kLeftOut = {"\x1b[2J\x1b[01;01H", "\x1b[H\x1b[J\x1b[1;1H",
                                                      "\x1b[=3h"};

} // namespace

std::string ConsoleFilter::pass(std::string_view text) {
    held_ += text;
    std::string shown;
    const std::string_view all = held_;
    std::size_t at = 0;
    while (at < all.size()) {
        const std::string_view rest = all.substr(at);
        bool may_follow = false;
        std::size_t left_out = 0;
        for (const std::string_view code : kLeftOut) {
            if (rest.starts_with(code))
                left_out = code.size();
            may_follow |= code.starts_with(rest);
        }
        if (may_follow && left_out == 0)
            break;
        if (left_out == 0)
            shown += rest.front();
        at += left_out == 0 ? 1 : left_out;
    }
    held_.erase(0, at);
    return shown;
}

} // namespace baton::tool
