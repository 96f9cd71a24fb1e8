// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/multiboot2/information.hpp"

#include "protocols/multiboot/image.hpp"
#include "start_info/multiboot2_format.hpp"

#include <cstring>

#ifndef BATON_VERSION
#error "the build defines BATON_VERSION"
#endif

namespace baton::multiboot2 {
namespace {

/// Xen takes the first word of a command line for the kernel's path, unless the loader's name has
/// "GRUB " with another character than 0 after it.
constexpr std::string_view kLoaderName = "Baton " BATON_VERSION ", like GRUB 2";

struct InformationStart {
    uint32_t total_bytes, reserved;
};

/// Section 3.6.7.
struct ElfSectionsTag {
    TagHeader header;
    uint32_t count, entry_bytes, names;
};

/// Section 3.6.14.
struct SmbiosTag {
    TagHeader header;
    uint8_t major, minor;
    uint8_t reserved[6];
};

struct LoadBaseTag {
    TagHeader header;
    uint32_t address;
};

/// A tag that begins with `fields`, and has more bytes after these.
void put(Packer& packer, uint32_t type, Bytes fields, std::initializer_list<Bytes> more = {}) {
    uint64_t bytes = sizeof(TagHeader) + fields.size();
    for (const Bytes part : more)
        bytes += part.size();
    const TagHeader header{type, static_cast<uint32_t>(bytes)};
    packer.put({bytes_of(header), fields});
    for (const Bytes part : more)
        packer.append(part);
}

/// A tag's own structure without its header.
template<class Tag>
Bytes fields_of(const Tag& tag, uint64_t tag_bytes = sizeof(Tag)) {
    return bytes_of(tag).first(tag_bytes).subspan(sizeof(TagHeader));
}

void put_text(Packer& packer, uint32_t type, std::string_view text) {
    put(packer, type, bytes_of(text), {bytes_of('\0')});
}

void put_framebuffer(Packer& packer, const BatonFramebuffer& screen) {
    const FramebufferTag tag{.header = {},
                             .address = screen.base_physical,
                             .pitch = screen.pitch_bytes,
                             .width = screen.width_pixels,
                             .height = screen.height_pixels,
                             .bits_per_pixel = static_cast<uint8_t>(screen.bits_per_pixel),
                             .type = kDirectColour,
                             .reserved = 0,
                             .red_shift = screen.red_shift,
                             .red_bits = screen.red_bits,
                             .green_shift = screen.green_shift,
                             .green_bits = screen.green_bits,
                             .blue_shift = screen.blue_shift,
                             .blue_bits = screen.blue_bits,
                             .padding = 0};
    put(packer, kFramebufferTag, fields_of(tag, kFramebufferTagBytes));
}

/// Which version a table has stands at another place in SMBIOS 3: SMBIOS 3.7 section 5.2.
void put_smbios(Packer& packer, Bytes entry_point, std::size_t version_at) {
    if (entry_point.size() < version_at + 2)
        return;
    const SmbiosTag tag{.header = {},
                        .major = read_at<uint8_t>(entry_point, version_at),
                        .minor = read_at<uint8_t>(entry_point, version_at + 1),
                        .reserved = {}};
    put(packer, kSmbiosTag, fields_of(tag), {entry_point});
}

/// The old tag has what ACPI 1.0 knows of it.
void put_root_pointer(Packer& packer, Bytes root_pointer) {
    constexpr std::size_t kOldBytes = 20;
    if (root_pointer.size() < kOldBytes)
        return;
    put(packer, kAcpiOldTag, root_pointer.first(kOldBytes));
    if (root_pointer.size() > kOldBytes)
        put(packer, kAcpiNewTag, root_pointer);
}

} // namespace

/// What the tags are made of.
struct Information::Parts {
    const BootFacts& facts;
    const Header& header;
    const std::optional<multiboot::Sections>& sections;
    std::size_t ranges; // of the memory map, at most
};

/// The end tag has a place of its own after each map.
void Information::put_tags(const Parts& parts, Packer& packer) {
    const BootFacts& facts = parts.facts;
    const MachineFacts& machine = facts.machine;
    packer.reserve(sizeof(InformationStart));
    put_text(packer, kCommandLineTag, facts.command_line);
    put_text(packer, kLoaderNameTag, kLoaderName);
    for (const Module& module : facts.modules) {
        const ModuleTag tag{.header = {},
                            .start = static_cast<uint32_t>(module.contents.base.value),
                            .end = static_cast<uint32_t>(module.contents.end().value)};
        put(packer, kModuleTag, fields_of(tag), {bytes_of(module.string), bytes_of('\0')});
    }
    if (!facts.displays.empty())
        put_framebuffer(packer, facts.displays.front().framebuffer);
    if (parts.sections) {
        const ElfSectionsTag tag{.header = {},
                                 .count = parts.sections->count,
                                 .entry_bytes = parts.sections->entry_bytes,
                                 .names = parts.sections->names};
        put(packer, kElfSectionsTag, fields_of(tag), {parts.sections->bytes});
    }
    put_smbios(packer, machine.smbios_entry, 6);
    put_smbios(packer, machine.smbios3_entry, 7);
    put_root_pointer(packer, machine.root_pointer);
    if (machine.efi_system_table != 0)
        put(packer, kEfi64SystemTableTag, bytes_of(machine.efi_system_table));
    if (keeps_firmware_) {
        put(packer, kEfiBootServicesTag, {});
        put(packer, kEfi64ImageTag, bytes_of(machine.efi_image));
    }
    if (parts.header.relocatable) {
        const auto base =
            static_cast<uint32_t>(facts.kernel.plan.segments.front().memory.base.value);
        put(packer, kLoadBaseTag, bytes_of(base));
    }
    basic_memory_ = packer.reserve(sizeof(BasicMemoryTag));
    memory_map_ = packer.reserve(sizeof(MapTag) + parts.ranges * sizeof(E820Entry));
    packer.reserve(sizeof(MapTag) + facts.firmware_map_bytes);
    packer.reserve(sizeof(TagHeader));
}

Result<Information*> Information::make(const BootFacts& facts, const Header& header,
                                       std::size_t ranges, FrameSource& frames) {
    FrameArena arena(frames, MemoryUse::boot_info);
    const bool has_sections = !header.image.addresses;
    const auto sections =
        has_sections ? TRY(multiboot::load_sections(*facts.kernel.file, frames)) : std::nullopt;
    Information* const information = TRY(arena.make<Information>());
    information->keeps_firmware_ = facts.kernel.requests.keep_firmware;
    information->buffers_ = TRY(NormaliseBuffers::create(arena, ranges));
    const Parts parts{.facts = facts,
                      .header = header,
                      .sections = sections,
                      .ranges = information->buffers_.result.size()};
    Packer size;
    information->put_tags(parts, size);
    information->memory_ = TRY(allocate_block(frames, size.used(),
                                              {.use = MemoryUse::boot_info,
                                               .below = k4GiB,
                                               .low_from = multiboot::kInformationFrom,
                                               .name = "Multiboot2"}));
    Packer packer(information->memory_);
    information->put_tags(parts, packer);
    information->put_end(information->memory_map_);
    return information;
}

EntryState Information::entry_state() const {
    return {.is_32_bit = true,
            .eax = kMultiboot2Magic,
            .ebx = static_cast<uint32_t>(memory_.base.value)};
}

/// The last tag at `place`, and the size of all of it.
void Information::put_end(uint64_t place) {
    const TagHeader end{kEndTag, sizeof end};
    std::memcpy(&memory_.bytes[place], &end, sizeof end);
    const InformationStart start{static_cast<uint32_t>(place + sizeof end), 0};
    std::memcpy(memory_.bytes.data(), &start, sizeof start);
}

void Information::set_memory_map(std::span<const TypedRange> ranges) {
    auto* const entries =
        reinterpret_cast<E820Entry*>(&memory_.bytes[memory_map_ + sizeof(MapTag)]);
    const auto map = write_e820(normalise(ranges, buffers_), {entries, buffers_.result.size()});
    const MapTag tag{
        .header = {kMemoryMapTag, static_cast<uint32_t>(sizeof tag + map.size_bytes())},
        .entry_bytes = sizeof(E820Entry),
        .version = 0};
    std::memcpy(&memory_.bytes[memory_map_], &tag, sizeof tag);
    const multiboot::BasicMemory memory = multiboot::basic_memory(map);
    const BasicMemoryTag basic{.header = {kBasicMemoryTag, sizeof basic},
                               .lower_kib = memory.lower_kib,
                               .upper_kib = memory.upper_kib};
    std::memcpy(&memory_.bytes[basic_memory_], &basic, sizeof basic);
    end_ = memory_map_ + tag.header.bytes;
    put_end(end_);
}

void Information::complete(const LastFacts& facts) {
    const FirmwareMap& map = facts.firmware_map;
    if (map.bytes.empty() || keeps_firmware_) // whose map changes on
        return;
    const MapTag tag{
        .header = {kEfiMemoryMapTag, static_cast<uint32_t>(sizeof tag + map.bytes.size())},
        .entry_bytes = map.descriptor_bytes,
        .version = map.descriptor_version};
    std::memcpy(&memory_.bytes[end_], &tag, sizeof tag);
    std::memcpy(&memory_.bytes[end_ + sizeof tag], map.bytes.data(), map.bytes.size());
    put_end(align_up(end_ + tag.header.bytes, kTagAlignment));
}

} // namespace baton::multiboot2
