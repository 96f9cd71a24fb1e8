// SPDX-License-Identifier: BSD-2-Clause
//
// Writes docs/settings.md, from the tables of settings and of requests.
#include "config/settings.hpp"
#include "core/requests.def"

#include <iostream>
#include <string>

namespace {

constexpr std::string_view kSettings = R"(# Settings and requests

Made from `common/core/settings.def` and `common/core/requests.def` by `tools/errors/`: change those, not this.

## Settings of a boot entry

`NAME VALUE` in an entry file, `NAME=VALUE` in load options, and in the command line that Baton is started with by PVH, Multiboot2 or
the Linux boot protocol, before a word `--`. Each may be given once.

| setting | values | meaning |
| --- | --- | --- |
)";

constexpr std::string_view kRequests = R"(
## Requests of a kernel

Notes of the owner `Baton`, written with `BATON_REQUEST()`; [what they do](boot-protocol.md#requests). A request that can't be met is a line in the log,
or, if it is required, the error [request_not_met](errors.md#request_not_met).

| type | request | values | a required one is refused |
| --- | --- | --- | --- |
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

/// In a cell, "|" would end it.
std::string values_of(std::string_view values) {
    std::string text = "`";
    for (const char character : values)
        text += character == '|' ? std::string("`, `") : std::string(1, character);
    return text + "`";
}

} // namespace

int main() {
    std::cout << kSettings;
    for (const baton::SettingText& setting : baton::kSettingTexts)
        std::cout << "| `" << setting.name << "` | " << values_of(setting.values) << " | "
                  << setting.meaning << " |\n";
    std::cout << kRequests;
    for (const Request& request : kRequestTexts)
        std::cout << "| " << request.type << " | `" << request.name << "` | " << request.values
                  << " | " << request.refused << " |\n";
    return std::cout.good() ? 0 : 1;
}
