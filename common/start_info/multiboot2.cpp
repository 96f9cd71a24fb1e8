// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/multiboot2.hpp"

#include "core/video_mode.hpp"
#include "memory/e820.hpp"
#include "start_info/multiboot2_format.hpp"

#include <algorithm>

namespace baton {
namespace {

using namespace multiboot2;

constexpr uint64_t kLargestInfo = uint64_t{16} << 20;

class Parser {
  public:
    Parser(PhysAddr address, Bytes bytes, StartInfo& info)
        : address_(address),
          bytes_(bytes),
          info_(info) {}

    Result<void> run() {
        uint64_t at = 2 * sizeof(uint32_t);
        for (;;) {
            if (!fits(at, sizeof(TagHeader), bytes_.size()))
                return fail(ErrorCode::start_info_malformed, {at, ~0u, bytes_.size()});
            offset_ = at;
            const auto header = read_at<TagHeader>(bytes_, at);
            if (header.bytes < sizeof header || !fits(at, header.bytes, bytes_.size()))
                return malformed(header);
            if (header.type == kEndTag)
                return finish();
            TRY(read_tag(header, bytes_.subspan(at, header.bytes)));
            at += align_up(header.bytes, 8);
        }
    }

  private:
    std::unexpected<Error> malformed(const TagHeader& header) const {
        return fail(ErrorCode::start_info_malformed, {offset_, header.type, header.bytes});
    }

    Result<void> read_tag(const TagHeader& header, Bytes tag) {
        switch (header.type) {
        case kCommandLineTag:
            return read_text(header, tag.subspan(sizeof header), info_.command_line);
        case kModuleTag:
            return read_module(header, tag);
        case kBasicMemoryTag:
            return read_into(header, tag, basic_);
        case kMemoryMapTag:
            return read_map(header, tag);
        case kFramebufferTag:
            return read_framebuffer(header, tag);
        case kEfi64SystemTableTag:
            return read_efi_table(header, tag);
        case kAcpiOldTag:
            if (info_.rsdp.value == 0)
                info_.rsdp = address_ + offset_ + sizeof header;
            return {};
        case kAcpiNewTag:
            info_.rsdp = address_ + offset_ + sizeof header;
            return {};
        case kEfiMemoryMapTag:
            return read_efi_map(header, tag);
        default:
            return {};
        }
    }

    template<class T>
    Result<void> read_into(const TagHeader& header, Bytes tag, T& record) const {
        if (tag.size() < sizeof(T))
            return malformed(header);
        record = read_at<T>(tag, 0);
        return {};
    }

    Result<void> read_text(const TagHeader& header, Bytes bytes, std::string_view& text) const {
        const auto end = std::find(bytes.begin(), bytes.end(), std::byte{0});
        if (end == bytes.end())
            return malformed(header);
        text = {reinterpret_cast<const char*>(bytes.data()),
                static_cast<std::size_t>(end - bytes.begin())};
        return {};
    }

    Result<void> read_module(const TagHeader& header, Bytes tag) {
        ModuleTag module{};
        TRY(read_into(header, tag, module));
        std::string_view string;
        TRY(read_text(header, tag.subspan(sizeof module), string));
        return add_start_module(info_, module.start, module.end, string);
    }

    Result<void> read_map(const TagHeader& header, Bytes tag) {
        MapTag map{};
        TRY(read_into(header, tag, map));
        if (map.entry_bytes < sizeof(E820Entry))
            return malformed(header);
        if (!info_.efi_map.empty())
            return {};
        for (uint64_t at = sizeof map; fits(at, sizeof(E820Entry), tag.size());
             at += map.entry_bytes) {
            const auto entry = read_at<E820Entry>(tag, at);
            if (auto added =
                    info_.memory.add(e820_typed_range(entry.base, entry.bytes, entry.type));
                !added)
                return added;
        }
        return {};
    }

    Result<void> read_framebuffer(const TagHeader& header, Bytes tag) {
        if (tag.size() < offsetof(FramebufferTag, red_shift))
            return malformed(header);
        FramebufferTag given{};
        std::memcpy(&given, tag.data(), std::min(tag.size(), kFramebufferTagBytes));
        if (given.type == kDirectColour) {
            info_.framebuffer =
                usable_framebuffer(framebuffer_in({.width_pixels = given.width,
                                                   .height_pixels = given.height,
                                                   .pitch_bytes = given.pitch,
                                                   .bits_per_pixel = given.bits_per_pixel,
                                                   .red_shift = given.red_shift,
                                                   .red_bits = given.red_bits,
                                                   .green_shift = given.green_shift,
                                                   .green_bits = given.green_bits,
                                                   .blue_shift = given.blue_shift,
                                                   .blue_bits = given.blue_bits,
                                                   .linear = 1},
                                                  given.address, 0));
        }
        return {};
    }

    Result<void> read_efi_table(const TagHeader& header, Bytes tag) {
        EfiTableTag table{};
        TRY(read_into(header, tag, table));
        info_.efi_system_table = {table.address};
        return {};
    }

    Result<void> read_efi_map(const TagHeader& header, Bytes tag) {
        MapTag map{};
        TRY(read_into(header, tag, map));
        if (map.entry_bytes < sizeof(EfiMemoryDescriptor))
            return malformed(header);
        return add_efi_map(info_, tag.subspan(sizeof map), map.entry_bytes, map.version);
    }

    /// Where there is no map, what every BIOS reports is one of two ranges: section 3.6.4.
    Result<void> finish() {
        if (!info_.memory.entries().empty())
            return {};
        if (basic_.upper_kib == 0)
            return fail(ErrorCode::start_memory_map_missing);
        if (auto added = info_.memory.add(
                e820_typed_range(0, uint64_t{basic_.lower_kib} << 10, kE820Memory));
            !added)
            return added;
        return info_.memory.add(
            e820_typed_range(uint64_t{1} << 20, uint64_t{basic_.upper_kib} << 10, kE820Memory));
    }

    PhysAddr address_;
    Bytes bytes_;
    StartInfo& info_;
    BasicMemoryTag basic_{};
    uint64_t offset_ = 0; // of the tag being read
};

} // namespace

Result<void> read_multiboot2(PhysAddr address, const acpi::PhysicalMemory& memory,
                             StartInfo& info) {
    const Bytes head = memory.at(address, sizeof(uint32_t));
    if (head.size() != sizeof(uint32_t))
        return fail(ErrorCode::start_info_out_of_reach, {address.value, sizeof(uint32_t)});
    const auto total = read_at<uint32_t>(head, 0);
    if (total < 2 * sizeof(uint32_t) || total > kLargestInfo)
        return fail(ErrorCode::start_info_malformed, {0, ~0u, total});
    const auto bytes = TRY(StartReader(memory, info).read(address, total));
    return Parser(address, bytes, info).run();
}

} // namespace baton
