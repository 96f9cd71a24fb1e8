// SPDX-License-Identifier: BSD-2-Clause
//
// Shell patterns: what a loader.conf names its default entry with.
#pragma once

#include <string_view>

namespace baton {

/// Whether `pattern` matches all of `text` followed by `suffix`, the case of ASCII letters apart.
/// '*' stands for any characters or none, '?' for one, '[…]' for one of a set: single ASCII
/// characters and ranges ("a-z"), none of them after a leading '!' or '^'; a ']' that comes first
/// is one of the set. A '[' without its ']' and a '\' at the end stand for themselves; another '\'
/// takes its meaning from the next character.
bool matches_glob(std::string_view pattern, std::string_view text, std::string_view suffix = {});

} // namespace baton
