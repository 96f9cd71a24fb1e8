// SPDX-License-Identifier: BSD-2-Clause
//
// BootInfo, its arrays, and the firmware's tables that it names.
#include "context.hpp"
#include "cpu.hpp"

namespace {

constexpr uint64_t kPageBytes = 4096;

bool begins_with(const void* bytes, Text text) {
    for (unsigned i = 0; i < text.length; ++i)
        if (static_cast<const char*>(bytes)[i] != text.first[i])
            return false;
    return true;
}

/// An array of BootInfo: in the direct map, and in memory that is not free yet.
void check_array(Promise& promise, const Context& context, Text what, uint64_t address,
                 uint64_t bytes) {
    const uint64_t offset = address - context.info.direct_map_base;
    promise.expect(address >= context.info.direct_map_base &&
                       offset < context.info.direct_map_bytes,
                   what, address);
    promise.expect(bytes == 0 || context.is_all(offset, bytes, BATON_MEMORY_LOADER_RECLAIMABLE),
                   what, offset, bytes);
}

void check_record(Context& context) {
    Promise promise(context.tally, "boot_info_record");
    const BatonBootInfo& info = context.info;
    promise.expect_equal(info.magic, BATON_BOOT_INFO_MAGIC, "magic");
    promise.expect_equal(info.version, BATON_BOOT_INFO_VERSION, "version");
    promise.expect_equal(info.size, sizeof info, "size");
    promise.expect(begins_with(info.loader_name, "Baton"), "the loader is called Baton");
    promise.expect(info.loader_version[0] != '\0', "the loader has a version");
    check_array(promise, context, "the record is reclaimable", context.entry.rdi, info.size);
    check_array(promise, context, "memory_map", info.memory_map,
                uint64_t{info.memory_map_count} * info.memory_map_entry_bytes);
    check_array(promise, context, "firmware_memory_map", info.firmware_memory_map,
                info.firmware_memory_map_bytes);
    check_array(promise, context, "kernel_segments", info.kernel_segments,
                uint64_t{info.kernel_segment_count} * info.kernel_segment_entry_bytes);
    check_array(promise, context, "time_stamps", info.time_stamps,
                uint64_t{info.time_stamp_count} * info.time_stamp_entry_bytes);
}

void check_kernel_fields(Context& context) {
    Promise promise(context.tally, "kernel_fields");
    const BatonBootInfo& info = context.info;
    promise.expect_equal(info.kernel_entry, context.checker_start, "entry");
    promise.expect_equal(info.kernel_virtual_base,
                         context.parameters.segments().front().virtual_base, "virtual base");
    promise.expect_equal(info.kernel_slide, 0, "slide");
}

void check_page_table_roots(Context& context) {
    Promise promise(context.tally, "page_table_roots");
    const BatonBootInfo& info = context.info;
    promise.expect_equal(info.kernel_cr3, read_cr3(), "kernel_cr3");
    promise.expect(info.firmware_cr3 != 0 && info.firmware_cr3 % kPageBytes == 0,
                   "firmware_cr3 is a page", info.firmware_cr3);
    promise.expect(info.firmware_cr3 != info.kernel_cr3, "the roots differ");
}

void check_time_stamps(Context& context) {
    Promise promise(context.tally, "time_stamps_ascend");
    uint64_t last = 0;
    promise.expect(context.info.time_stamp_count > BATON_BOOT_INFO_VERSION, "there are some");
    for (const BatonTimeStamp& stamp : context.view().time_stamps()) {
        promise.expect(stamp.tsc >= last && stamp.tsc != 0, "in order", last, stamp.tsc);
        promise.expect(stamp.name[0] != '\0' && stamp.name[sizeof stamp.name - 1] == '\0', "named",
                       stamp.tsc);
        last = stamp.tsc;
    }
    promise.expect(read_tsc() >= last, "in the past", last);
}

uint8_t byte_sum(const uint8_t* bytes, unsigned count) {
    uint8_t sum = 0;
    for (unsigned i = 0; i < count; ++i)
        sum = static_cast<uint8_t>(sum + bytes[i]);
    return sum;
}

void check_rsdp(Context& context) {
    Promise promise(context.tally, "acpi_root");
    const auto* rsdp = context.at_physical<uint8_t>(context.info.rsdp_physical);
    // ACPI 6.5 section 5.2.5.3: 20 bytes sum up to 0, and the revision is at 15.
    promise.expect(context.info.rsdp_physical != 0 && begins_with(rsdp, "RSD PTR ") &&
                       byte_sum(rsdp, 20) == 0,
                   "an RSDP with its checksum", context.info.rsdp_physical);
    promise.expect_equal(rsdp[15], context.parameters.acpi_revision, "its revision");
}

void check_smbios(Context& context) {
    Promise promise(context.tally, "smbios_entry_points");
    const uint64_t smbios = context.info.smbios_physical;
    const uint64_t smbios3 = context.info.smbios3_physical;
    promise.expect(smbios != 0 || smbios3 != 0, "there is one");
    promise.expect(smbios == 0 || begins_with(context.at_physical<uint8_t>(smbios), "_SM_"), "_SM_",
                   smbios);
    promise.expect(smbios3 == 0 || begins_with(context.at_physical<uint8_t>(smbios3), "_SM3_"),
                   "_SM3_", smbios3);
}

void check_efi_system_table(Context& context) {
    Promise promise(context.tally, "efi_system_table");
    // UEFI 2.10 sections 4.2 and 4.3: the signature, and after ExitBootServices BootServices is
    // null.
    constexpr uint64_t kSignature = 0x5453'5953'2049'4249;
    constexpr unsigned kBootServices = 96 / sizeof(uint64_t);
    const uint64_t physical = context.info.efi_system_table_physical;
    const auto* table = context.at_physical<uint64_t>(physical);
    promise.expect(physical != 0 && *table == kSignature, "its signature", physical, *table);
    promise.expect_equal(table[kBootServices], 0, "boot services are gone");
    promise.expect_equal(context.memory_type(physical), BATON_MEMORY_RUNTIME_SERVICES,
                         "its memory type");
}

} // namespace

