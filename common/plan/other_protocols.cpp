// SPDX-License-Identifier: BSD-2-Clause
#include "plan/other_protocols.hpp"

#include <algorithm>

namespace baton {
namespace {

/// Words of which the first is a magic number, and whose sum is 0: so the header is no accident.
bool has_header(Bytes head, uint64_t searched, uint64_t alignment, uint32_t magic, unsigned words) {
    const uint64_t end = std::min<uint64_t>(searched, head.size());
    for (uint64_t at = 0; fits(at, words * sizeof(uint32_t), end); at += alignment) {
        // One byte first: nearly all places end there, and each boot pays for them.
        if (head[at] != static_cast<std::byte>(magic) || read_at<uint32_t>(head, at) != magic)
            continue;
        uint32_t sum = 0;
        for (unsigned i = 0; i < words; ++i)
            sum += read_at<uint32_t>(head, at + i * sizeof(uint32_t));
        if (sum == 0)
            return true;
    }
    return false;
}

/// Multiboot Specification 0.6.96, section 3.1.1: magic, flags, checksum.
bool is_multiboot1(Bytes head) {
    return has_header(head, 8192, 4, 0x1bad'b002, 3);
}

/// Multiboot2 Specification 2.0, section 3.1.1: magic, architecture, length, checksum.
bool is_multiboot2(Bytes head) {
    return has_header(head, 32768, 8, 0xe852'50d6, 4);
}

/// The Linux/x86 Boot Protocol: boot_flag and header. A vmlinux is an ELF file, and has notes.
bool is_linux(Bytes head) {
    constexpr uint64_t kBootFlag = 0x1fe;
    constexpr uint64_t kHeader = 0x202;
    return fits(kHeader, sizeof(uint32_t), head.size()) &&
           read_at<uint16_t>(head, kBootFlag) == 0xaa55 &&
           read_at<uint32_t>(head, kHeader) == 0x5372'6448; // "HdrS"
}

} // namespace

OtherProtocols find_other_protocols(Bytes head) {
    struct Recogniser {
        OtherProtocol protocol;
        bool (*recognises)(Bytes head);
    };
    constexpr Recogniser kRecognisers[] = {{OtherProtocol::linux_boot, is_linux},
                                           {OtherProtocol::multiboot1, is_multiboot1},
                                           {OtherProtocol::multiboot2, is_multiboot2}};
    OtherProtocols found;
    for (const Recogniser& known : kRecognisers)
        if (known.recognises(head))
            found.add(known.protocol);
    return found;
}

} // namespace baton
