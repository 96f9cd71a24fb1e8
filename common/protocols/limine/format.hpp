// SPDX-License-Identifier: BSD-2-Clause
//
// The records of Limine's boot protocol on x86-64, base revisions 0 to 6: PROTOCOL.md of the
// repository Limine-Bootloader/limine-protocol. Every pointer is a virtual address in 64 bits. It
// needs nothing of Baton's, so that a kernel can use it too.
#pragma once

#include <cstddef>
#include <cstdint>

namespace limine {

// "Request": the first two words of each id.
inline constexpr uint64_t kRequestMagic[2] = {0xc7b1'dd30'df4c'8b88, 0x0a82'e883'a194'f07b};
// "Base Revisions": the first two words of a tag; the third one is the revision.
inline constexpr uint64_t kRevisionMagic[2] = {0xf956'2b2d'5c95'a6c8, 0x6a7b'3849'4453'6bdc};
inline constexpr uint64_t kNewestRevision = 6;
// "Requests Delimiters".
inline constexpr uint64_t kStartMarker[4] = {0xf6b8'f4b3'9de7'd1ae, 0xfab9'1a69'40fc'b9cf,
                                             0x785c'6ed0'15d3'e316, 0x181e'920a'7852'b9d9};
inline constexpr uint64_t kEndMarker[2] = {0xadc0'e053'1bb1'0d03, 0x9572'709f'3176'4c62};

// "Feature List", X(name, third word of the id, fourth word): all that the text has.
// clang-format off
#define LIMINE_REQUESTS(X) \
    X(bootloader_info, 0xf550'38d8'e2a1'202f, 0x2794'26fc'f5f5'9740) \
    X(executable_cmdline, 0x4b16'1536'e598'651e, 0xb390'ad4a'2f1f'303a) \
    X(firmware_type, 0x8c2f'75d9'0bef'28a8, 0x7045'a468'8eac'00c3) \
    X(stack_size, 0x224e'f046'0a8e'8926, 0xe1cb'0fc2'5f46'ea3d) \
    X(hhdm, 0x48dc'f1cb'8ad2'b852, 0x6398'4e95'9a98'244b) \
    X(framebuffer, 0x9d58'27dc'd881'dd75, 0xa314'8604'f6fa'b11b) \
    X(paging_mode, 0x95c1'a0ed'ab09'44cb, 0xa4e5'cb38'42f7'488a) \
    X(mp, 0x95a6'7b81'9a1b'857e, 0xa0b6'1b72'3b6a'73e0) \
    X(memory_map, 0x67cf'3d9d'378a'806f, 0xe304'acdf'c50c'3c62) \
    X(entry_point, 0x13d8'6c03'5a1c'd3e1, 0x2b0c'aa89'd8f3'026a) \
    X(executable_file, 0xad97'e90e'83f1'ed67, 0x31eb'5d1c'5ff2'3b69) \
    X(modules, 0x3e7e'2797'02be'32af, 0xca1c'4f3b'd128'0cee) \
    X(rsdp, 0xc5e7'7b6b'397e'7b43, 0x2763'7845'accd'cf3c) \
    X(smbios, 0x9e90'46f1'1e09'5391, 0xaa4a'520f'efbd'e5ee) \
    X(efi_system_table, 0x5ceb'a516'3eaa'f6d6, 0x0a69'8161'0cf6'5fcc) \
    X(efi_memory_map, 0x7df6'2a43'1d68'72d5, 0xa4fc'dfb3'e573'06c8) \
    X(date_at_boot, 0x5027'46e1'84c0'88aa, 0xfbc5'ec83'e632'7893) \
    X(executable_address, 0x71ba'7686'3cc5'5f63, 0xb264'4a48'c516'a487) \
    X(device_tree, 0xb40d'db48'fb54'bac7, 0x5450'8149'3f81'ffb7) \
    X(bootloader_performance, 0x6b50'ad9b'f36d'13ad, 0xdc4c'7e88'fc75'9e17) \
    X(keep_iommu, 0x8eba'abe5'1f49'0179, 0x2aa8'6a59'ffb4'ab0f) \
    X(riscv_hart_id, 0x1369'359f'0255'25f9, 0x2ff2'a561'7839'1bb6) \
    X(flanterm_parameters, 0x3259'399f'e7c5'f126, 0xe01c'1c8c'5db9'd1a9)
// clang-format on

enum class Feature : uint8_t {
#define LIMINE_ENUMERATOR(name, third, fourth) name,
    LIMINE_REQUESTS(LIMINE_ENUMERATOR)
#undef LIMINE_ENUMERATOR
};
#define LIMINE_COUNT(name, third, fourth) +1 // NOLINT(*-macro-parentheses)
inline constexpr std::size_t kFeatures = LIMINE_REQUESTS(LIMINE_COUNT);
#undef LIMINE_COUNT

struct Id {
    uint64_t third, fourth;
    constexpr bool operator==(const Id&) const = default;
};

inline constexpr Id kIds[kFeatures] = {
#define LIMINE_ID(name, third, fourth) {third, fourth},
    LIMINE_REQUESTS(LIMINE_ID)
#undef LIMINE_ID
};

struct Request {
    uint64_t magic[2];
    Id id;
    uint64_t revision;
    uint64_t response;
};
struct RevisionTag {
    uint64_t magic[2]; // [1] becomes the revision that is used
    uint64_t revision; // 0: it is supported
};

// Requests that say more, and their responses. The responses of stack_size, entry_point and
// keep_iommu have no field but the revision.
struct StackSizeRequest {
    Request head;
    uint64_t bytes;
};
struct PagingModeRequest {
    Request head;
    uint64_t mode;
    uint64_t max_mode, min_mode; // from revision 1 on
};
inline constexpr uint64_t kPagingFourLevels = 0;
inline constexpr uint64_t kPagingFiveLevels = 1;
struct EntryPointRequest {
    Request head;
    uint64_t entry;
};
struct ModulesRequest {
    Request head;
    uint64_t count; // from revision 1 on, both
    uint64_t modules;
};
struct InternalModule {
    uint64_t path;
    uint64_t string;
    uint64_t flags;
};
inline constexpr uint64_t kModuleRequired = 1;
inline constexpr uint64_t kModuleCompressed = 2;

struct ProcessorsRequest {
    Request head;
    uint64_t flags; // kX2apic: if possible
};
inline constexpr uint64_t kX2apic = 1;

struct BootloaderInfo {
    uint64_t revision;
    uint64_t name, version;
};
/// executable_cmdline, firmware_type, hhdm, paging_mode, executable_file, rsdp, efi_system_table,
/// date_at_boot.
struct OneValue {
    uint64_t revision;
    uint64_t value;
};
inline constexpr uint64_t kFirmwareBios = 0;
inline constexpr uint64_t kFirmwareEfi64 = 2;
/// framebuffer, memory_map, modules: an array of pointers.
struct List {
    uint64_t revision;
    uint64_t count;
    uint64_t entries;
};
/// smbios: the entry points of 2.x and 3.x; executable_address: the physical base and the virtual
/// one.
struct TwoValues {
    uint64_t revision;
    uint64_t first, second;
};
struct EfiMemoryMap {
    uint64_t revision;
    uint64_t map, bytes, descriptor_bytes, descriptor_version;
};
/// In microseconds.
struct Performance {
    uint64_t revision;
    uint64_t reset, init, exec;
};

enum MemoryType : uint64_t {
    kUsable = 0,
    kReserved = 1,
    kAcpiReclaimable = 2,
    kAcpiNvs = 3,
    kBadMemory = 4,
    kBootloaderReclaimable = 5,
    kExecutableAndModules = 6,
    kFramebuffer = 7,
    kReservedMapped = 8,
};
struct MemoryEntry {
    uint64_t base, length, type;
};

inline constexpr uint8_t kRgb = 1;
struct Framebuffer {
    uint64_t address, width, height, pitch;
    uint16_t bits_per_pixel;
    uint8_t memory_model;
    uint8_t red_bits, red_shift, green_bits, green_shift, blue_bits, blue_shift;
    uint8_t unused[7];
    uint64_t edid_bytes, edid;
    uint64_t mode_count, modes;
};
struct VideoMode {
    uint64_t pitch, width, height;
    uint16_t bits_per_pixel;
    uint8_t memory_model;
    uint8_t red_bits, red_shift, green_bits, green_shift, blue_bits, blue_shift;
};

struct Processors {
    uint64_t revision;
    uint32_t flags; // kX2apic
    uint32_t boot_id;
    uint64_t count;
    uint64_t entries; // pointers
};
struct Processor {
    uint32_t uid;
    uint32_t id;
    uint64_t reserved;
    uint64_t go;       // the kernel's: where to jump to
    uint64_t argument; // the kernel's
};

inline constexpr uint32_t kMediaGeneric = 0;
inline constexpr uint32_t kMediaTftp = 2;
struct Uuid {
    uint8_t bytes[16];
};
struct File {
    uint64_t revision;
    uint64_t address, bytes, path, string;
    uint32_t media_type, unused;
    uint32_t tftp_ip, tftp_port;
    uint32_t partition_index, mbr_disk_id;
    Uuid gpt_disk, gpt_partition, file_system;
};

static_assert(sizeof(Request) == 48);
static_assert(sizeof(Processors) == 32 && sizeof(Processor) == 32);
static_assert(sizeof(Framebuffer) == 80);
static_assert(sizeof(VideoMode) == 40);
static_assert(sizeof(File) == 112);

} // namespace limine
