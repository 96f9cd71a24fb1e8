// SPDX-License-Identifier: BSD-2-Clause
//
// What make_samples.py has made.
#pragma once

#include "compression/compression.hpp"
#include "support/files.hpp"

#include <gtest/gtest.h>
#include <string>

namespace baton::test {

inline Buffer sample(const std::string& name) {
    return read_file(BATON_COMPRESSED_SAMPLES "/" + name);
}

/// Of a test for each sample. Those whose decoder this build lacks are skipped: instantiate each
/// decoder's on their own.
class SampleTest : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        if (const auto compression = compression_of(file_); !Decompressor::available(compression))
            GTEST_SKIP() << "built without " << name_of(compression);
    }

    const Buffer plain_ = sample("plain");
    const Buffer file_ = sample(GetParam());
};

/// How the instance of a test for the sample is called.
inline std::string test_name_of(const testing::TestParamInfo<const char*>& sample_of) {
    std::string name = sample_of.param;
    name[name.find('.')] = '_';
    return name;
}

} // namespace baton::test
