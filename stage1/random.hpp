// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "handoff/builder.hpp"

#include <array>
#include <cstdint>

namespace baton {

using RandomWords = std::array<uint64_t, 9>;

/// `from_firmware`: random words of the firmware's, or zeroes where it has none. They are combined
/// with RDRAND, where it is there, so that the result is as good as the better of both; and always
/// with the TSC.
RandomNumbers draw_random_numbers(const RandomWords& words, bool from_firmware);

} // namespace baton
