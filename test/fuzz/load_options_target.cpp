// SPDX-License-Identifier: BSD-2-Clause
//
// Parses the load options that a firmware passes, and converts them between UTF-16 and UTF-8.
//
// The input is the options. Paths are normalised, and well-formed text comes back from UTF-16 as it
// was.
#include "config/load_options.hpp"
#include "config/unicode.hpp"
#include "fuzz/config.hpp"

namespace baton::fuzz {
namespace {

Result<std::optional<BootEntry>> parse(Bytes options, Arena& arena) {
    Remarks remarks(1);
    return parse_load_options(options, arena, remarks);
}

void check_options(Bytes options) {
    HeapArena arena;
    const auto entry = parse(options, arena);
    require_named(entry);
    if (!entry || !*entry)
        return;
    require_entry(**entry);
    const auto other = parse(options, arena);
    require(other && *other && same_entry(**entry, **other), "options are parsed in one way");
}

/// Whatever UTF-8 it is, what has become of it is well-formed, and stays so.
void check_unicode(Bytes bytes) {
    HeapArena arena;
    const auto wide = require_good(to_utf16(as_text(bytes), arena), "there is memory");
    require(wide.size() <= bytes.size() && wide.data()[wide.size()] == 0, "UTF-16 ends in NUL");
    const Bytes wide_bytes = std::as_bytes(std::span(wide));

    const auto text = require_good(to_utf8(wide_bytes, arena), "there is memory");
    const auto again = require_good(to_utf16(text, arena), "there is memory");
    std::u16string_view expected = wide.substr(0, wide.find(u'\0')); // which ends a text
    if (expected.starts_with(u'\xfeff'))
        expected.remove_prefix(1);
    require(again == expected, "well-formed text comes back as it was");

    require_good(to_utf8(bytes, arena), "there is memory");
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton::fuzz;
    Input input(data, size);
    const Buffer options = input.rest();
    check_options(options);
    check_unicode(options);
    return 0;
}
