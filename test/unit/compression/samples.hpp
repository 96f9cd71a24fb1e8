// SPDX-License-Identifier: BSD-2-Clause
//
// What make_samples.py has made.
#pragma once

#include "support/files.hpp"

#include <gtest/gtest.h>
#include <string>

namespace baton::test {

inline Buffer sample(const std::string& name) {
    return read_file(BATON_COMPRESSED_SAMPLES "/" + name);
}

/// How the instance of a test for the sample is called.
inline std::string test_name_of(const testing::TestParamInfo<const char*>& sample_of) {
    std::string name = sample_of.param;
    name[name.find('.')] = '_';
    return name;
}

} // namespace baton::test
