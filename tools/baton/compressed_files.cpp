// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/compressed_files.hpp"

#include "compression/compression.hpp"
#include "elf/image.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fat_name.hpp"
#include "tools/baton/heap_arena.hpp"
#include "tools/baton/process.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <array>
#include <iostream>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

struct Format {
    Compression compression;
    std::string_view name;
    std::string_view suffix;
    Words command;           // without the files, which are to follow
    uint64_t mib_per_second; // of content that the loader's decoder gives: docs/performance.md
};

/// In the order in which one is taken if both are as fast.
const std::array<Format, 2>& formats() {
    static const std::array<Format, 2> all = {
        Format{Compression::zstd, "zstd", ".zst", {"zstd", "-q", "-f", "-19", "-T0"}, 400},
        Format{Compression::lz4, "lz4", ".lz4", {"lz4", "-q", "-f", "-9", "--content-size"}, 800}};
    return all;
}

/// What the loader would read of a kernel: its segments, not its debug information.
uint64_t segment_bytes(const fs::path& file) {
    const MappedFile mapped(file);
    const auto content = mapped.bytes();
    const auto image = elf::Image::parse(content);
    if (!image)
        return content.size();
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < image->program_header_count(); ++i)
        if (const auto segment = image->program_header(i); segment.p_type == elf::PT_LOAD)
            bytes += std::min<uint64_t>(segment.p_filesz, content.size());
    return bytes;
}

uint64_t microseconds(uint64_t bytes, uint64_t mib_per_second) {
    return bytes * 1'000'000 / (mib_per_second << 20);
}

/// A file, or a compressed copy of it.
struct Candidate {
    fs::path file;
    std::string_view format, suffix;
    uint64_t microseconds; // until its content is in memory
};

class Compressor {
  public:
    Compressor(const CompressionOptions& options, const ScratchDirectory& scratch)
        : options_(options),
          scratch_(scratch) {}

    /// Of `file` as it is, which is called `name`, the loader would read `bytes`.
    Candidate compressed(const fs::path& file, const std::string& name, uint64_t bytes) {
        const fs::path folder = scratch_ / ("compressed-" + std::to_string(++count_));
        fs::create_directory(folder);
        Candidate best{file, "not compressed", "", read_time(bytes)};
        const bool chooses = options_.compression == "auto";
        for (const Format& format : formats()) {
            if (!chooses && options_.compression != format.name)
                continue;
            if (const auto decoder = Decompressor::available(format.compression); !decoder) {
                if (chooses)
                    continue;
                throw Failure("Baton was built without " + std::string(format.name) +
                              ": its loader can't decompress that");
            }
            const fs::path copy = folder / ("file" + std::string(format.suffix));
            Words words = format.command;
            words.push_back(fs::absolute(file).string()); // begins with no dash
            if (format.name == "zstd")
                words.emplace_back("-o");
            words.push_back(copy.string());
            run_program(words);
            const uint64_t time = read_time(fs::file_size(copy)) +
                                  microseconds(fs::file_size(file), format.mib_per_second);
            if (!chooses || time < best.microseconds)
                best = {copy, format.name, format.suffix, time};
        }
        Text text;
        text.add(printable(name)).add(": ").add(best.format).add(", ");
        text.size(fs::file_size(file));
        if (best.file != file)
            text.add(" to ").size(fs::file_size(best.file));
        std::cerr << "baton: " << string_of(text) << '\n';
        return best;
    }

  private:
    uint64_t read_time(uint64_t bytes) const {
        return microseconds(bytes, options_.disk_mib_per_second);
    }

    const CompressionOptions& options_;
    const ScratchDirectory& scratch_;
    int count_ = 0;
};

} // namespace

void compress(BootFiles& files, const CompressionOptions& options,
              const ScratchDirectory& scratch) {
    Compressor compressor(options, scratch);
    files.kernel =
        compressor
            .compressed(files.kernel, files.kernel.filename().string(), segment_bytes(files.kernel))
            .file;
    for (Module& module : files.modules) {
        const Candidate best =
            compressor.compressed(module.file, module.name, fs::file_size(module.file));
        module.file = best.file;
        module.name += best.suffix;
    }
}

fs::path decompressed(const fs::path& file, const ScratchDirectory& scratch) {
    const MappedFile mapped(file);
    const auto content = mapped.bytes();
    const Compression compression = compression_of(content);
    if (compression == Compression::none)
        return file;
    HeapArena arena;
    const auto decompressor = Decompressor::create(compression, arena);
    if (!decompressor)
        throw Failure(string_of(Text().error(decompressor.error().about(file.string()))));
    const auto size = decompressor->content_size(content);
    std::vector<std::byte> plain(size ? size->bytes : 0);
    const auto bytes = size ? decompressor->decompress(content, plain)
                            : Result<uint64_t>(std::unexpected(size.error()));
    if (!bytes)
        throw Failure(string_of(Text().error(bytes.error().about(file.string()))));
    // GDB shows its name.
    const fs::path folder = scratch.path() / "decompressed";
    fs::create_directory(folder);
    const fs::path result =
        folder / std::string(without_compression_suffix(file.filename().string()));
    write_file(result, {reinterpret_cast<const char*>(plain.data()), *bytes});
    return result;
}

} // namespace baton::tool
