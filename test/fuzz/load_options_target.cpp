// SPDX-License-Identifier: BSD-2-Clause
//
// Parses the load options that a firmware passes, and converts them between UTF-16 and UTF-8.
//
// The input is the options. Paths are normalised, arenas of the promised sizes are enough, and
// well-formed text comes back from UTF-16 as it was.
#include "config/load_options.hpp"
#include "config/unicode.hpp"
#include "fuzz/config.hpp"

namespace baton::fuzz {
namespace {

Result<std::optional<BootEntry>> parse(Bytes options, ArenaOf& arena) {
    Remarks remarks(1);
    return parse_load_options(options, *arena, remarks);
}

void check_options(Bytes options) {
    const uint64_t bytes = load_options_arena_bytes(options.size());
    ArenaOf arena(bytes), arena_of_the_other(bytes);
    const auto entry = parse(options, arena);
    require_named(entry);
    if (!entry) {
        require(entry.error().code != ErrorCode::out_of_memory,
                "load_options_arena_bytes() are enough");
        return;
    }
    if (!*entry)
        return;
    require_entry(**entry);
    const auto other = parse(options, arena_of_the_other);
    require(other && *other && same_entry(**entry, **other), "options are parsed in one way");
}

/// Whatever UTF-8 it is, what has become of it is well-formed, and stays so.
void check_unicode(Bytes bytes) {
    ArenaOf first(utf16_arena_bytes(bytes.size()));
    const auto wide =
        require_good(to_utf16(as_text(bytes), *first), "utf16_arena_bytes() are enough");
    require(wide.size() <= bytes.size() && wide.data()[wide.size()] == 0, "UTF-16 ends in NUL");
    const Bytes wide_bytes = std::as_bytes(std::span(wide));

    ArenaOf second(utf8_arena_bytes(wide_bytes.size()));
    const auto text = require_good(to_utf8(wide_bytes, *second), "utf8_arena_bytes() are enough");
    ArenaOf third(utf16_arena_bytes(text.size()));
    const auto again = require_good(to_utf16(text, *third), "utf16_arena_bytes() are enough");
    std::u16string_view expected = wide.substr(0, wide.find(u'\0')); // which ends a text
    if (expected.starts_with(u'\xfeff'))
        expected.remove_prefix(1);
    require(again == expected, "well-formed text comes back as it was");

    ArenaOf fourth(utf8_arena_bytes(bytes.size()));
    require_good(to_utf8(bytes, *fourth), "utf8_arena_bytes() are enough");
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
