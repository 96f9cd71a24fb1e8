// SPDX-License-Identifier: BSD-2-Clause
#include "compression/decoders.hpp"

namespace baton::zstd {

Result<void> available() {
    return fail(ErrorCode::built_without_zstd);
}

uint64_t workspace_bytes() {
    return 0;
}

Result<ContentSize> content_size(Bytes /*file*/) {
    return fail(ErrorCode::built_without_zstd);
}

Result<uint64_t> decompress(Bytes /*file*/, std::span<std::byte> /*into*/,
                            std::span<std::byte> /*workspace*/) {
    return fail(ErrorCode::built_without_zstd);
}

} // namespace baton::zstd
