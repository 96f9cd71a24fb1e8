// SPDX-License-Identifier: BSD-2-Clause
#include "loading/decompressed_file.hpp"

#include <algorithm>
#include <cstring>

namespace baton {

Result<DecompressedFile> DecompressedFile::open(FileSource& file, FrameSource& frames) {
    const uint64_t bytes = TRY(file.size());
    if (bytes == 0)
        return fail(ErrorCode::file_empty);
    const Block compressed =
        TRY(allocate_block(frames, bytes, {.use = MemoryUse::compressed_file}));
    TRY(file.read(0, compressed.bytes));
    const Compression compression = compression_of(compressed.bytes);
    if (compression == Compression::none)
        return fail(ErrorCode::compression_unknown, {bytes});
    FrameArena arena(frames, MemoryUse::decompressor);
    DecompressedFile result(frames, compressed.bytes,
                            TRY(Decompressor::create(compression, arena)));
    const auto size = TRY(result.decompressor_.content_size(compressed.bytes));
    result.size_ = size.bytes;
    if (!size.exact)
        TRY(result.decompress());
    return result;
}

/// Into frames of its own. Then the size is known for sure.
Result<void> DecompressedFile::decompress() {
    const Block block = TRY(allocate_block(*frames_, size_, {.use = MemoryUse::decompressed_file}));
    size_ = TRY(decompressor_.decompress(compressed_, block.bytes));
    content_ = block.bytes.first(size_);
    is_decompressed_ = true;
    return {};
}

Result<void> DecompressedFile::read(uint64_t offset, std::span<std::byte> into) {
    if (!is_decompressed_ && offset == 0 && into.size() == size_) {
        static_cast<void>(TRY(decompressor_.decompress(compressed_, into)));
        return {};
    }
    if (!is_decompressed_)
        TRY(decompress());
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
}

} // namespace baton
