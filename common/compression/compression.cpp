// SPDX-License-Identifier: BSD-2-Clause
#include "compression/compression.hpp"

#include "compression/decoders.hpp"

namespace baton {

Compression compression_of(Bytes file) {
    // Frames that decoders skip may come first, as in what pzstd writes.
    constexpr std::size_t kHeaderBytes = 8;
    while (file.size() >= kHeaderBytes &&
           (read_at<uint32_t>(file, 0) & kSkippableMask) == kSkippable) {
        const uint64_t bytes = kHeaderBytes + uint64_t{read_at<uint32_t>(file, 4)};
        if (bytes >= file.size()) // its magic number lies after what there is of the file here
            return Compression::zstd;
        file = file.subspan(bytes);
    }
    const uint32_t magic = file.size() < sizeof magic ? 0 : read_at<uint32_t>(file, 0);
    if (magic == zstd::kMagic)
        return Compression::zstd;
    return magic == lz4::kMagic ? Compression::lz4 : Compression::none;
}

std::string_view name_of(Compression compression) {
    switch (compression) {
    case Compression::zstd:
        return "zstd";
    case Compression::lz4:
        return "LZ4";
    case Compression::none:
        break;
    }
    return "not compressed";
}

std::string_view without_compression_suffix(std::string_view path) {
    for (const std::string_view suffix : {".zst", ".lz4"})
        if (path.size() > suffix.size() && path.ends_with(suffix)) {
            path.remove_suffix(suffix.size());
            break;
        }
    return path;
}

Result<void> Decompressor::available(Compression compression) {
    return compression == Compression::zstd ? zstd::available() : lz4::available();
}

Result<Decompressor> Decompressor::create(Compression compression, Arena& arena) {
    TRY(available(compression));
    const uint64_t bytes = compression == Compression::zstd ? zstd::workspace_bytes() : 0;
    const auto words = TRY(arena.scratch<uint64_t>((bytes + 7) / 8));
    return Decompressor(compression, std::as_writable_bytes(words));
}

Result<ContentSize> Decompressor::content_size(Bytes file) const {
    return compression_ == Compression::zstd ? zstd::content_size(file) : lz4::content_size(file);
}

Result<uint64_t> Decompressor::decompress(Bytes file, std::span<std::byte> into) const {
    return compression_ == Compression::zstd ? zstd::decompress(file, into, workspace_)
                                             : lz4::decompress(file, into);
}

} // namespace baton
