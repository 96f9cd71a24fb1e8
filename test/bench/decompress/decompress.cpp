// SPDX-License-Identifier: BSD-2-Clause
//
//     bench-decompress FILE
//
// Prints how many MiB of content a second the loader's decoder, as it was built for the loader,
// gives on this machine: the best of several times.
#include "compression/compression.hpp"
#include "tools/baton/heap_arena.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

namespace {

int fail(const char* why) {
    std::cerr << "bench-decompress: " << why << '\n';
    return 1;
}

} // namespace

int main(int count, char** words) {
    using namespace baton;
    std::ifstream stream(count == 2 ? words[1] : "", std::ios::binary);
    const std::vector<char> file(std::istreambuf_iterator<char>(stream), {});
    const Bytes bytes = std::as_bytes(std::span(file));
    const Compression compression = compression_of(bytes);
    if (compression == Compression::none)
        return fail("needs a compressed file");
    HeapArena arena;
    const auto decompressor = Decompressor::create(compression, arena);
    if (!decompressor)
        return fail("was built without its decoder");
    const auto size = decompressor->content_size(bytes);
    std::vector<std::byte> content(size ? size->bytes : 0);
    constexpr int kTimes = 7;
    double best = 0;
    for (int i = 0; i < kTimes; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const auto done = decompressor->decompress(bytes, content);
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        if (!done)
            return fail("the file is damaged");
        best = std::max(best, static_cast<double>(*done) / (1 << 20) / time.count());
    }
    std::cout << best << '\n';
}
