// SPDX-License-Identifier: BSD-2-Clause
//
// Tells bytes that are as they were written from such that are not. It is no seal: anybody can make
// one.
#pragma once

#include "core/bytes.hpp"

#include <cstdint>

namespace baton {

/// FNV-1a with 64 bits.
constexpr uint64_t checksum(Bytes bytes) {
    uint64_t hash = 0xcbf2'9ce4'8422'2325;
    for (const std::byte byte : bytes)
        hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100'0000'01b3;
    return hash;
}

} // namespace baton
