// SPDX-License-Identifier: BSD-2-Clause
//
// D: framebuffers, modules, the boot device, the log.
#include "context.hpp"
#include "own_image.hpp"

namespace conformance {
namespace {

bool is_channel(unsigned shift, unsigned bits, unsigned bits_per_pixel) {
    return bits != 0 && shift + bits <= bits_per_pixel;
}

void check_framebuffers(Verdict& verdict, const Context& context) {
    if (context.view().framebuffers().empty())
        return verdict.absent("framebuffer");
    for (const BatonFramebuffer& screen : context.view().framebuffers()) {
        const uint64_t row = uint64_t{screen.width_pixels} * screen.bits_per_pixel / 8;
        verdict.expect(screen.width_pixels != 0 && screen.height_pixels != 0, "pixels");
        verdict.expect(screen.bits_per_pixel % 8 == 0 && screen.bits_per_pixel != 0,
                       "whole bytes a pixel", screen.bits_per_pixel);
        verdict.expect(screen.pitch_bytes >= row, "pitch_bytes >= a row", screen.pitch_bytes);
        verdict.expect(uint64_t{screen.pitch_bytes} * (screen.height_pixels - 1) + row <=
                           screen.bytes,
                       "rows within bytes", screen.bytes);
        const unsigned bits = screen.bits_per_pixel;
        verdict.expect(is_channel(screen.red_shift, screen.red_bits, bits) &&
                           is_channel(screen.green_shift, screen.green_bits, bits) &&
                           is_channel(screen.blue_shift, screen.blue_bits, bits),
                       "colours within the pixel", bits);
        verdict.equal("address", context.info.direct_map_base + screen.base_physical,
                      screen.address);
    }
}

void check_pixels(Verdict& verdict, const Context& context) {
    if (context.view().framebuffers().empty())
        return verdict.absent("framebuffer");
    for (const BatonFramebuffer& screen : context.view().framebuffers()) {
        for (const uint64_t offset : {uint64_t{0}, screen.bytes - 4}) {
            const uint64_t address = screen.address + offset;
            verdict.expect(context.is_mapped(address, 4), "a mapped pixel", address);
            if (!context.is_mapped(address, 4))
                continue;
            auto* pixel = reinterpret_cast<volatile uint32_t*>(address);
            const uint32_t before = *pixel;
            *pixel = 0x0011'4444;
            verdict.equal("a pixel's colours", 0x0011'4444, *pixel & 0x00ff'ffff);
            *pixel = before;
        }
    }
}

void check_modes(Verdict& verdict, const Context& context) {
    bool is_any = false;
    for (const BatonFramebuffer& screen : context.view().framebuffers()) {
        const auto modes = baton::BootInfoView::modes(screen);
        context.expect_record(verdict, "the loader's memory", screen.modes,
                              uint64_t{screen.mode_count} * screen.mode_entry_bytes);
        bool is_current_listed = modes.empty();
        if (verdict.is_broken())
            return;
        for (const BatonVideoMode& mode : modes) {
            is_any = true;
            verdict.expect(mode.width_pixels != 0 && mode.height_pixels != 0 && mode.linear <= 1,
                           "a mode with pixels", mode.width_pixels);
            verdict.expect(mode.linear == 0 || mode.pitch_bytes >= mode.width_pixels,
                           "a mode with a pitch", mode.pitch_bytes);
            is_current_listed = is_current_listed || (mode.width_pixels == screen.width_pixels &&
                                                      mode.height_pixels == screen.height_pixels);
        }
        verdict.expect(is_current_listed, "the current mode among them", screen.mode_count);
    }
    if (!is_any)
        verdict.absent("modes");
}

/// VESA E-EDID: blocks of 128 bytes that sum up to 0, the first with a fixed header.
void check_edid(Verdict& verdict, const Context& context) {
    constexpr uint64_t kHeader = 0x00ff'ffff'ffff'ff00;
    bool is_any = false;
    for (const BatonFramebuffer& screen : context.view().framebuffers()) {
        if (screen.edid_bytes == 0)
            continue;
        is_any = true;
        context.expect_record(verdict, "the loader's memory", screen.edid, screen.edid_bytes);
        verdict.equal("edid_bytes % 128", 0, screen.edid_bytes % 128);
        if (verdict.is_broken())
            return;
        verdict.equal("header", kHeader, *reinterpret_cast<const uint64_t*>(screen.edid));
        uint8_t sum = 0;
        for (uint32_t i = 0; i < 128; ++i)
            sum = static_cast<uint8_t>(sum + reinterpret_cast<const uint8_t*>(screen.edid)[i]);
        verdict.equal("sum of the first block", 0, sum);
    }
    if (!is_any)
        verdict.absent("edid");
}

void check_modules(Verdict& verdict, const Context& context) {
    if (context.view().modules().empty())
        return verdict.absent("modules");
    for (const BatonModule& module : context.view().modules()) {
        const uint64_t pages = (module.bytes + kPageBytes - 1) / kPageBytes;
        const uint64_t whole =
            (pages == 0 ? 1 : pages) * kPageBytes; // an empty one has a page, too
        verdict.equal("place in a page", 0, module.base_physical % kPageBytes);
        verdict.equal("address", context.info.direct_map_base + module.base_physical,
                      module.address);
        verdict.expect(context.is_all(module.base_physical, whole, BATON_MEMORY_KERNEL_AND_MODULES),
                       "memory of its type", module.base_physical);
        verdict.expect(context.is_mapped(module.address, whole), "mapped", module.address);
        verdict.expect(!context.text_at(module.path).empty(), "a path", module.path);
        if (verdict.is_broken())
            return;
        for (uint64_t at = module.bytes; at < whole; ++at)
            verdict.equal("the rest of its last page", 0,
                          reinterpret_cast<const uint8_t*>(module.address)[at]);
        for (const BatonModule& other : context.view().modules())
            verdict.expect(&other == &module || other.base_physical - module.base_physical >= whole,
                           "modules that don't overlap", other.base_physical);
    }
}

bool is_zero(std::span<const uint8_t> bytes) {
    for (const uint8_t byte : bytes)
        if (byte != 0)
            return false;
    return true;
}

void check_boot_device(Verdict& verdict, const Context& context) {
    const BatonBootDevice& device = context.info.boot_device;
    verdict.expect(device.kind <= BATON_BOOT_DEVICE_NETWORK, "a known kind", device.kind);
    const bool is_gpt = device.kind == BATON_BOOT_DEVICE_GPT;
    const bool is_mbr = device.kind == BATON_BOOT_DEVICE_MBR;
    verdict.equal("partition_guid is given for GPT", is_gpt, !is_zero(device.partition_guid.bytes));
    verdict.equal("disk_guid is given for GPT", is_gpt, !is_zero(device.disk_guid.bytes));
    verdict.equal("partition_number is given for a partition", is_gpt || is_mbr,
                  device.partition_number != 0);
    verdict.expect(is_mbr || device.mbr_signature == 0, "mbr_signature for MBR only",
                   device.mbr_signature);
    const uint32_t address_bytes = device.server_address_bytes;
    verdict.expect(address_bytes == 0 || (device.kind == BATON_BOOT_DEVICE_NETWORK &&
                                          (address_bytes == 4 || address_bytes == 16)),
                   "server_address_bytes 0, 4 or 16, for the network", address_bytes);
    if (device.kind == BATON_BOOT_DEVICE_UNKNOWN)
        return verdict.absent("boot-device");
    verdict.expect(!context.text_at(device.device_path).empty(), "a device_path");
    const bool is_network = device.kind == BATON_BOOT_DEVICE_NETWORK;
    verdict.expect(is_network || !context.text_at(device.loader_path).empty(), "a loader_path");
}

bool contains(std::string_view text, std::string_view part) {
    for (size_t i = 0; i + part.size() <= text.size(); ++i)
        if (std::string_view(text.data() + i, part.size()) == part)
            return true;
    return false;
}

/// The slide in hexadecimal, as the log prints numbers.
bool tells_slide(std::string_view log, uint64_t slide) {
    char digits[18];
    size_t first = sizeof digits;
    do {
        digits[--first] = "0123456789abcdef"[slide % 16];
        slide /= 16;
    } while (slide != 0);
    digits[--first] = 'x';
    return contains(log, {digits + first, sizeof digits - first});
}

void check_log(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    if (info.log == 0) {
        verdict.equal("log_bytes", 0, info.log_bytes);
        return verdict.absent("log");
    }
    context.expect_record(verdict, "the loader's memory", info.log, info.log_bytes, 1);
    verdict.expect(info.log_bytes != 0, "lines");
    if (verdict.is_broken())
        return;
    const std::string_view log(reinterpret_cast<const char*>(info.log), info.log_bytes);
    verdict.equal("its last character", '\n', static_cast<uint8_t>(log.back()));
    for (const char character : log)
        verdict.expect(static_cast<uint8_t>(character) >= ' ' || character == '\n',
                       "text, lines end in \\n", static_cast<uint8_t>(character));
    verdict.expect(contains(log, "entering the kernel at 0x"), "the way to the kernel's entry");
    if (info.kernel_slide != 0)
        verdict.expect(tells_slide(log, info.kernel_slide), "the slide in it", info.kernel_slide);
}

constexpr Promise kPromises[] = {
    {"D1", "framebuffers are described without contradiction", check_framebuffers},
    {"D2", "framebuffers can be drawn in", check_pixels},
    {"D3", "video modes are listed, the current one among them", check_modes},
    {"D4", "a display's EDID is valid", check_edid},
    {"D5", "modules are whole pages, zero-filled, with a path", check_modules},
    {"D6", "the boot device's fields go with its kind", check_boot_device},
    {"D7", "the log is text, and tells the slide", check_log},
};

} // namespace

std::span<const Promise> device_promises() {
    return kPromises;
}

} // namespace conformance
