// SPDX-License-Identifier: BSD-2-Clause
//
// The checksums of zstd's and LZ4's frames ("xxHash fast digest algorithm", 0.2.0), with the seed
// 0.
#pragma once

#include "core/bytes.hpp"

namespace baton {

uint32_t xxh32(Bytes bytes);
uint64_t xxh64(Bytes bytes);

} // namespace baton
