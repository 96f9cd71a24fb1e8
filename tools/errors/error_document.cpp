// SPDX-License-Identifier: BSD-2-Clause
//
// Writes docs/errors.md, from the table of the loader's errors.
#include "core/error.hpp"
#include "tools/errors/wrap.hpp"

#include <iostream>
#include <string_view>

namespace {

struct Entry {
    std::string_view group; // not empty: not an error, but the title of those that follow
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

For people who have seen an error of the loader: what each one means, what causes it, and how to fix
it. `tools/errors/` makes this page from `common/core/errors.def`: change that file, not this page.

Baton shows an error in one line, on the screen, the serial port and QEMU's debug console:

```
error: NAME: [what it is about: ]what is wrong, and what to do (label 0x…, label 0x…)
```

Then it tries the next boot entry; when none is left, it returns to the firmware. Names never
change, so that tools can look for them. All numbers are hexadecimal, and come from the file: a
program header has the number that `readelf -lW` gives it, counted from 0, and addresses are as
linked, without the slide of a position-independent kernel.

If a kernel was written for another boot protocol, its error says so at the end, after a semicolon:
the protocols whose headers or notes the file has and which Baton doesn't support. That is then the
most likely cause, not the linker script.

A `status` comes from the firmware (UEFI 2.10, appendix D), with the topmost bit set: `…1` load
error, `…2` invalid parameter, `…3` unsupported, `…7` device error, `…9` out of resources, `…a`
volume corrupted, `…c` no medium, `…d` medium changed, `…e` not found, `…f` access denied, `…12h`
time-out, `…15h` aborted.
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
    using baton::wrapped;
    std::cout << "\n### " << entry.name << "\n\n" << wrapped(entry.sentence, "> ", "> ");
    if (!entry.labels.empty())
        std::cout << '\n' << wrapped(entry.labels, "**Numbers:** ");
    const bool begins_with_code = entry.fix.starts_with("```");
    std::cout << '\n'
              << wrapped(entry.cause, "**Cause:** ") << '\n'
              << wrapped(entry.fix, begins_with_code ? "**Fix:**\n\n" : "**Fix:** ");
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
