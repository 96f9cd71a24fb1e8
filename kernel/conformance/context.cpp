// SPDX-License-Identifier: BSD-2-Clause
#include "context.hpp"

#include "efi.hpp"
#include "own_image.hpp"

namespace conformance {

bool Context::is_device(uint64_t page) const {
    const BatonMemoryRange* range = range_of(page);
    return range == nullptr || range->type == BATON_MEMORY_RESERVED;
}

uint64_t Context::identity_bytes() const {
    const BatonRequestNote* const request = own_image::request(BATON_REQUEST_IDENTITY);
    return request == nullptr ? 0 : request->values[0];
}

bool Context::is_of_the_handoff(uint64_t page) const {
    constexpr uint32_t kMappings = 3;
    uint32_t index = 0;
    for (const BatonIdentityMapping& mapping : view().identity_mappings())
        if ((index++ < kMappings || (mapping.permissions & BATON_SEGMENT_EXECUTE) != 0) &&
            page - mapping.base < mapping.bytes)
            return true;
    return false;
}

bool Context::is_runtime_page(const Leaf& leaf, bool code) const {
    constexpr uint32_t kRuntimeServicesCode = 5;
    if (own_image::request(BATON_REQUEST_RUNTIME_MAP) == nullptr)
        return false;
    const BatonMemoryRange* range = range_of(leaf.physical);
    return range != nullptr && (range->attributes & efi::kMemoryRuntime) != 0 &&
           leaf.physical + leaf.bytes <= range->base_physical + range->bytes &&
           (code ? range->firmware_type == kRuntimeServicesCode
                 : range->type == BATON_MEMORY_RESERVED);
}

const BatonMemoryRange* Context::range_of(uint64_t physical) const {
    for (const BatonMemoryRange& range : view().memory_map())
        if (physical - range.base_physical < range.bytes)
            return &range;
    return nullptr;
}

bool Context::is_all(uint64_t physical, uint64_t bytes, uint32_t type) const {
    while (bytes != 0) {
        const BatonMemoryRange* range = range_of(physical);
        if (range == nullptr || range->type != type)
            return false;
        const uint64_t here = range->base_physical + range->bytes - physical;
        if (here >= bytes)
            return true;
        physical += here;
        bytes -= here;
    }
    return true;
}

bool Context::is_mapped(uint64_t address, uint64_t bytes) const {
    if (bytes == 0)
        return true;
    const uint64_t last = address + (bytes - 1);
    if (last < address)
        return false;
    for (uint64_t at = address;;) {
        const Leaf leaf = tables.translate(at);
        if (!leaf.present)
            return false;
        const uint64_t page_last = at | (leaf.bytes - 1);
        if (page_last >= last)
            return true;
        at = page_last + 1;
    }
}

std::span<const uint8_t> Context::at_physical(uint64_t physical, uint64_t bytes) const {
    const uint64_t address = info.direct_map_base + physical;
    if (!is_in_direct_map(address, bytes) || !is_mapped(address, bytes))
        return {};
    return {reinterpret_cast<const uint8_t*>(address), bytes};
}

std::string_view Context::text_at(uint64_t address) const {
    const auto* text = reinterpret_cast<const char*>(address);
    size_t length = 0;
    for (;;) {
        const uint64_t at = address + length;
        if ((length == 0 || at % kPageBytes == 0) &&
            (!is_in_direct_map(at, 1) || !is_mapped(at, 1)))
            return {};
        if (text[length] == '\0')
            return {text, length};
        ++length;
    }
}

void Context::expect_record(Verdict& verdict, std::string_view what, uint64_t address,
                            uint64_t bytes, uint64_t alignment) const {
    if (bytes == 0)
        return;
    verdict.expect(is_in_direct_map(address, bytes), what, address);
    verdict.expect(is_mapped(address, bytes), what, address);
    verdict.expect(address % alignment == 0, what, address);
    verdict.expect(is_all(address - info.direct_map_base, bytes, BATON_MEMORY_LOADER_RECLAIMABLE),
                   what, address);
}

void Context::expect_text(Verdict& verdict, std::string_view what, uint64_t address) const {
    verdict.expect(address != 0, what, address);
    if (address == 0)
        return;
    const std::string_view text = text_at(address);
    verdict.expect(text.data() != nullptr, what, address);
    expect_record(verdict, what, address, text.size() + 1, 1);
}

} // namespace conformance
