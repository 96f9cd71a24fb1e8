// SPDX-License-Identifier: BSD-2-Clause
//
// Reads a bundle, as a file and as an image in memory.
//
// The input is a byte that says which of them it is, and the image. What is found lies in the
// image, no two sections overlap, and each file of the index is found by its path.
#include "bundle/bundle.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"

#include <vector>

namespace baton::fuzz {
namespace {

bool lies_in(Bytes part, Bytes whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void check_sections(const Bundle& bundle, Bytes image) {
    std::vector<BundleSection> found;
    for (std::size_t i = 0; i < bundle.section_count(); ++i) {
        const BundleSection section = bundle.section(i);
        if (section.name.empty())
            continue;
        require(lies_in(section.bytes, image), "a section lies in the image");
        for (const BundleSection& other : found) {
            require(section.name != other.name, "a name occurs once");
            require(section.bytes.empty() || other.bytes.empty() ||
                        section.bytes.data() >= other.bytes.data() + other.bytes.size() ||
                        other.bytes.data() >= section.bytes.data() + section.bytes.size(),
                    "sections don't overlap");
        }
        found.push_back(section);
        require(bundle.section(section.name).bytes.data() == section.bytes.data(),
                "a section is found by its name");
    }
}

void check_files(const Bundle& bundle) {
    auto rest = bundle.index();
    while (const auto file = bundle.next_file(rest)) {
        const auto found = bundle.file(file->path);
        require(found && found->section == file->section &&
                    found->bytes.data() == file->bytes.data(),
                "a file is found by its path");
        require(bundle.section(file->section).bytes.data() == file->bytes.data(),
                "a file is what its section has");
    }
    require(rest.empty(), "the index is read to its end");
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    using namespace baton::fuzz;
    Input input(data, size);
    const auto form = input.take<uint8_t>() % 2 == 0 ? Bundle::Form::file : Bundle::Form::loaded;
    const Buffer image = input.rest();
    const auto bundle = Bundle::read(image, form);
    require_named(bundle);
    if (bundle) {
        check_sections(*bundle, image);
        check_files(*bundle);
    }
    return 0;
}
