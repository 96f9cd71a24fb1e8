// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/lost_requests.hpp"

#include "abi/boot_info.h"
#include "core/text.hpp"
#include "elf/image.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace baton::tool {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kOwner = BATON_REQUEST_OWNER "\0"sv;
constexpr std::string_view kMark = "baton_has_requests\0"sv; // see BATON_MARK_REQUESTS
constexpr uint32_t kLargestDescriptor = 4096;                // of a request; paths are shorter

/// What is before the first program that is embedded in this one: that has requests of its own.
Bytes without_embedded(Bytes file) {
    constexpr std::string_view kMagic = "\x7f"
                                        "ELF\2\1\1"sv;
    constexpr std::size_t kMachine = offsetof(elf::Elf64_Ehdr, e_machine);
    const std::string_view text = text_of(file);
    for (std::size_t at = 1; (at = text.find(kMagic, at)) != std::string_view::npos; ++at)
        if (fits(at + kMachine, sizeof(uint16_t), file.size()) &&
            read_at<uint16_t>(file, at + kMachine) == elf::EM_X86_64)
            return file.first(at);
    return file;
}

struct FileRange {
    uint64_t offset;
    uint64_t bytes;
};

std::vector<FileRange> note_segments(const elf::Image& image) {
    std::vector<FileRange> found;
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image.program_header(i);
        if (header.p_type == elf::PT_NOTE)
            found.push_back({header.p_offset, header.p_filesz});
    }
    return found;
}

/// Where the notes are that have a request's layout, as offsets in the file.
std::vector<uint64_t> find_requests(Bytes file) {
    constexpr std::size_t kNameOffset = offsetof(BatonRequestNote, name);
    constexpr std::size_t kDescriptorOffset = offsetof(BatonRequestNote, flags);
    const std::string_view text = text_of(file);
    std::vector<uint64_t> found;
    for (std::size_t at = 0; (at = text.find(kOwner, at)) != std::string_view::npos; ++at) {
        if (at < kNameOffset)
            continue;
        const std::size_t note = at - kNameOffset;
        const auto name_bytes = read_at<uint32_t>(file, note);
        const auto descriptor_bytes = read_at<uint32_t>(file, note + sizeof(uint32_t));
        if (name_bytes == kOwner.size() && descriptor_bytes <= kLargestDescriptor &&
            fits(note + kDescriptorOffset, descriptor_bytes, file.size()))
            found.push_back(note);
    }
    return found;
}

constexpr std::string_view kFix =
    ": keep .note.* in the linker script, and give it a PT_NOTE program header";

} // namespace

std::string lost_requests(Bytes file) {
    const auto image = elf::Image::parse(file);
    if (!image)
        return {};
    const std::vector<FileRange> segments = note_segments(*image);
    const Bytes own = without_embedded(file);
    std::vector<uint64_t> lost = find_requests(own);
    const std::size_t all = lost.size();
    std::erase_if(lost, [&](uint64_t note) {
        return std::ranges::any_of(segments, [&](const FileRange& segment) {
            return note - segment.offset < segment.bytes;
        });
    });
    if (!lost.empty())
        return string_of(Text()
                             .count(lost.size(), "request")
                             .add(" in no PT_NOTE, which the loader doesn't see, at offset ")
                             .hex(lost.front())
                             .add(" of the file")
                             .add(kFix));
    if (all == 0 && text_of(own).contains(kMark))
        return string_of(Text().add("the linker has discarded the kernel's requests").add(kFix));
    return {};
}

} // namespace baton::tool
