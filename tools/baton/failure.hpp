// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <stdexcept>

namespace baton::tool {

/// What the tool was asked for can't be done: a line for the person who asked, which says why and
/// what to do. It ends the tool with status 1.
class Failure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

} // namespace baton::tool
