// SPDX-License-Identifier: BSD-2-Clause
//
// What the fuzz targets of the configuration's parsers share.
#pragma once

#include "config/boot_entry.hpp"
#include "config/path.hpp"
#include "core/error.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "tools/baton/heap_arena.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace baton::fuzz {

/// Takes remarks about a text of so many lines.
class Remarks final : public RemarkSink {
  public:
    explicit Remarks(uint64_t lines) : lines_(lines) {}
    void remark(const Remark& remark) override {
        require(remark.position.line >= 1 && remark.position.line <= lines_ &&
                    remark.position.column >= 1,
                "a remark says where");
        ++count_;
    }
    uint64_t count() const { return count_; }

  private:
    uint64_t lines_;
    uint64_t count_ = 0;
};

inline uint64_t lines_of(std::string_view text) {
    return 1 + static_cast<uint64_t>(std::ranges::count(text, '\n'));
}

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// As path.hpp says: from the root, one '\' before each component, none of them "." or "..".
inline void require_path(std::string_view path) {
    require(path.starts_with('\\') && path.size() <= kMaxPathBytes + 1, "a path is from the root");
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('\\'), path.size());
        const std::string_view component = path.substr(0, end);
        require(!component.empty() && component != "." && component != "..",
                "a path's components are names");
        for (const char character : component)
            require(character != '/' && static_cast<unsigned char>(character) >= ' ' &&
                        character != 0x7f,
                    "a path has no characters that the firmware doesn't take");
        path.remove_prefix(end);
    }
}

inline void require_entry(const BootEntry& entry) {
    require_path(entry.kernel);
    for (const BootModule& module : entry.modules)
        require_path(module.path);
}

inline bool same_entry(const BootEntry& a, const BootEntry& b) {
    const auto fields = [](const BootEntry& entry) {
        return std::tie(entry.file_name, entry.id, entry.title, entry.version, entry.sort_key,
                        entry.machine_id, entry.kernel, entry.command_line, entry.kaslr,
                        entry.write_execute, entry.tries);
    };
    return fields(a) == fields(b) &&
           std::ranges::equal(a.modules, b.modules, [](const BootModule& c, const BootModule& d) {
               return c.path == d.path && c.string == d.string;
           });
}

} // namespace baton::fuzz
