// SPDX-License-Identifier: BSD-2-Clause
#include "compression/decoders.hpp"

namespace baton::lz4 {

Result<void> available() {
    return fail(ErrorCode::built_without_lz4);
}

uint64_t workspace_bytes() {
    return 0;
}

Result<ContentSize> content_size(Bytes /*file*/, std::span<std::byte> /*workspace*/) {
    return fail(ErrorCode::built_without_lz4);
}

Result<uint64_t> decompress(Bytes /*file*/, std::span<std::byte> /*into*/,
                            std::span<std::byte> /*workspace*/) {
    return fail(ErrorCode::built_without_lz4);
}

} // namespace baton::lz4
