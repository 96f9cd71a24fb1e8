// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/long_name.hpp"

#include "config/unicode.hpp"
#include "core/arena.hpp"
#include "core/bytes.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/heap_arena.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

// The FAT File System Specification of Microsoft, version 1.03: the boot sector, and an entry of a
// directory that has a part of a long name.
constexpr std::size_t kBytesPerSector = 11, kSectorsPerCluster = 13, kReservedSectors = 14,
                      kFats = 16, kRootEntries = 17, kSectorsPerFat = 22, kSectorsPerFat32 = 36;
constexpr std::size_t kEntryBytes = 32, kAttributes = 11;
constexpr std::byte kLongName{0x0f}, kUnused{0xe5}, kOrderMask{0x3f};
constexpr std::array<std::size_t, 13> kCharacters = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

std::u16string utf16_of(std::string_view name) {
    HeapArena arena;
    const auto utf16 = to_utf16(name, arena);
    return utf16 ? std::u16string(*utf16) : std::u16string();
}

/// A volume in an image.
class FatVolume {
  public:
    FatVolume(const fs::path& image, uint64_t offset)
        : file_(image, std::ios::in | std::ios::out | std::ios::binary),
          offset_(offset) {
        file_.exceptions(std::ios::failbit | std::ios::badbit);
        std::array<std::byte, 512> boot_sector{};
        read(0, boot_sector);
        const Bytes bytes = boot_sector;
        const uint64_t sector_bytes = read_at<uint16_t>(bytes, kBytesPerSector);
        const uint64_t fat = read_at<uint16_t>(bytes, kSectorsPerFat);
        const uint64_t fat_sectors = fat != 0 ? fat : read_at<uint32_t>(bytes, kSectorsPerFat32);
        cluster_bytes_ = sector_bytes * read_at<uint8_t>(bytes, kSectorsPerCluster);
        data_ = sector_bytes * (read_at<uint16_t>(bytes, kReservedSectors) +
                                read_at<uint8_t>(bytes, kFats) * fat_sectors) +
                kEntryBytes * read_at<uint16_t>(bytes, kRootEntries);
    }

    uint64_t cluster_bytes() const { return cluster_bytes_; }
    uint64_t offset_of(uint32_t cluster) const { return data_ + (cluster - 2) * cluster_bytes_; }

    void read(uint64_t at, std::span<std::byte> into) {
        file_.seekg(static_cast<std::streamoff>(offset_ + at));
        file_.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(into.size()));
    }
    void write(uint64_t at, Bytes bytes) {
        file_.seekp(static_cast<std::streamoff>(offset_ + at));
        file_.write(reinterpret_cast<const char*>(bytes.data()),
                    static_cast<std::streamsize>(bytes.size()));
    }

  private:
    std::fstream file_;
    uint64_t offset_;
    uint64_t cluster_bytes_ = 0;
    uint64_t data_ = 0; // where cluster 2 is
};

/// The part of the name that this entry has.
void put_characters(std::span<std::byte> entry, std::u16string_view name) {
    const auto order = static_cast<std::size_t>(entry[0] & kOrderMask);
    if (order == 0)
        return; // they count from 1
    for (std::size_t i = 0; i < kCharacters.size(); ++i) {
        const std::size_t at = (order - 1) * kCharacters.size() + i;
        if (at >= name.size())
            return; // the end, and what fills the entry up, are there
        entry[kCharacters[i]] = static_cast<std::byte>(name[at] & 0xff);
        entry[kCharacters[i] + 1] = static_cast<std::byte>(name[at] >> 8);
    }
}

} // namespace

std::string name_to_copy(std::string_view name) {
    const auto is_ascii = [](char character) {
        return static_cast<unsigned char>(character) < 0x80;
    };
    // '+' is in no short name: each of these is a long one.
    return std::ranges::all_of(name, is_ascii) ? std::string(name)
                                               : std::string(utf16_of(name).size(), '+');
}

void write_long_name(const fs::path& image, uint64_t offset, std::span<const uint32_t> clusters,
                     std::string_view name) {
    const std::u16string characters = utf16_of(name);
    try {
        FatVolume volume(image, offset);
        std::vector<std::byte> content(volume.cluster_bytes());
        for (const uint32_t cluster : clusters) {
            volume.read(volume.offset_of(cluster), content);
            for (std::size_t at = 0; at + kEntryBytes <= content.size(); at += kEntryBytes) {
                const auto entry = std::span(content).subspan(at, kEntryBytes);
                if (entry[kAttributes] == kLongName && entry[0] != kUnused)
                    put_characters(entry, characters);
            }
            volume.write(volume.offset_of(cluster), content);
        }
    } catch (const std::ios::failure&) {
        throw Failure("can't write the name of " + std::string(name) + " into " + image.string());
    }
}

} // namespace baton::tool
