// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/start_info.hpp"

namespace baton {

Result<Bytes> StartReader::read(PhysAddr address, uint64_t bytes) {
    const Bytes found = bytes == 0 ? Bytes{} : memory_.at(address, bytes);
    if (found.size() != bytes)
        return fail(ErrorCode::start_info_out_of_reach, {address.value, bytes});
    TRY(info_.structures.add({address, bytes}));
    return found;
}

Result<std::string_view> StartReader::text(PhysAddr address) {
    if (address.value == 0)
        return std::string_view{};
    // Byte by byte: the text may end where what can be reached does.
    for (uint64_t length = 0; length < kLongestStartText; ++length) {
        const Bytes byte = memory_.at(address + length, 1);
        if (byte.empty())
            return fail(ErrorCode::start_info_out_of_reach, {address.value, length + 1});
        if (byte.front() != std::byte{0})
            continue;
        const auto bytes = TRY(read(address, length + 1));
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), length);
    }
    return fail(ErrorCode::start_text_endless, {address.value, kLongestStartText});
}

Result<void> add_start_module(StartInfo& info, uint64_t start, uint64_t end,
                              std::string_view string) {
    if (end < start || end > kPhysicalAddressEnd)
        return fail(ErrorCode::start_module_malformed, {info.modules.entries().size(), start, end});
    return info.modules.add({.contents = {{start}, end - start}, .string = string});
}

Result<void> add_efi_map(StartInfo& info, Bytes map, uint32_t descriptor_bytes, uint32_t version) {
    const EfiMemoryMap descriptors(map, descriptor_bytes);
    info.efi_map = map.first(descriptors.size() * descriptor_bytes);
    info.efi_descriptor_bytes = descriptor_bytes;
    info.efi_descriptor_version = version;
    info.memory.clear();
    for (std::size_t i = 0; i < descriptors.size(); ++i)
        TRY(info.memory.add(efi_typed_range(descriptors[i])));
    return {};
}

std::optional<BatonFramebuffer> usable_framebuffer(BatonFramebuffer framebuffer) {
    const auto fits_pixel = [&](uint8_t shift, uint8_t bits) {
        return bits != 0 && shift + bits <= framebuffer.bits_per_pixel;
    };
    const bool has_pixels = framebuffer.bits_per_pixel % 8 == 0 &&
                            framebuffer.bits_per_pixel <= 32 && framebuffer.width_pixels != 0 &&
                            framebuffer.height_pixels != 0;
    if (!has_pixels || !fits_pixel(framebuffer.red_shift, framebuffer.red_bits) ||
        !fits_pixel(framebuffer.green_shift, framebuffer.green_bits) ||
        !fits_pixel(framebuffer.blue_shift, framebuffer.blue_bits) ||
        framebuffer.pitch_bytes / (framebuffer.bits_per_pixel / 8u) < framebuffer.width_pixels)
        return {};
    framebuffer.bytes = uint64_t{framebuffer.pitch_bytes} * framebuffer.height_pixels;
    const uint64_t base = framebuffer.base_physical;
    if (base == 0 || base >= kPhysicalAddressEnd || framebuffer.bytes > kPhysicalAddressEnd - base)
        return {};
    return framebuffer;
}

} // namespace baton
