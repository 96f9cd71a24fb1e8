// SPDX-License-Identifier: BSD-2-Clause
#include "support/own_notes.hpp"

#include <link.h> // whose macros forbid to use elf/format.hpp too

namespace baton::test {

std::vector<OwnNotes> own_notes() {
    std::vector<OwnNotes> segments;
    const auto collect = [](dl_phdr_info* program, std::size_t, void* out) {
        for (const auto& header : std::span(program->dlpi_phdr, program->dlpi_phnum)) {
            if (header.p_type != PT_NOTE)
                continue;
            const auto* const first =
                reinterpret_cast<const std::byte*>(program->dlpi_addr + header.p_vaddr);
            static_cast<std::vector<OwnNotes>*>(out)->push_back(
                {{first, header.p_filesz}, header.p_align});
        }
        return 1; // the first one is the program itself
    };
    dl_iterate_phdr(collect, &segments);
    return segments;
}

} // namespace baton::test
