// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/multiboot/header.hpp"

#include <algorithm>

namespace baton::multiboot {
namespace {

struct MagicFields {
    uint32_t magic, flags, checksum;
};
constexpr uint32_t kMagic = 0x1bad'b002;

constexpr uint32_t kVideo = 1 << 2;
constexpr uint32_t kRequired = 0xffff; // must be understood
constexpr uint32_t kKnown = 7;         // aligned modules and memory's size: always so
constexpr uint32_t kAddresses = 1 << 16;

struct AddressFields {
    Addresses addresses;
    uint32_t entry;
};
struct VideoFields {
    uint32_t mode_type, width, height, depth;
};
constexpr uint32_t kText = 1;
constexpr std::size_t kVideoOffset = sizeof(MagicFields) + sizeof(AddressFields);

/// `bytes` begin with the header, and end where it may end.
Result<Header> parse(Bytes bytes, uint64_t offset) {
    const auto flags = read_at<MagicFields>(bytes, 0).flags;
    if ((flags & kRequired & ~kKnown) != 0)
        return fail(ErrorCode::multiboot_flags_unknown, {offset, flags});
    const uint64_t needed = (flags & kVideo) != 0       ? kVideoOffset + sizeof(VideoFields)
                            : (flags & kAddresses) != 0 ? kVideoOffset
                                                        : sizeof(MagicFields);
    if (needed > bytes.size())
        return fail(ErrorCode::multiboot_header_malformed, {offset, 0, needed});
    Header header;
    header.image.header_offset = offset;
    if ((flags & kAddresses) != 0) {
        const auto fields = read_at<AddressFields>(bytes, sizeof(MagicFields));
        header.image.addresses = fields.addresses;
        header.image.entry = fields.entry;
    }
    if ((flags & kVideo) != 0) {
        const auto fields = read_at<VideoFields>(bytes, kVideoOffset);
        header.wants_video = true;
        header.prefers_text = fields.mode_type == kText;
        if (!header.prefers_text) {
            header.width = fields.width;
            header.height = fields.height;
        }
    }
    return header;
}

} // namespace

Result<std::optional<Header>> find_header(Bytes head) {
    head = head.first(std::min<uint64_t>(head.size(), kHeaderWithin));
    for (uint64_t at = 0; fits(at, sizeof(MagicFields), head.size()); at += sizeof(uint32_t)) {
        const auto fields = read_at<MagicFields>(head, at);
        if (fields.magic == kMagic && fields.magic + fields.flags + fields.checksum == 0)
            return TRY(parse(head.subspan(at), at));
    }
    return std::nullopt;
}

} // namespace baton::multiboot
