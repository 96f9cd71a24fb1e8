// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/efi_tables.hpp"

#include "start_info/efi_system_table.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr uint64_t kLargestTable = uint64_t{16} << 20;

/// A table is `fixed` bytes and an array: the number of entries is at `count_at`, of `count_bytes`;
/// an entry has `entry_bytes`, or as many as the 32 bits at `entry_bytes_at` say.
struct Shape {
    EfiGuid guid;
    uint32_t fixed;
    uint32_t count_at = 0, count_bytes = 0;
    uint32_t entry_bytes = 1, entry_bytes_at = 0;
};

constexpr EfiGuid kHobList = efi_guid(0x7739f24c, 0x93d7, 0x11d4, 0x9a3a'0090'273f'c14d);
constexpr EfiGuid kImages = efi_guid(0xd719b2cb, 0x3d3a, 0x4596, 0xa3bc'dad0'0e67'656f);
constexpr EfiGuid kMokVariables = efi_guid(0xc451ed2b, 0x9694, 0x45d3, 0xbaba'ed9f'8988'a389);
constexpr EfiGuid kDeviceTree = efi_guid(0xb1b621d5, 0xf19c, 0x41a5, 0x830b'd915'2c69'aae0);
constexpr EfiGuid kDebugImages = efi_guid(0x49152e77, 0x1ada, 0x4764, 0xb7a2'7afe'fed9'5e8b);
constexpr EfiGuid kSecrets = efi_guid(0xadf956ad, 0xe98c, 0x484c, 0xae11'b51c'7d33'6447);

constexpr Shape kShapes[] = {
    // Memory attributes, UEFI 2.10 section 4.6.4
    {.guid = efi_guid(0xdcfa911d, 0x26eb, 0x469f, 0xa220'38b7'dc46'1220),
     .fixed = 16,
     .count_at = 4,
     .count_bytes = 4,
     .entry_bytes_at = 8},
    // Runtime properties, section 4.6.2
    {.guid = efi_guid(0xeb66918a, 0x7eef, 0x402a, 0x842e'931d'21c3'8ae9), .fixed = 8},
    // Conformance profiles, section 4.6.5
    {.guid = efi_guid(0x36122546, 0xf7e7, 0x4c8f, 0xbd9b'eb85'25b5'0c0b),
     .fixed = 4,
     .count_at = 2,
     .count_bytes = 2,
     .entry_bytes = 16},
    // EFI System Resource Table, section 23.4
    {.guid = efi_guid(0xb122a263, 0x3661, 0x4f68, 0x9929'78f8'b0d6'2180),
     .fixed = 16,
     .count_bytes = 4,
     .entry_bytes = 40},
    // JSON capsules: configuration, data, result; section 23.5
    {.guid = efi_guid(0x87367f87, 0x1119, 0x41ce, 0xaaec'8be0'111f'558a),
     .fixed = 0,
     .count_at = 4,
     .count_bytes = 4},
    {.guid = efi_guid(0x35e7a725, 0x8dd2, 0x4cac, 0x8011'33cd'a810'9056),
     .fixed = 0,
     .count_at = 4,
     .count_bytes = 4},
    {.guid = efi_guid(0xdbc461c3, 0xb3de, 0x422a, 0xb9b4'9886'fd49'a1e5),
     .fixed = 0,
     .count_at = 4,
     .count_bytes = 4},
    // Properties, UEFI 2.6 section 4.6
    {.guid = efi_guid(0x880aaca3, 0x4adc, 0x4a04, 0x9079'b747'3408'25e5), .fixed = 16},
    // Final events of the TPM's log: TCG EFI Protocol Specification section 7; at least 64 KiB
    {.guid = efi_guid(0x1e2ed096, 0x30e2, 0x4254, 0xbd89'863b'bef8'2325), .fixed = 0x1'0000},
    // DXE services and memory types: UEFI PI, and EDK II
    {.guid = efi_guid(0x05ad34ba, 0x6f02, 0x4214, 0x952e'4da0'398e'2bb9),
     .fixed = 0,
     .count_at = 12,
     .count_bytes = 4},
    {.guid = efi_guid(0x4c19049f, 0x4137, 0x4dd3, 0x9c10'8b97'a83f'fdfa), .fixed = 17 * 8},
    // Of boot loaders that came before: the random seed, and the TPM's log, for Linux
    {.guid = efi_guid(0x1ce1e5bc, 0x7ceb, 0x42f2, 0x81e5'8aad'f180'f57b),
     .fixed = 4,
     .count_bytes = 4},
    {.guid = efi_guid(0xb7799cb0, 0xeca2, 0x4943, 0x9667'1fae'07b7'47fa),
     .fixed = 9,
     .count_bytes = 4},
    {.guid = kDebugImages, .fixed = 16},
    {.guid = kSecrets, .fixed = 16},
};

class Collector {
  public:
    Collector(const acpi::PhysicalMemory& memory, RangeSet& ranges)
        : memory_(memory),
          ranges_(ranges) {}

    void add_system(PhysAddr address) {
        const auto system = record<EfiSystemTable>(address);
        if (system.signature != kEfiSystemTableSignature)
            return;
        add({address, std::max<uint64_t>(system.header_bytes, sizeof system)});
        add({{system.runtime_services}, record<EfiTableHeader>({system.runtime_services}).bytes});
        add({{system.firmware_vendor}, text_bytes({system.firmware_vendor})});
        const uint64_t count = std::min(system.table_count, kMostEfiTables);
        const PhysRange list{{system.tables}, count * sizeof(EfiConfigurationTable)};
        add(list);
        for (uint64_t i = 0; i < count; ++i)
            add_table(record<EfiConfigurationTable>(list.base + i * sizeof(EfiConfigurationTable)));
    }

  private:
    template<class T>
    T record(PhysAddr address) const {
        const Bytes bytes = memory_.at(address, sizeof(T));
        return bytes.size() == sizeof(T) ? read_at<T>(bytes, 0) : T{};
    }
    bool is_there(PhysRange range) const {
        return range.bytes != 0 && range.bytes <= kLargestTable &&
               memory_.at(range.base, range.bytes).size() == range.bytes;
    }
    /// All of it, or else the beginning.
    void add(PhysRange range) {
        if (range.base.value == 0)
            return;
        if (!is_there(range))
            range.bytes = 1;
        if (is_there(range))
            ranges_.add(range);
    }

    void add_table(const EfiConfigurationTable& entry) {
        const PhysAddr address{entry.table};
        add({address, bytes_of(entry.guid, address)});
        if (entry.guid == kEfiAcpi20 || entry.guid == kEfiAcpi10)
            add_acpi(address);
        else if (entry.guid == kEfiSmbios) // SMBIOS 3.6 section 5.2.1
            add({{record<uint32_t>(address + 24)}, record<uint16_t>(address + 22)});
        else if (entry.guid == kEfiSmbios3) // section 5.2.2
            add({{record<uint64_t>(address + 16)}, record<uint32_t>(address + 12)});
        else if (entry.guid == kDebugImages) // UEFI 2.10 section 18.4.3
            add({{record<uint64_t>(address + 8)}, record<uint32_t>(address + 4) * uint64_t{8}});
        else if (entry.guid == kSecrets) // of a confidential guest: a base and a size
            add({{record<uint64_t>(address)}, record<uint64_t>(address + 8)});
    }

    /// 0 where it isn't known.
    uint64_t bytes_of(const EfiGuid& guid, PhysAddr address) const {
        if (guid == kHobList)
            return hob_list_bytes(address);
        if (guid == kImages)
            return image_list_bytes(address);
        if (guid == kMokVariables)
            return mok_variables_bytes(address);
        if (guid == kDeviceTree)
            return device_tree_bytes(address);
        if (guid == kEfiSmbios)
            return record<uint8_t>(address + 5);
        if (guid == kEfiSmbios3)
            return record<uint8_t>(address + 6);
        const auto* const shape = std::ranges::find(kShapes, guid, &Shape::guid);
        return shape == std::end(kShapes) ? 0 : shape_bytes(*shape, address);
    }

    uint64_t shape_bytes(const Shape& shape, PhysAddr address) const {
        uint64_t count = 0;
        if (shape.count_bytes == 2)
            count = record<uint16_t>(address + shape.count_at);
        else if (shape.count_bytes == 4)
            count = record<uint32_t>(address + shape.count_at);
        const uint64_t entry_bytes = shape.entry_bytes_at == 0
                                         ? shape.entry_bytes
                                         : record<uint32_t>(address + shape.entry_bytes_at);
        return shape.fixed + count * entry_bytes; // of 32 bits each: no overflow
    }

    /// UEFI PI 1.8 volume 3 section 4.5: each has its length; the last one is of type FFFFh.
    uint64_t hob_list_bytes(PhysAddr address) const {
        constexpr uint16_t kEnd = 0xffff, kHeaderBytes = 8;
        struct Header {
            uint16_t type, length;
        };
        uint64_t bytes = 0;
        while (bytes < kLargestTable) {
            const auto [type, length] = record<Header>(address + bytes);
            if (length < kHeaderBytes)
                return bytes;
            bytes += length;
            if (type == kEnd)
                return bytes;
        }
        return 0;
    }

    /// UEFI 2.10 section 32.5.3.1, EFI_IMAGE_EXECUTION_INFO_TABLE.
    uint64_t image_list_bytes(PhysAddr address) const {
        const auto count = record<uint64_t>(address);
        uint64_t bytes = sizeof count;
        for (uint64_t i = 0; i < count && bytes < kLargestTable; ++i) {
            const auto entry_bytes = record<uint32_t>(address + bytes + 4);
            if (entry_bytes < 8)
                return bytes;
            bytes += entry_bytes;
        }
        return bytes;
    }

    /// shim's: a name of 256 characters, a size, and as many bytes; the last one has no name.
    uint64_t mok_variables_bytes(PhysAddr address) const {
        constexpr uint64_t kNameBytes = 256, kHeaderBytes = kNameBytes + sizeof(uint64_t);
        uint64_t bytes = 0;
        while (bytes < kLargestTable) {
            const auto first = record<char>(address + bytes);
            const auto data_bytes = record<uint64_t>(address + bytes + kNameBytes);
            bytes += kHeaderBytes;
            if (first == 0 || data_bytes > kLargestTable)
                return bytes;
            bytes += data_bytes;
        }
        return 0;
    }

    /// Devicetree Specification 0.4 section 5.2: big-endian.
    uint64_t device_tree_bytes(PhysAddr address) const {
        constexpr uint32_t kMagic = 0xd00dfeed;
        if (__builtin_bswap32(record<uint32_t>(address)) != kMagic)
            return 0;
        return __builtin_bswap32(record<uint32_t>(address + 4));
    }

    void add_acpi(PhysAddr root_pointer) {
        acpi::add_tables(memory_, root_pointer, ranges_);
        // The firmware's logo: ACPI 6.5 section 5.2.23; a BMP file has its size at 2.
        if (const Bytes bgrt = acpi::find_table(memory_, root_pointer, "BGRT"); bgrt.size() >= 48) {
            const PhysAddr image{read_at<uint64_t>(bgrt, 40)};
            add({image, image.value == 0 ? 0 : record<uint32_t>(image + 2)});
        }
        // The TPM's event log: TCG ACPI Specification, tables TPM2 and TCPA (of a client, class 0).
        if (const Bytes tpm2 = acpi::find_table(memory_, root_pointer, "TPM2"); tpm2.size() >= 76)
            add({{read_at<uint64_t>(tpm2, 68)}, read_at<uint32_t>(tpm2, 64)});
        if (const Bytes tcpa = acpi::find_table(memory_, root_pointer, "TCPA");
            tcpa.size() >= 50 && read_at<uint16_t>(tcpa, 36) == 0)
            add({{read_at<uint64_t>(tcpa, 42)}, read_at<uint32_t>(tcpa, 38)});
    }

    /// Of UTF-16 with its end.
    uint64_t text_bytes(PhysAddr address) const {
        constexpr uint64_t kLongest = 1024;
        for (uint64_t bytes = 2; bytes <= kLongest; bytes += 2)
            if (record<char16_t>(address + (bytes - 2)) == 0)
                return bytes;
        return kLongest;
    }

    const acpi::PhysicalMemory& memory_;
    RangeSet& ranges_;
};

} // namespace

void add_efi_tables(const acpi::PhysicalMemory& memory, PhysAddr system_table, RangeSet& ranges) {
    Collector(memory, ranges).add_system(system_table);
}

} // namespace baton
