// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "protocols/facts.hpp"

#include <array>
#include <cstdint>

namespace baton {

using RandomWords = std::array<uint64_t, 9>;

/// `words`: random words that the firmware gave, or zeroes where it has none. They are combined
/// with RDRAND, where it is there, so that the result is as good as the better of both; and always
/// with the TSC. Then they are wiped.
void draw_random_numbers(RandomWords& words, bool from_firmware, RandomNumbers& numbers);

} // namespace baton
