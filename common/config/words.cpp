// SPDX-License-Identifier: BSD-2-Clause
#include "config/words.hpp"

#include "config/lines.hpp"

namespace baton {

bool Words::next(Word& word) {
    constexpr std::size_t kNone = std::string_view::npos;
    while (at_ < line_.size() && is_blank(line_[at_]))
        ++at_;
    if (at_ == line_.size())
        return false;

    word = {.text = {},
            .offset = at_,
            .quoted = false,
            .open_quote = kNone,
            .equals = kNone,
            .later_equals = kNone};
    const std::size_t begin = used_;
    for (; at_ < line_.size(); ++at_) {
        const char character = line_[at_];
        const bool inside = word.open_quote != kNone;
        if (character == '"') {
            const bool doubled = inside && at_ + 1 < line_.size() && line_[at_ + 1] == '"';
            if (!doubled) {
                word.quoted = true;
                word.open_quote = inside ? kNone : at_;
                continue;
            }
            ++at_;
        } else if (!inside && is_blank(character)) {
            break;
        } else if (character == '=') {
            if (word.equals == kNone)
                word.equals = used_ - begin;
            else if (!inside && word.later_equals == kNone)
                word.later_equals = used_ - begin;
        }
        buffer_[used_++] = character;
    }
    word.text = {buffer_.data() + begin, used_ - begin};
    return true;
}

} // namespace baton
