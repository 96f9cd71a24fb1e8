// SPDX-License-Identifier: BSD-2-Clause
//
// Writes docs/errors.md, from the table that the loader's errors are made of.
#include "core/error.hpp"

#include <iostream>
#include <string_view>

namespace {

struct Entry {
    std::string_view group; // not empty: no error, but the title of those that follow
    std::string_view name, labels, sentence, cause, fix;
};

constexpr Entry kEntries[] = {
#define BATON_ERROR_GROUP(title) {title, {}, {}, {}, {}, {}},
#define BATON_ERROR(name, labels, sentence, cause, fix) {{}, #name, labels, sentence, cause, fix},
#include "core/errors.def"
#undef BATON_ERROR
#undef BATON_ERROR_GROUP
};

constexpr bool each_has_a_cause_and_a_fix() {
    for (const Entry& entry : kEntries)
        if (entry.group.empty() && (entry.cause.empty() || entry.fix.empty()))
            return false;
    return true;
}
static_assert(each_has_a_cause_and_a_fix());

constexpr std::string_view kBegin = R"(# Errors

Made from `common/core/errors.def` by `tools/errors/`: change that, not this.

What can't be booted is told in one line, on the screen, the serial port and QEMU's debug console:

```
error: NAME: [what it is about: ]what is wrong, and what to do (label 0x…, label 0x…)
```

Then the next boot entry is tried; when none is left, the firmware gets the machine back. Names never change, so that
tools can look for them. All numbers are hexadecimal. They are those of the file: a program header's number is that of
`readelf -lW`, counted from 0, and addresses are as linked, without the slide of a position-independent kernel.

An error of a kernel that was written for another boot protocol says so at its end, behind a semicolon: the protocols whose
headers or notes the file has, and that Baton doesn't have yet. Then the cause is most likely that, and not what its linker script says.

A `status` is the firmware's (UEFI 2.10, appendix D), with the topmost bit set: `…1` load error, `…2` invalid
parameter, `…3` unsupported, `…7` device error, `…9` out of resources, `…a` volume corrupted, `…c` no medium,
`…d` medium changed, `…e` not found, `…f` access denied, `…12h` time-out, `…15h` aborted.
)";

/// Every error by name, with a link.
void print_index() {
    std::string_view separator;
    for (const Entry& entry : kEntries) {
        if (entry.group.empty())
            std::cout << separator << "[" << entry.name << "](#" << entry.name << ")";
        else
            std::cout << "\n- " << entry.group << ": ";
        separator = entry.group.empty() ? ",\n  " : "";
    }
    std::cout << '\n';
}

void print_error(const Entry& entry) {
    std::cout << "\n### " << entry.name << "\n\n> " << entry.sentence << '\n';
    if (!entry.labels.empty())
        std::cout << "\n**Numbers:** " << entry.labels << '\n';
    const bool begins_with_code = entry.fix.starts_with("```");
    std::cout << "\n**Cause:** " << entry.cause << "\n\n**Fix:**"
              << (begins_with_code ? "\n\n" : " ") << entry.fix << '\n';
}

} // namespace

int main() {
    std::cout << kBegin;
    print_index();
    for (const Entry& entry : kEntries)
        if (entry.group.empty())
            print_error(entry);
        else
            std::cout << "\n## " << entry.group << '\n';
    return std::cout.good() ? 0 : 1;
}
