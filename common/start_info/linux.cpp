// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/linux.hpp"

#include "core/video_mode.hpp"
#include "memory/e820.hpp"

#include <cstddef>

namespace baton {
namespace {

/// screen_info, as far as the structure is about a linear framebuffer.
struct [[gnu::packed]] ScreenInfo {
    std::byte of_text_modes[15];
    uint8_t video_type;
    uint16_t points;
    uint16_t width, height, depth;
    uint32_t base;
    uint32_t size;
    uint16_t magic, offset;
    uint16_t pitch;
    uint8_t red_bits, red_shift, green_bits, green_shift, blue_bits, blue_shift;
    uint8_t reserved_bits, reserved_shift;
    uint16_t protected_mode_segment, protected_mode_offset, pages, attributes;
    uint32_t capabilities;
    uint32_t base_high;
    uint16_t reserved;
};
static_assert(sizeof(ScreenInfo) == 0x40);
constexpr uint8_t kVesaFramebuffer = 0x23, kEfiFramebuffer = 0x70;
constexpr uint32_t kHas64BitBase = 2;

struct EfiInfo {
    uint32_t signature;
    uint32_t system_table;
    uint32_t descriptor_bytes, descriptor_version;
    uint32_t map, map_bytes;
    uint32_t system_table_high, map_high;
};
constexpr uint32_t kEfi64Signature = 0x3436'4c45; // "EL64"

struct [[gnu::packed]] E820Entry {
    uint64_t base, bytes;
    uint32_t type;
};
constexpr std::size_t kE820Entries = 128;

struct [[gnu::packed]] BootParameters {
    ScreenInfo screen;
    std::byte before_rsdp[0x30];
    uint64_t rsdp;
    std::byte before_ramdisk[0x48];
    uint32_t ramdisk_image_high, ramdisk_size_high, command_line_high;
    std::byte before_edid[0x74];
    std::byte edid[128];
    EfiInfo efi;
    std::byte before_count[8];
    uint8_t e820_count;
    std::byte before_header[0x19];
    uint32_t magic;
    uint16_t version;
    std::byte before_loader[8];
    uint8_t loader;
    std::byte before_image[7];
    uint32_t ramdisk_image, ramdisk_size;
    std::byte before_line[8];
    uint32_t command_line;
    std::byte before_data[0x24];
    uint64_t setup_data;
    std::byte before_table[0x78];
    E820Entry e820[kE820Entries];
};
static_assert(offsetof(BootParameters, rsdp) == 0x70);
static_assert(offsetof(BootParameters, ramdisk_image_high) == 0xc0);
static_assert(offsetof(BootParameters, edid) == 0x140);
static_assert(offsetof(BootParameters, efi) == 0x1c0);
static_assert(offsetof(BootParameters, e820_count) == 0x1e8);
static_assert(offsetof(BootParameters, magic) == 0x202);
static_assert(offsetof(BootParameters, loader) == 0x210);
static_assert(offsetof(BootParameters, ramdisk_image) == 0x218);
static_assert(offsetof(BootParameters, command_line) == 0x228);
static_assert(offsetof(BootParameters, setup_data) == 0x250);
static_assert(offsetof(BootParameters, e820) == 0x2d0);

constexpr uint32_t kHeaderMagic = 0x5372'6448; // "HdrS"
constexpr uint64_t kEdidBytes = 128;
constexpr uint64_t kEdidMagic = 0x00ff'ffff'ffff'ff00; // VESA E-EDID section 3.3

/// One of the list that setup_data leads to.
struct SetupData {
    uint64_t next;
    uint32_t type, bytes;
};
constexpr uint32_t kE820Extension = 1;
constexpr unsigned kMostSetupData = 64; // a list may lead back to itself

constexpr uint64_t join(uint32_t high, uint32_t low) {
    return uint64_t{high} << 32 | low;
}

Result<void> add_range(const E820Entry& entry, StartInfo& info) {
    return info.memory.add(e820_typed_range(entry.base, entry.bytes, entry.type));
}

/// What doesn't fit into the table follows in the list.
Result<void> read_setup_data(uint64_t address, StartReader& reader, StartInfo& info) {
    for (unsigned i = 0; address != 0; ++i) {
        const auto data = TRY(reader.record<SetupData>({address}));
        if (i == kMostSetupData)
            return fail(ErrorCode::start_info_malformed, {address, data.type, data.bytes});
        const auto contents = TRY(reader.read({address + sizeof(SetupData)}, data.bytes));
        if (data.type == kE820Extension)
            for (uint64_t at = 0; fits(at, sizeof(E820Entry), contents.size());
                 at += sizeof(E820Entry))
                TRY(add_range(read_at<E820Entry>(contents, at), info));
        address = data.next;
    }
    return {};
}

Result<void> read_efi(const EfiInfo& efi, StartReader& reader, StartInfo& info) {
    if (efi.signature != kEfi64Signature)
        return {};
    info.efi_system_table = {join(efi.system_table_high, efi.system_table)};
    if (efi.map_bytes == 0)
        return {};
    if (efi.descriptor_bytes < sizeof(EfiMemoryDescriptor))
        return fail(ErrorCode::start_info_malformed,
                    {offsetof(BootParameters, efi), efi.descriptor_bytes, efi.map_bytes});
    const auto map = TRY(reader.read({join(efi.map_high, efi.map)}, efi.map_bytes));
    return add_efi_map(info, map, efi.descriptor_bytes, efi.descriptor_version);
}

void read_screen(const ScreenInfo& screen, StartInfo& info) {
    if (screen.video_type != kVesaFramebuffer && screen.video_type != kEfiFramebuffer)
        return;
    const uint32_t high = (screen.capabilities & kHas64BitBase) != 0 ? screen.base_high : 0;
    info.framebuffer = usable_framebuffer(framebuffer_in({.width_pixels = screen.width,
                                                          .height_pixels = screen.height,
                                                          .pitch_bytes = screen.pitch,
                                                          .bits_per_pixel = screen.depth,
                                                          .red_shift = screen.red_shift,
                                                          .red_bits = screen.red_bits,
                                                          .green_shift = screen.green_shift,
                                                          .green_bits = screen.green_bits,
                                                          .blue_shift = screen.blue_shift,
                                                          .blue_bits = screen.blue_bits,
                                                          .linear = 1},
                                                         join(high, screen.base), 0));
}

Result<void> read_ramdisk(const BootParameters& boot, StartInfo& info) {
    const uint64_t start = join(boot.ramdisk_image_high, boot.ramdisk_image);
    const uint64_t bytes = join(boot.ramdisk_size_high, boot.ramdisk_size);
    return start == 0 || bytes == 0 ? Result<void>{}
                                    : add_start_module(info, start, start + bytes, {});
}

} // namespace

Result<void> read_linux_boot(PhysAddr address, const acpi::PhysicalMemory& memory,
                             StartInfo& info) {
    StartReader reader(memory, info);
    const auto page = TRY(reader.read(address, kPageBytes));
    const auto boot = read_at<BootParameters>(page, 0);
    if (boot.magic != kHeaderMagic)
        return fail(ErrorCode::start_info_unknown, {boot.magic});
    for (std::size_t i = 0; i < boot.e820_count && i < kE820Entries; ++i)
        TRY(add_range(boot.e820[i], info));
    TRY(read_setup_data(boot.setup_data, reader, info));
    TRY(read_efi(boot.efi, reader, info));
    if (info.memory.entries().empty())
        return fail(ErrorCode::start_memory_map_missing);
    const auto line = TRY(reader.text({join(boot.command_line_high, boot.command_line)}));
    info.command_line = line;
    info.rsdp = {boot.rsdp};
    read_screen(boot.screen, info);
    const Bytes edid = page.subspan(offsetof(BootParameters, edid), kEdidBytes);
    if (read_at<uint64_t>(edid, 0) == kEdidMagic)
        info.edid = edid;
    return read_ramdisk(boot, info);
}

} // namespace baton
