// SPDX-License-Identifier: BSD-2-Clause
#include "compression/decoders.hpp"

namespace baton::lz4 {

Result<void> available() {
    return fail(ErrorCode::built_without_lz4);
}

Result<ContentSize> content_size(Bytes /*file*/) {
    return fail(ErrorCode::built_without_lz4);
}

Result<uint64_t> decompress(Bytes /*file*/, std::span<std::byte> /*into*/) {
    return fail(ErrorCode::built_without_lz4);
}

} // namespace baton::lz4
