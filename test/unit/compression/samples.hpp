// SPDX-License-Identifier: BSD-2-Clause
//
// What make_samples.py has made.
#pragma once

#include "support/bytes.hpp"

#include <fstream>
#include <iterator>
#include <string>

namespace baton::test {

inline Buffer sample(const std::string& name) {
    std::ifstream stream(BATON_COMPRESSED_SAMPLES "/" + name, std::ios::binary);
    Buffer bytes;
    for (std::istreambuf_iterator<char> byte(stream), end; byte != end; ++byte)
        bytes.push_back(static_cast<std::byte>(*byte));
    return bytes;
}

} // namespace baton::test
