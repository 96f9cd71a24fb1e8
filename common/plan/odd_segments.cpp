// SPDX-License-Identifier: BSD-2-Clause
#include "plan/odd_segments.hpp"

namespace baton {

bool describe_odd_segment(const Segment& segment, TextWriter& text) {
    const bool none = (segment.flags & (elf::PF_R | elf::PF_W | elf::PF_X)) == 0;
    const bool writable = (segment.flags & elf::PF_W) != 0;
    const uint64_t zeroed = segment.memory.bytes - segment.file_bytes;
    if (!none && (writable || zeroed == 0))
        return false;
    text.put("segment %d", segment.program_header);
    if (none)
        text.add(" has no permissions (p_flags 0), and is mapped read-only");
    if (zeroed != 0)
        text.put("%s%z of zeroed memory (.bss) in it that can't be written, for want of PF_W",
                 none ? ", with " : " has ", zeroed);
    text.add(
        ": in the linker script's PHDRS, data has FLAGS(6), code FLAGS(5), constants FLAGS(4)");
    return true;
}

} // namespace baton
