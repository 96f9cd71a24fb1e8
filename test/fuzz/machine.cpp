// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/machine.hpp"

#include <cstring>

namespace baton::fuzz {

Frames::Options Machine::frame_options() const {
    return {.dry_at = choices_.dry_at == 0 ? Frames::kNever : choices_.dry_at - 1,
            .from_below = choices_.from_below};
}

PhysRange Machine::memory() const {
    constexpr PhysAddr kLow{uint64_t{1} << 20};
    constexpr PhysAddr kHigh{uint64_t{5} << 30};
    return {has(kHighMemory) ? kHigh : kLow,
            has(kSmallMemory) ? Frames::kMostBytes / 8 : Frames::kMostBytes};
}

PhysAddr Machine::base_of(const MachineDescriptor& descriptor) const {
    if (has(kFarDescriptors)) // and not at a page's beginning, as firmware must not do
        return {(uint64_t{descriptor.first} << 20) + (descriptor.attribute & 1)};
    return {(uint64_t{descriptor.first} << 12) % (uint64_t{64} << 30)};
}

std::vector<EfiMemoryDescriptor> Machine::descriptors() const {
    std::vector<EfiMemoryDescriptor> all;
    const PhysRange memory = this->memory();
    all.push_back({.type = kEfiConventionalMemory,
                   .padding = 0,
                   .physical_start = memory.base.value,
                   .virtual_start = 0,
                   .number_of_pages = memory.bytes / kPageBytes,
                   .attribute = 0xf});
    for (const MachineDescriptor& descriptor : choices_.descriptors)
        all.push_back({.type = descriptor.type,
                       .padding = 0,
                       .physical_start = base_of(descriptor).value,
                       .virtual_start = 0,
                       .number_of_pages = descriptor.pages,
                       .attribute = descriptor.attribute});
    return all;
}

std::vector<BatonFramebuffer> Machine::framebuffers() const {
    if (!has(kFramebuffer))
        return {};
    BatonFramebuffer framebuffer{};
    framebuffer.base_physical = base_of(choices_.framebuffer).value;
    framebuffer.bytes = uint64_t{choices_.framebuffer.pages} * 1024;
    return {framebuffer};
}

Buffer as_firmware_map(const std::vector<EfiMemoryDescriptor>& descriptors) {
    Buffer bytes(descriptors.size() * kDescriptorBytes);
    for (std::size_t i = 0; i < descriptors.size(); ++i)
        std::memcpy(bytes.data() + i * kDescriptorBytes, &descriptors[i], sizeof descriptors[i]);
    return bytes;
}

} // namespace baton::fuzz
