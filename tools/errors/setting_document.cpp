// SPDX-License-Identifier: BSD-2-Clause
//
// Writes docs/settings.md, from the tables of settings and of requests.
#include "config/settings.hpp"
#include "core/requests.def"
#include "tools/errors/wrap.hpp"

#include <iostream>
#include <string>

namespace {

constexpr std::string_view kSettings = R"(# Settings and requests

For people who write boot entries, and for those who write kernels: what can be set, and what can be
requested. `tools/errors/` makes this page from `common/core/settings.def` and
`common/core/requests.def`: change those files, not this page.

## Settings of a boot entry

Write `NAME VALUE` in an entry file, and `NAME=VALUE` in load options. Baton started by PVH,
Multiboot2 or the Linux boot protocol takes `NAME=VALUE` from its command line, before a word `--`.
Each setting may be given once.

)";

constexpr std::string_view kRequests = R"(
## Requests of a kernel

A kernel states requests in ELF notes with the owner `Baton`, written with `BATON_REQUEST()`;
[boot-protocol.md](boot-protocol.md#requests) says what they do. A refused request is a line in the
log, or, if it is required, the error [request_not_met](errors.md#request_not_met).

)";

struct Request {
    int type;
    std::string_view name, values, refused;
};
constexpr Request kRequestTexts[] = {
#define BATON_REQUEST_TEXT(type, name, values, refused) {type, #name, values, refused},
    BATON_REQUESTS(BATON_REQUEST_TEXT)
#undef BATON_REQUEST_TEXT
};

/// "`on`, `off`" of "on|off".
std::string values_of(std::string_view values) {
    std::string text = "`";
    for (const char character : values)
        text += character == '|' ? std::string("`, `") : std::string(1, character);
    return text + "`";
}

/// "Refused if it is 0" of "it is 0", "Never refused" of "never".
std::string refusal_of(std::string_view refused) {
    constexpr std::string_view kNever = "never";
    return refused.starts_with(kNever)
               ? "Never refused" + std::string(refused.substr(kNever.size()))
               : "Refused if " + std::string(refused);
}

} // namespace

int main() {
    std::cout << kSettings;
    for (const baton::SettingText& setting : baton::kSettingTexts)
        std::cout << baton::wrapped("`" + std::string(setting.name) + "` (" +
                                        values_of(setting.values) +
                                        "): " + std::string(setting.meaning) + ".",
                                    "- ");
    std::cout << kRequests;
    for (const Request& request : kRequestTexts)
        std::cout << baton::wrapped(
            "`" + std::string(request.name) + "` (type " + std::to_string(request.type) +
                "): " + std::string(request.values) + ". " + refusal_of(request.refused) + ".",
            "- ");
    return std::cout.good() ? 0 : 1;
}
