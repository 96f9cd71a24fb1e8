// SPDX-License-Identifier: BSD-2-Clause
#include "handoff/decompressed_file.hpp"

#include <algorithm>
#include <cstring>

namespace baton {

Result<DecompressedFile> DecompressedFile::open(FileSource& file, FrameSource& frames) {
    const auto bytes = file.size();
    if (!bytes)
        return std::unexpected(bytes.error());
    if (*bytes == 0)
        return fail(ErrorCode::file_empty);
    const auto compressed = allocate_block(frames, *bytes, {.origin = "compressed file"});
    if (!compressed)
        return std::unexpected(compressed.error());
    if (auto read = file.read(0, compressed->bytes); !read)
        return std::unexpected(read.error());
    const Compression compression = compression_of(compressed->bytes);
    if (compression == Compression::none)
        return fail(ErrorCode::compression_unknown, {*bytes});
    if (const auto decoder = Decompressor::available(compression); !decoder)
        return std::unexpected(decoder.error());
    const auto workspace = allocate_block(frames, Decompressor::workspace_bytes(compression),
                                          {.origin = "decompressor"});
    if (!workspace)
        return std::unexpected(workspace.error());

    DecompressedFile result(frames, compressed->bytes, {compression, workspace->bytes});
    const auto size = result.decompressor_.content_size(compressed->bytes);
    if (!size)
        return std::unexpected(size.error());
    result.size_ = size->bytes;
    if (!size->exact)
        if (auto known = result.decompress(); !known)
            return std::unexpected(known.error());
    return result;
}

/// Into frames of its own. Then the size is known for sure.
Result<void> DecompressedFile::decompress() {
    const auto block = allocate_block(*frames_, size_, {.origin = "decompressed file"});
    if (!block)
        return std::unexpected(block.error());
    const auto bytes = decompressor_.decompress(compressed_, block->bytes);
    if (!bytes)
        return std::unexpected(bytes.error());
    size_ = *bytes;
    content_ = block->bytes.first(size_);
    is_decompressed_ = true;
    return {};
}

Result<void> DecompressedFile::read(uint64_t offset, std::span<std::byte> into) {
    if (!is_decompressed_ && offset == 0 && into.size() == size_) {
        const auto bytes = decompressor_.decompress(compressed_, into);
        return bytes ? Result<void>{} : std::unexpected(bytes.error());
    }
    if (!is_decompressed_)
        if (auto done = decompress(); !done)
            return done;
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return {};
}

} // namespace baton
