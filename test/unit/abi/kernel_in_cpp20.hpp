// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel written in C++20 does with the view.
#pragma once

#include "abi/boot_info.hpp"
#include "abi/handoff.h"

#include <cstdint>

namespace baton::test {

uint64_t usable_bytes_in_cpp20(const BatonBootInfo& info);

} // namespace baton::test