void check_records(Context& context) {
    check_record(context);
    check_kernel_fields(context);
    check_page_table_roots(context);
    check_time_stamps(context);
}

void check_firmware_tables(Context& context) {
    check_rsdp(context);
    check_smbios(context);
    check_efi_system_table(context);
}

void check_framebuffers(Context& context) {
    Promise promise(context.tally, "framebuffers");
    constexpr unsigned kWriteCombining = 5; // the PAT entry
    promise.expect_equal(context.info.framebuffer_count, context.parameters.framebuffer_count,
                         "how many there are");
    for (const BatonFramebuffer& screen : context.view().framebuffers()) {
        promise.expect(screen.width_pixels >= 640 && screen.height_pixels >= 480, "resolution",
                       screen.width_pixels, screen.height_pixels);
        promise.expect(uint64_t{screen.pitch_bytes} * screen.height_pixels <= screen.bytes,
                       "its rows fit", screen.pitch_bytes, screen.bytes);
        promise.expect_equal(screen.bits_per_pixel, 32, "bits of a pixel");
        promise.expect_equal(screen.red_bits + screen.green_bits + screen.blue_bits, 24,
                             "bits of colour");
        for (uint64_t end : {uint64_t{0}, screen.bytes - 1}) {
            const Translation place = context.tables.translate(screen.address + end);
            promise.expect(place.present && place.writable && !place.executable, "mapped", end);
            promise.expect_equal(place.physical, screen.base_physical + end, "mapped to");
            promise.expect_equal(place.pat_entry, kWriteCombining, "PAT entry");
        }
        auto* pixel = reinterpret_cast<volatile uint32_t*>(screen.address);
        *pixel = 0x123456;
        promise.expect_equal(*pixel & 0xffffff, 0x123456, "a pixel can be written");
    }
}
