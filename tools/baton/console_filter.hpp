// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <string>
#include <string_view>

namespace baton::tool {

/// Leaves out of a terminal's text what would clear it. OVMF does so several times on its way to
/// the loader, and what was there before is gone.
class ConsoleFilter {
  public:
    /// What can be shown now. What may become such a code when the next byte comes is held back.
    std::string pass(std::string_view text);
    /// What is held back.
    const std::string& rest() const { return held_; }

  private:
    std::string held_;
};

} // namespace baton::tool
