// SPDX-License-Identifier: BSD-2-Clause
//
// Files that the build has made.
#pragma once

#include "support/bytes.hpp"

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>

namespace baton::test {

/// Empty where there is no such file.
inline Buffer read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    Buffer bytes;
    for (std::istreambuf_iterator<char> byte(stream), end; byte != end; ++byte)
        bytes.push_back(static_cast<std::byte>(*byte));
    return bytes;
}

} // namespace baton::test
