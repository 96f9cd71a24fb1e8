// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/multiboot2/header.hpp"

#include "start_info/multiboot2_format.hpp"

#include <algorithm>

namespace baton::multiboot2 {
namespace {

/// Section 3.1.2.
struct MagicFields {
    uint32_t magic, architecture, header_bytes, checksum;
};
constexpr uint32_t kMagic = 0xe852'50d6;
constexpr uint32_t kI386 = 0;

/// Sections 3.1.3 to 3.1.12.
enum HeaderTagType : uint16_t {
    kEndHeader = 0,
    kInformationRequest = 1,
    kAddress = 2,
    kEntryAddress = 3,
    kConsoleFlags = 4,
    kFramebufferMode = 5,
    kModuleAlignment = 6,
    kBootServices = 7,
    kEfi32Entry = 8,
    kEfi64Entry = 9,
    kRelocatable = 10,
    kHeaderTagTypes,
};
/// What they have after their type, flags and size, at least.
constexpr uint8_t kContents[kHeaderTagTypes] = {0, 0, 16, 4, 4, 12, 0, 0, 4, 4, 16};

struct HeaderTag {
    uint16_t type, flags;
    uint32_t bytes; // of the whole tag
};
constexpr uint16_t kOptional = 1;
constexpr uint32_t kConsoleRequired = 1;
constexpr uint32_t kLowestPreferred = 1;

class Parser {
  public:
    /// `bytes` begin with the header, and end where it may end.
    Parser(uint64_t offset, Bytes bytes) : offset_(offset), bytes_(bytes) {
        header_.image.header_offset = offset;
    }

    Result<Header> run() {
        const auto header_bytes = read_at<MagicFields>(bytes_, 0).header_bytes;
        if (header_bytes > bytes_.size())
            return malformed({}, header_bytes);
        // With the padding after the last tag, which some kernels take for it.
        bytes_ =
            bytes_.first(std::min<uint64_t>(align_up(header_bytes, kTagAlignment), bytes_.size()));
        for (at_ = sizeof(MagicFields);;) {
            if (!fits(at_, sizeof(HeaderTag), bytes_.size()))
                return malformed({}, header_bytes);
            const auto tag = read_at<HeaderTag>(bytes_, at_);
            if (tag.bytes < sizeof tag || !fits(at_, tag.bytes, bytes_.size()))
                return malformed(tag, tag.bytes);
            if (tag.type == kEndHeader)
                return header_;
            TRY(take(tag, bytes_.subspan(at_ + sizeof tag, tag.bytes - sizeof tag)));
            at_ += align_up(tag.bytes, kTagAlignment);
        }
    }

  private:
    std::unexpected<Error> malformed(const HeaderTag& tag, uint64_t bytes) const {
        return fail(ErrorCode::multiboot_header_malformed, {offset_ + at_, tag.type, bytes});
    }

    Result<void> take(const HeaderTag& tag, Bytes contents) {
        const bool is_optional = (tag.flags & kOptional) != 0;
        if (tag.type >= kHeaderTagTypes)
            return is_optional ? Result<void>{}
                               : fail(ErrorCode::multiboot_tag_unknown, {offset_ + at_, tag.type});
        if (contents.size() < kContents[tag.type])
            return malformed(tag, tag.bytes);
        const auto word = [&](std::size_t index) {
            return read_at<uint32_t>(contents, index * sizeof(uint32_t));
        };
        switch (tag.type) {
        case kInformationRequest:
            return take_information(contents, is_optional);
        case kAddress:
            header_.image.addresses = {
                .header = word(0), .load = word(1), .load_end = word(2), .bss_end = word(3)};
            break;
        case kEntryAddress:
            header_.image.entry = word(0);
            break;
        case kConsoleFlags:
            header_.console_required = !is_optional && (word(0) & kConsoleRequired) != 0;
            break;
        case kFramebufferMode:
            take_mode(word(0), word(1), word(2));
            break;
        case kBootServices:
            header_.keeps_firmware = true;
            break;
        case kEfi64Entry:
            header_.efi_entry = word(0);
            break;
        case kRelocatable:
            header_.relocatable = {.low = {word(0)},
                                   .end = {word(1)},
                                   .alignment = word(2),
                                   .lowest = word(3) == kLowestPreferred};
            break;
        default: // modules are always aligned; 32-bit firmware is another machine
            break;
        }
        return {};
    }

    /// Columns and lines of characters where the depth is 0; but that stands for no preference too.
    void take_mode(uint32_t width, uint32_t height, uint32_t depth) {
        constexpr uint32_t kMostColumns = 160;
        header_.prefers_text = depth == 0 && width != 0 && width <= kMostColumns;
        if (!header_.prefers_text) {
            header_.width = width;
            header_.height = height;
        }
    }

    Result<void> take_information(Bytes contents, bool is_optional) {
        for (uint64_t at = 0; fits(at, sizeof(uint32_t), contents.size()); at += sizeof(uint32_t)) {
            const auto type = read_at<uint32_t>(contents, at);
            if (type < kTagTypes)
                header_.information |= uint32_t{1} << type;
            else if (!is_optional)
                return fail(ErrorCode::multiboot_information_unknown, {type});
        }
        return {};
    }

    uint64_t offset_;
    Bytes bytes_;
    uint64_t at_ = 0; // the tag being read
    Header header_;
};

} // namespace

Result<std::optional<Header>> find_header(Bytes head) {
    head = head.first(std::min<uint64_t>(head.size(), kHeaderWithin));
    for (uint64_t at = 0; fits(at, sizeof(MagicFields), head.size()); at += kTagAlignment) {
        const auto fields = read_at<MagicFields>(head, at);
        if (fields.magic == kMagic && fields.architecture == kI386 &&
            fields.magic + fields.architecture + fields.header_bytes + fields.checksum == 0)
            return TRY(Parser(at, head.subspan(at)).run());
    }
    return std::nullopt;
}

} // namespace baton::multiboot2
