// SPDX-License-Identifier: BSD-2-Clause
//
// Decompresses a file.
//
// The input is the file, of either format. What comes out fits into what was said of its size, is
// the same in a larger room and doesn't fit into a smaller one.
#include "compression/compression.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "tools/baton/heap_arena.hpp"

#include <algorithm>

namespace baton::fuzz {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 10; // more of content isn't looked at

void check(const Decompressor& decompressor, Bytes file) {
    const auto size = decompressor.content_size(file);
    require_named(size);
    Buffer room(size ? std::min<uint64_t>(size->bytes, kMostBytes) : kMostBytes);
    const auto bytes = decompressor.decompress(file, room);
    require_named(bytes);
    if (!bytes)
        return;
    require(size.has_value(), "a file whose headers are wrong gives no content");
    require(*bytes <= size->bytes, "there is no more content than was said");
    require(!size->exact || *bytes == size->bytes, "an exact size is the content's");

    Buffer larger(room.size() + 1, std::byte{0x5a});
    const auto again = decompressor.decompress(file, larger);
    require(again && *again == *bytes &&
                std::equal(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*bytes),
                           larger.begin()),
            "the content doesn't depend on the room");
    if (*bytes != 0)
        require(!decompressor.decompress(file, std::span(larger).first(*bytes - 1)),
                "content doesn't fit into less than it has");
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    using namespace baton::fuzz;
    Input input(data, size);
    const Buffer file = input.rest();
    const Compression compression = compression_of(file);
    if (compression == Compression::none)
        return -1; // not worth keeping
    HeapArena arena;
    check(require_good(Decompressor::create(compression, arena), "there is memory"), file);
    return 0;
}
