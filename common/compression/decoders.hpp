// SPDX-License-Identifier: BSD-2-Clause
//
// The decoders of compression.hpp: the libraries' decoders of blocks, in frames of our own. Where a
// library's sources were not there when this was built, without_NAME.cpp stands in, and all of its
// functions end in built_without_NAME.
#pragma once

#include "compression/compression.hpp"

namespace baton {

// "Skippable Frames", which both formats have, by the first 4 bytes: 16 magic numbers.
inline constexpr uint32_t kSkippable = 0x184d2a50;
inline constexpr uint32_t kSkippableMask = 0xfffffff0;

} // namespace baton

namespace baton::zstd {

inline constexpr uint32_t kMagic = 0xfd2fb528; // RFC 8878 section 3.1.1

Result<void> available();
uint64_t workspace_bytes();
Result<ContentSize> content_size(Bytes file);
Result<uint64_t> decompress(Bytes file, std::span<std::byte> into, std::span<std::byte> workspace);

} // namespace baton::zstd

namespace baton::lz4 {

inline constexpr uint32_t kMagic = 0x184d2204; // "General Structure of LZ4 Frame format"

Result<void> available();
Result<ContentSize> content_size(Bytes file);
Result<uint64_t> decompress(Bytes file, std::span<std::byte> into);

} // namespace baton::lz4
