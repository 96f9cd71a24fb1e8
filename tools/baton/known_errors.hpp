// SPDX-License-Identifier: BSD-2-Clause
//
// The loader's errors, with what docs/errors.md says of them.
#pragma once

#include <string>
#include <string_view>

namespace baton::tool {

/// "cause: …\nfix:  …\n", of an error's name; empty: there is no such error.
std::string cause_and_fix(std::string_view name);

/// The loader's line "error: NAME: …", with its cause and fix; empty: it is no such line.
std::string explain_error(std::string_view line);

} // namespace baton::tool
