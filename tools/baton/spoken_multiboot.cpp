// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/spoken_multiboot.hpp"

#include "protocols/multiboot/header.hpp"
#include "protocols/multiboot2/header.hpp"
#include "start_info/multiboot2_format.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace baton::tool {
namespace {

/// Of the boot information's tags: Multiboot2 Specification 2.0, section 3.6.
constexpr std::array<std::string_view, multiboot2::kTagTypes> kTagNames = {
    "end",
    "command line",
    "boot loader name",
    "modules",
    "basic memory information",
    "BIOS boot device",
    "memory map",
    "VBE information",
    "framebuffer",
    "ELF sections",
    "APM table",
    "EFI 32-bit system table",
    "EFI 64-bit system table",
    "SMBIOS tables",
    "ACPI old RSDP",
    "ACPI new RSDP",
    "networking information",
    "EFI memory map",
    "EFI boot services not terminated",
    "EFI 32-bit image handle",
    "EFI 64-bit image handle",
    "image load base"};

std::optional<multiboot::Header> header1(const KernelFile& file) {
    const auto head = file.first(multiboot::kHeaderWithin);
    const auto header = head ? multiboot::find_header(*head) : std::nullopt;
    return header ? *header : std::nullopt;
}

std::optional<multiboot2::Header> header2(const KernelFile& file) {
    const auto head = file.first(multiboot2::kHeaderWithin);
    const auto header = head ? multiboot2::find_header(*head) : std::nullopt;
    return header ? *header : std::nullopt;
}

std::string mark(const multiboot::Image& image) {
    return "header at " + hex_text(image.header_offset) +
           (image.addresses ? ", address fields" : "");
}

void add_mode(uint32_t width, uint32_t height, bool prefers_text,
              std::vector<KernelRequest>& requests) {
    if (prefers_text)
        requests.push_back(
            {.name = "text mode", .values = {}, .is_met = [](const Rehearsal&) { return false; }});
    else if (width != 0 && height != 0)
        requests.push_back({.name = "framebuffer",
                            .values = std::to_string(width) + " x " + std::to_string(height),
                            .is_met = [](const Rehearsal& rehearsal) -> std::optional<bool> {
                                return rehearsal.error() ? std::nullopt : std::optional(true);
                            }});
}

/// Whether the boot information has a tag of this type.
bool has_tag(const Rehearsal& rehearsal, uint32_t type) {
    const PhysAddr information{rehearsal.boot().record->entry_state().ebx};
    const auto bytes = static_cast<uint32_t>(rehearsal.read(information));
    for (uint64_t at = sizeof(uint64_t); at < bytes;) {
        const uint64_t header = rehearsal.read(information + at);
        if (static_cast<uint32_t>(header) == type)
            return true;
        at += std::max(align_up(header >> 32, multiboot2::kTagAlignment), sizeof(uint64_t));
    }
    return false;
}

/// What the machine has is not known here.
std::optional<bool> is_tag_met(const Rehearsal& rehearsal, uint32_t type) {
    const std::string line =
        "Baton has no information for the kernel's tag " + std::to_string(type);
    if (std::ranges::find(rehearsal.log(), line) != rehearsal.log().end())
        return false;
    if (!rehearsal.error() && has_tag(rehearsal, type))
        return true;
    return {};
}

} // namespace

std::string multiboot1_mark(const KernelFile& file) {
    const auto header = header1(file);
    return header ? mark(header->image) : "";
}

std::string multiboot2_mark(const KernelFile& file) {
    const auto header = header2(file);
    if (!header)
        return "";
    return mark(header->image) + (header->keeps_firmware ? ", EFI boot services kept" : "") +
           (header->relocatable ? ", relocatable" : "");
}

std::vector<KernelRequest> multiboot1_requests(const KernelFile& file) {
    std::vector<KernelRequest> requests;
    if (const auto header = header1(file))
        add_mode(header->width, header->height, header->prefers_text, requests);
    return requests;
}

std::vector<KernelRequest> multiboot2_requests(const KernelFile& file) {
    std::vector<KernelRequest> requests;
    const auto header = header2(file);
    if (!header)
        return requests;
    for (uint32_t type = 0; type < kTagNames.size(); ++type)
        if ((header->information >> type & 1) != 0)
            requests.push_back({.name = std::string(kTagNames[type]),
                                .values = "tag " + std::to_string(type),
                                .is_met = [type](const Rehearsal& rehearsal) {
                                    return is_tag_met(rehearsal, type);
                                }});
    add_mode(header->width, header->height, header->prefers_text, requests);
    return requests;
}

} // namespace baton::tool
