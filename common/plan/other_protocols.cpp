// SPDX-License-Identifier: BSD-2-Clause
#include "plan/other_protocols.hpp"

#include "core/address.hpp"

#include <algorithm>

namespace baton {
namespace {

/// A part of a file, read by offsets in the file.
struct Part {
    Bytes bytes;
    uint64_t offset;

    uint64_t end() const { return offset + bytes.size(); }
    template<typename T>
    T at(uint64_t position) const {
        return read_at<T>(bytes, position - offset);
    }
    bool has(uint64_t position, uint64_t count) const {
        return position >= offset && fits(position - offset, count, bytes.size());
    }
};

/// Words of which the first is a magic number, and whose sum is 0: so the header is no accident.
bool has_header(const Part& part, uint64_t searched, uint64_t alignment, uint32_t magic,
                unsigned words) {
    const uint64_t end = std::min(searched, part.end());
    const uint64_t begin = align_up(part.offset, alignment);
    for (uint64_t at = begin; fits(at, words * sizeof(uint32_t), end); at += alignment) {
        // One byte first: nearly all places end there, and each boot pays for them.
        if (part.bytes[at - part.offset] != static_cast<std::byte>(magic) ||
            part.at<uint32_t>(at) != magic)
            continue;
        uint32_t sum = 0;
        for (unsigned i = 0; i < words; ++i)
            sum += part.at<uint32_t>(at + i * sizeof(uint32_t));
        if (sum == 0)
            return true;
    }
    return false;
}

/// Multiboot Specification 0.6.96, section 3.1.1: magic, flags, checksum.
bool is_multiboot1(const Part& part) {
    return has_header(part, 8192, 4, 0x1bad'b002, 3);
}

/// Multiboot2 Specification 2.0, section 3.1.1: magic, architecture, length, checksum.
bool is_multiboot2(const Part& part) {
    return has_header(part, kOtherProtocolBytes, 8, 0xe852'50d6, 4);
}

/// The Linux/x86 Boot Protocol: boot_flag and header. A vmlinux is an ELF file, and has notes.
bool is_linux(const Part& part) {
    constexpr uint64_t kBootFlag = 0x1fe;
    constexpr uint64_t kHeader = 0x202;
    return part.has(kBootFlag, kHeader + sizeof(uint32_t) - kBootFlag) &&
           part.at<uint16_t>(kBootFlag) == 0xaa55 &&
           part.at<uint32_t>(kHeader) == 0x5372'6448; // "HdrS"
}

} // namespace

OtherProtocols find_other_protocols(Bytes bytes, uint64_t offset) {
    struct Recogniser {
        OtherProtocol protocol;
        bool (*recognises)(const Part& part);
    };
    constexpr Recogniser kRecognisers[] = {{OtherProtocol::linux_boot, is_linux},
                                           {OtherProtocol::multiboot1, is_multiboot1},
                                           {OtherProtocol::multiboot2, is_multiboot2}};
    OtherProtocols found;
    for (const Recogniser& known : kRecognisers)
        if (known.recognises({bytes, offset}))
            found.add(known.protocol);
    return found;
}

} // namespace baton
