// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/multiboot/information.hpp"

#include "protocols/multiboot/image.hpp"

#include <algorithm>
#include <cstring>

#ifndef BATON_VERSION
#error "the build defines BATON_VERSION"
#endif

namespace baton::multiboot {
namespace {

constexpr uint32_t kMagic = 0x2bad'b002; // EAX at the entry: section 3.2

/// Which fields are there: bits of `flags`.
enum Flags : uint32_t {
    kMemorySizes = 1 << 0,
    kCommandLine = 1 << 2,
    kModules = 1 << 3,
    kElfSections = 1 << 5,
    kMemoryMap = 1 << 6,
    kLoaderName = 1 << 9,
    kVbe = 1 << 11,
    kFramebuffer = 1 << 12,
};

struct ModuleFields {
    uint32_t start, end, string, reserved;
};

// The memory map has, before each entry, the number of bytes that follow. With E820's entries of 24
// bytes, the last 4 of one are that number of the next.
constexpr uint32_t kEntryBytes = 20;
constexpr uint64_t kFirstEntry = 8; // after the place of the map

constexpr uint8_t kDirectColour = 1;

// VBE Core Functions Standard 3.0: sections 4.3 and 4.4, as far as a linear mode has fields there.
struct VbeControl {
    char signature[4];
    uint16_t version;
    std::byte others[506];
};
static_assert(sizeof(VbeControl) == 512);
struct [[gnu::packed]] VbeMode {
    uint16_t attributes;
    std::byte windows[14];
    uint16_t pitch, width, height;
    uint8_t character_width, character_height, planes, bits_per_pixel, banks, memory_model;
    std::byte pages[3];
    uint8_t red_bits, red_shift, green_bits, green_shift, blue_bits, blue_shift;
    std::byte more[3];
    uint32_t base;
    std::byte off_screen[6];
    uint16_t linear_pitch;
    std::byte others[204];
};
static_assert(sizeof(VbeMode) == 256 && offsetof(VbeMode, base) == 40);
constexpr uint16_t kVbeAttributes = 0x9b; // supported, in colour, graphics, linear
constexpr uint8_t kVbeDirectColour = 6;
constexpr uint16_t kVbeCurrentMode = 0x81ff; // of no number; its memory was kept

VbeMode vbe_mode(const BatonFramebuffer& screen) {
    VbeMode mode{};
    mode.attributes = kVbeAttributes;
    mode.pitch = mode.linear_pitch = static_cast<uint16_t>(screen.pitch_bytes);
    mode.width = static_cast<uint16_t>(screen.width_pixels);
    mode.height = static_cast<uint16_t>(screen.height_pixels);
    mode.planes = mode.banks = 1;
    mode.bits_per_pixel = static_cast<uint8_t>(screen.bits_per_pixel);
    mode.memory_model = kVbeDirectColour;
    mode.red_bits = screen.red_bits;
    mode.red_shift = screen.red_shift;
    mode.green_bits = screen.green_bits;
    mode.green_shift = screen.green_shift;
    mode.blue_bits = screen.blue_bits;
    mode.blue_shift = screen.blue_shift;
    mode.base = static_cast<uint32_t>(screen.base_physical);
    return mode;
}

} // namespace

/// What it is made of.
struct Information::Parts {
    const BootFacts& facts;
    const std::optional<Sections>& sections;
    bool wants_video;
};

/// The kernel's path, with slashes, and after a blank what the entry says: as QEMU and GRUB Legacy
/// have it.
void Information::put_command_line(const BootFacts& facts, Packer& packer) {
    fields_.flags |= kCommandLine;
    fields_.command_line = packer.start();
    for (const char character : facts.kernel.path)
        packer.append(bytes_of(character == '\\' ? '/' : character));
    if (!facts.command_line.empty())
        packer.append(bytes_of(' '));
    packer.append(bytes_of(facts.command_line));
    packer.append(bytes_of('\0'));
}

void Information::put_modules(std::span<const Module> modules, Packer& packer) {
    fields_.flags |= kModules;
    fields_.module_count = static_cast<uint32_t>(modules.size());
    // First the texts, since each entry has the address of one. They are of known lengths.
    uint32_t text = packer.start();
    for (const Module& module : modules)
        packer.put_text(module.string);
    fields_.modules = packer.start();
    for (const Module& module : modules) {
        packer.append(
            bytes_of(ModuleFields{.start = static_cast<uint32_t>(module.contents.base.value),
                                  .end = static_cast<uint32_t>(module.contents.end().value),
                                  .string = text,
                                  .reserved = 0}));
        text += static_cast<uint32_t>(align_up(module.string.size() + 1, 8));
    }
}

void Information::put_screen(const BatonFramebuffer& screen, bool wants_video, Packer& packer) {
    fields_.flags |= kFramebuffer;
    fields_.framebuffer = screen.base_physical;
    fields_.pitch = screen.pitch_bytes;
    fields_.width = screen.width_pixels;
    fields_.height = screen.height_pixels;
    fields_.bits_per_pixel = static_cast<uint8_t>(screen.bits_per_pixel);
    fields_.type = kDirectColour;
    fields_.red_shift = screen.red_shift;
    fields_.red_bits = screen.red_bits;
    fields_.green_shift = screen.green_shift;
    fields_.green_bits = screen.green_bits;
    fields_.blue_shift = screen.blue_shift;
    fields_.blue_bits = screen.blue_bits;
    if (!wants_video || screen.base_physical >= k4GiB.value)
        return;
    fields_.flags |= kVbe;
    const VbeControl control{{'V', 'E', 'S', 'A'}, 0x300, {}};
    fields_.vbe_control = packer.put({bytes_of(control)});
    fields_.vbe_mode_info = packer.put({bytes_of(vbe_mode(screen))});
    fields_.vbe_mode = kVbeCurrentMode;
}

void Information::put_all(const Parts& parts, Packer& packer) {
    const BootFacts& facts = parts.facts;
    fields_ = {};
    packer.reserve(sizeof fields_);
    put_command_line(facts, packer);
    put_modules(facts.modules, packer);
    fields_.flags |= kLoaderName;
    fields_.loader_name = packer.put_text("Baton " BATON_VERSION);
    if (!facts.displays.empty())
        put_screen(facts.displays.front().framebuffer, parts.wants_video, packer);
    if (parts.sections) {
        fields_.flags |= kElfSections;
        fields_.section_count = parts.sections->count;
        fields_.section_entry_bytes = parts.sections->entry_bytes;
        fields_.sections = static_cast<uint32_t>(parts.sections->headers.value);
        fields_.section_names = parts.sections->names;
    }
    map_place_ = packer.reserve(kFirstEntry + buffers_.result.size() * sizeof(E820Entry));
}

Result<Information*> Information::make(const BootFacts& facts, const Header& header,
                                       std::size_t ranges, FrameSource& frames) {
    FrameArena arena(frames, MemoryUse::boot_info);
    const auto sections =
        header.image.addresses ? std::nullopt : TRY(load_sections(*facts.kernel.file, frames));
    Information* const information = TRY(arena.make<Information>());
    information->buffers_ = TRY(NormaliseBuffers::create(arena, ranges));
    const Parts parts{.facts = facts, .sections = sections, .wants_video = header.wants_video};
    Packer size;
    information->put_all(parts, size);
    const Block memory = TRY(allocate_block(frames, size.used(),
                                            {.use = MemoryUse::boot_info,
                                             .below = k4GiB,
                                             .low_from = kInformationFrom,
                                             .name = "Multiboot"}));
    information->memory_ = memory;
    Packer packer(memory);
    information->put_all(parts, packer);
    auto* const first = &memory.bytes[information->map_place_ + kFirstEntry];
    information->map_ = {reinterpret_cast<E820Entry*>(first), information->buffers_.result.size()};
    information->set_memory_map({});
    return information;
}

EntryState Information::entry_state() const {
    return {.is_32_bit = true, .eax = kMagic, .ebx = static_cast<uint32_t>(memory_.base.value)};
}

void Information::set_memory_map(std::span<const TypedRange> ranges) {
    const auto map = write_e820(normalise(ranges, buffers_), map_);
    for (E820Entry& entry : map)
        entry.reserved = kEntryBytes;
    constexpr uint64_t kFirstSize = kFirstEntry - sizeof(uint32_t);
    std::memcpy(&memory_.bytes[map_place_ + kFirstSize], &kEntryBytes, sizeof kEntryBytes);
    fields_.flags |= kMemorySizes | kMemoryMap;
    fields_.memory_map = static_cast<uint32_t>(memory_.base.value + map_place_ + kFirstSize);
    fields_.memory_map_bytes = static_cast<uint32_t>(map.size_bytes());
    const BasicMemory memory = basic_memory(map);
    fields_.lower_kib = memory.lower_kib;
    fields_.upper_kib = memory.upper_kib;
    std::memcpy(memory_.bytes.data(), &fields_, sizeof fields_);
}

} // namespace baton::multiboot
