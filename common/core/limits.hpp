// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

namespace baton {

/// Baton lists and starts no more processors.
inline constexpr uint32_t kMostProcessors = 4096;

} // namespace baton
