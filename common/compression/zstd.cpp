// SPDX-License-Identifier: BSD-2-Clause
#define ZSTD_STATIC_LINKING_ONLY // for a context in the caller's memory
#include "compression/decoders.hpp"

#include <zstd.h>
#include <zstd_errors.h>

namespace baton::zstd {
namespace {

std::unexpected<Error> damaged(ZSTD_ErrorCode code, Bytes file) {
    return fail(ErrorCode::compressed_data_damaged, {static_cast<uint64_t>(code), file.size()});
}

} // namespace

Result<void> available() {
    return {};
}

uint64_t workspace_bytes() {
    return ZSTD_estimateDCtxSize();
}

Result<ContentSize> content_size(Bytes file) {
    const uint64_t exact = ZSTD_findDecompressedSize(file.data(), file.size());
    if (exact != ZSTD_CONTENTSIZE_UNKNOWN && exact != ZSTD_CONTENTSIZE_ERROR)
        return ContentSize{.bytes = exact, .exact = true};
    const uint64_t most = ZSTD_decompressBound(file.data(), file.size());
    if (exact == ZSTD_CONTENTSIZE_ERROR || most == ZSTD_CONTENTSIZE_ERROR)
        return damaged(ZSTD_error_corruption_detected, file);
    return ContentSize{.bytes = most, .exact = false};
}

Result<uint64_t> decompress(Bytes file, std::span<std::byte> into, std::span<std::byte> workspace) {
    ZSTD_DCtx* const context = ZSTD_initStaticDCtx(workspace.data(), workspace.size());
    const std::size_t result =
        ZSTD_decompressDCtx(context, into.data(), into.size(), file.data(), file.size());
    if (ZSTD_isError(result) != 0)
        return damaged(ZSTD_getErrorCode(result), file);
    return result;
}

} // namespace baton::zstd
