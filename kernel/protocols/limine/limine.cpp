// SPDX-License-Identifier: BSD-2-Clause
//
// Prints what a kernel is given that speaks Limine's protocol, and judges it by the promises of
// docs/protocols/limine.md.
#include "../console.h"
#include "acpi.hpp"
#include "devices.hpp"
#include "entry_state.hpp"
#include "page_tables.hpp"
#include "processors.hpp"
#include "requests.hpp"

#include <initializer_list>

extern "C" {
EntryState entry_state = {};
extern const char image_start[], image_end[];
[[noreturn]] void kernel_main();
}

namespace {

using limine::Feature;
using requests::response_to;

constexpr uint64_t kRevision = LIMINE_TEST_REVISION;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kLa57 = 1 << 12;

uint64_t direct_map = 0;
const limine::List* memory_map = nullptr;

template<class T>
const T& at(uint64_t address) {
    return *reinterpret_cast<const T*>(address);
}
/// A response; the kernel has looked whether it is there.
template<class T>
const T& response(Feature feature) {
    return at<T>(response_to(feature));
}
uint64_t value(Feature feature) {
    return response<limine::OneValue>(feature).value;
}
const limine::MemoryEntry& entry(uint64_t index) {
    return at<limine::MemoryEntry>(at<uint64_t>(memory_map->entries + 8 * index));
}

PageTables page_tables() {
    return {entry_state.cr3, (entry_state.cr4 & kLa57) != 0 ? 5u : 4u, direct_map};
}

bool are_equal(const void* a, const void* b, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i)
        if (static_cast<const char*>(a)[i] != static_cast<const char*>(b)[i])
            return false;
    return true;
}

bool is_command_line(const char* text, uint64_t bytes) {
    return are_equal(&at<char>(value(Feature::executable_cmdline)), text, bytes);
}

/// What the map says of a physical address; ~0: nothing.
uint64_t type_at(uint64_t physical) {
    uint64_t type = ~uint64_t{0};
    for (uint64_t i = 0; i < memory_map->count; ++i)
        if (physical - entry(i).base < entry(i).length)
            type = entry(i).type;
    return type;
}

void print_text(const char* name, uint64_t text) {
    print(" ");
    print(name);
    print(" \"");
    print(&at<char>(text));
    print("\"");
}

void print_file(const char* what, const limine::File& file) {
    print("limine: ");
    print(what);
    print_field("bytes", file.bytes);
    print_text("path", file.path);
    print_text("string", file.string);
    print_field("media", file.media_type);
    print_field("partition", file.partition_index);
    print("\n");
}

void print_answers() {
    for (uint64_t i = 0; i < memory_map->count; ++i) {
        print("limine: range");
        print_field("base", entry(i).base);
        print_field("bytes", entry(i).length);
        print_field("type", entry(i).type);
        print("\n");
    }
    print_file("kernel", at<limine::File>(value(Feature::executable_file)));
    if (response_to(Feature::modules) != 0) {
        const auto& list = response<limine::List>(Feature::modules);
        for (uint64_t i = 0; i < list.count; ++i)
            print_file("module", at<limine::File>(at<uint64_t>(list.entries + 8 * i)));
    }
    print("limine: answers");
    for (std::size_t i = 0; i < limine::kFeatures; ++i)
        if (response_to(static_cast<Feature>(i)) != 0) {
            print(" ");
            print_decimal(static_cast<uint32_t>(i));
        }
    print("\n");
}

void check_requests() {
    begin_promise("L3", "the tag says which base revision the kernel got");
    expect_equal("the revision", kRevision, requests::tag.magic[1]);
    expect_equal("the rest", 0, requests::tag.revision);
    end_promise();

    begin_promise("L5", "what the loader doesn't know or doesn't have is left as it was");
    expect_equal("an unknown request", requests::kUntouched, requests::unknown.response);
    for (const Feature feature :
         {Feature::device_tree, Feature::riscv_hart_id, Feature::flanterm_parameters})
        expect_equal("a request", 0, response_to(feature));
    end_promise();
}

void check_state() {
    const EntryState& state = entry_state;
    begin_promise("L6", "CS is 28h, the data segments are 30h, in a table of seven descriptors");
    expect_equal("cs", 0x28, state.selectors[kCs]);
    for (const Selector selector : {kSs, kDs, kEs, kFs, kGs})
        expect_equal("a data segment", 0x30, state.selectors[selector]);
    expect_equal("ldtr", 0, state.selectors[kLdtr]);
    constexpr uint64_t kDescriptors[] = {0,
                                         0x00009b000000ffff,
                                         0x000093000000ffff,
                                         0x00cf9b000000ffff,
                                         0x00cf93000000ffff,
                                         0x00af9b000000ffff,
                                         0x00cf93000000ffff};
    expect(state.gdtr.limit >= sizeof kDescriptors - 1, "a limit", state.gdtr.limit);
    for (std::size_t i = 0; i < sizeof kDescriptors / 8; ++i)
        expect_equal("a descriptor", kDescriptors[i], at<uint64_t>(state.gdtr.base + 8 * i));
    end_promise();

    begin_promise("L7", "general registers are 0, RFLAGS is 2, the return address is 0");
    for (int i = 0; i < kRegisters; ++i)
        expect(i == kRsp || state.general[i] == 0, "a register", state.general[i]);
    expect_equal("rflags", 2, state.rflags);
    expect_equal("return address", 0, at<uint64_t>(state.general[kRsp]));
    expect_equal("alignment", 8, state.general[kRsp] % 16);
    end_promise();

    begin_promise("L8", "control registers");
    constexpr uint64_t kCr0 = 0x8001'0011, kCr4 = 0x20;
    if (kRevision >= 5) {
        expect_equal("cr0", kCr0, state.cr0);
        expect_equal("cr4", kCr4, state.cr4 & ~kLa57);
    }
    expect_equal("cr0", kCr0, state.cr0 & kCr0);
    expect_equal("cr4", kCr4, state.cr4 & kCr4);
    const auto read_msr = [](uint32_t number) {
        uint32_t low, high;
        asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
        return uint64_t{high} << 32 | low;
    };
    expect_equal("efer", 0xd00, read_msr(0xc000'0080));
    expect_equal("pat", 0x0105'0007'0406, read_msr(0x277) & 0xffff'ffff'ffff);
    end_promise();
}

/// The descriptor that TR was loaded from: 0 where its base and limit are.
uint64_t task_descriptor() {
    constexpr uint64_t kTypeAndPresent = 0xff00'0000'0000;
    return at<uint64_t>(entry_state.gdtr.base + entry_state.selectors[kTr]) & ~kTypeAndPresent;
}

void check_reports() {
    begin_promise("L24", "IDTR and TR are for reports, or with strict empty");
    const bool is_strict = is_command_line("strict", 7);
    expect((entry_state.idtr.limit == 0) == is_strict, "an IDT", entry_state.idtr.limit);
    expect((entry_state.idtr.base == 0) == is_strict, "an IDT", entry_state.idtr.base);
    expect((task_descriptor() == 0) == is_strict, "a task", task_descriptor());
    end_promise();
}

void check_stack() {
    begin_promise("L9",
                  "the stack is as large as requested, in the direct map, after a guard page");
    const uint64_t top = entry_state.general[kRsp] + 8;
    const uint64_t base = top - requests::kStackBytes;
    expect(base > direct_map, "in the direct map", base);
    expect_equal("its memory", limine::kBootloaderReclaimable, type_at(base - direct_map));
    expect_equal("its end", limine::kBootloaderReclaimable, type_at(top - 1 - direct_map));
    expect(page_tables().find(base).is_there, "a page", base);
    expect(!page_tables().find(base - 1).is_there, "no page", base - 1);
    end_promise();
}

void check_image() {
    begin_promise("L10", "the kernel is contiguous, and each page is as its segment wants it");
    const auto& address = response<limine::TwoValues>(Feature::executable_address);
    const auto base = reinterpret_cast<uint64_t>(image_start);
    expect_equal("its address", base, address.second);
    for (const uint64_t place :
         {base, reinterpret_cast<uint64_t>(&entry_state),
          reinterpret_cast<uint64_t>(&requests::tag), reinterpret_cast<uint64_t>(image_end) - 1})
        expect_equal("a place", address.first + (place - base), page_tables().find(place).physical);
    expect(!page_tables().find(base).is_writable, "read-only text", base);
    end_promise();

    begin_promise("L11", "no page is both writable and executable");
    const uint64_t found = page_tables().find_writable_and_executable();
    expect((found != 0) == is_command_line("rwx", 4), "no such page", found);
    end_promise();
}

/// Whether a base revision shows memory of a type above 4 GiB.
bool is_shown(uint64_t type) {
    switch (type) {
    case limine::kUsable:
    case limine::kBootloaderReclaimable:
    case limine::kExecutableAndModules:
    case limine::kFramebuffer:
        return true;
    case limine::kAcpiReclaimable:
    case limine::kAcpiNvs:
        return kRevision != 3;
    case limine::kReservedMapped:
        return kRevision >= 4;
    default:
        return kRevision == 0;
    }
}

void check_direct_map() {
    constexpr uint64_t k4GiB = uint64_t{1} << 32;
    const PageTables tables = page_tables();
    begin_promise("L12", "the direct map shows what the base revision says");
    for (uint64_t i = 0; i < memory_map->count; ++i) {
        const limine::MemoryEntry& range = entry(i);
        const uint64_t last = range.base + range.length - 1;
        const bool low = kRevision <= 2 && last < k4GiB;
        const bool is_guard = kRevision <= 2 && range.length == kPage;
        for (const uint64_t physical : {range.base, last}) {
            const Page page = tables.find(direct_map + physical);
            expect(page.is_there == (is_shown(range.type) || low) || is_guard, "a range", physical);
            expect(!page.is_there || page.physical == physical, "the same address", physical);
        }
    }
    end_promise();

    begin_promise("L13", "up to base revision 2, all of the lowest 4 GiB");
    for (const uint64_t device : {uint64_t{0xa'0000}, uint64_t{0xfee0'0000}, k4GiB - 1})
        expect(tables.find(direct_map + device).is_there == (kRevision <= 2) ||
                   is_shown(type_at(device)),
               "a page", device);
    end_promise();

    begin_promise("L14", "in base revision 0, memory is mapped to itself; page 0 never is");
    expect(!tables.find(0).is_there, "no page", 0);
    for (const uint64_t address : {uint64_t{0x1000}, uint64_t{0xfec0'0000}}) {
        const Page page = tables.find(address);
        expect(page.is_there == (kRevision == 0) && (!page.is_there || page.physical == address),
               "a page", address);
    }
    end_promise();

    begin_promise("L15", "memory is write-back, framebuffers are write-combining");
    expect_equal("memory", 0, tables.find(direct_map + (entry_state.cr3 & ~(kPage - 1))).pat_index);
    if (response_to(Feature::framebuffer) != 0) {
        const auto& list = response<limine::List>(Feature::framebuffer);
        const auto& screen = at<limine::Framebuffer>(at<uint64_t>(list.entries));
        expect_equal("a framebuffer", 5, tables.find(screen.address).pat_index);
    }
    end_promise();
}

void check_memory_map() {
    begin_promise("L16", "the memory map is sorted, and what can be used is of whole pages, apart");
    expect(memory_map->count != 0, "an entry", 0);
    for (uint64_t i = 0; i < memory_map->count; ++i) {
        const limine::MemoryEntry& range = entry(i);
        expect(range.length != 0, "bytes", range.base);
        expect(range.type <= (kRevision >= 4 ? limine::kReservedMapped : limine::kFramebuffer),
               "a type", range.type);
        if (range.type == limine::kUsable || range.type == limine::kBootloaderReclaimable)
            expect((range.base | range.length) % kPage == 0, "whole pages", range.base);
        expect(range.type != limine::kUsable || kRevision >= 3 || range.base >= kPage, "not page 0",
               range.base);
        if (i != 0)
            expect(entry(i - 1).base + entry(i - 1).length <= range.base, "sorted", range.base);
    }
    end_promise();

    begin_promise("L17", "responses and the kernel lie in memory of their types");
    for (std::size_t i = 0; i < limine::kFeatures; ++i)
        if (const uint64_t address = response_to(static_cast<Feature>(i)))
            expect_equal("a response", limine::kBootloaderReclaimable,
                         type_at(address - direct_map));
    const auto& address = response<limine::TwoValues>(Feature::executable_address);
    expect_equal("the kernel", limine::kExecutableAndModules, type_at(address.first));
    end_promise();
}

void check_loader() {
    begin_promise("L18", "the loader says who it is, and what was asked for without a value");
    const auto& info = response<limine::BootloaderInfo>(Feature::bootloader_info);
    expect(are_equal(&at<char>(info.name), "Baton", 6), "a name", info.name);
    for (const Feature feature : {Feature::stack_size, Feature::entry_point, Feature::hhdm})
        expect(response_to(feature) != 0, "a response", static_cast<uint64_t>(feature));
    expect_equal("keep IOMMU", requests::kKeepsIommu, response_to(Feature::keep_iommu) != 0);
    expect_equal("the entry point", 1, entry_state.is_other);
    expect_equal("levels", (entry_state.cr4 & kLa57) != 0, value(Feature::paging_mode));
    if (response_to(Feature::bootloader_performance) != 0) {
        const auto& times = response<limine::Performance>(Feature::bootloader_performance);
        expect(times.exec >= times.init && times.init >= times.reset, "times", times.exec);
    }
    end_promise();
}

void check_file(const limine::File& file) {
    expect_equal("a page", 0, file.address % kPage);
    expect_equal("its memory", limine::kExecutableAndModules, type_at(file.address - direct_map));
    expect_equal("a slash", '/', static_cast<uint64_t>(at<char>(file.path)));
    expect(file.string != 0, "a string", 0);
}

void check_files() {
    begin_promise("L19", "the kernel's file is there, with its command line");
    const auto& file = at<limine::File>(value(Feature::executable_file));
    check_file(file);
    expect(are_equal(&at<char>(file.address), "\177ELF", 4), "an ELF file", file.address);
    expect_equal("its string", value(Feature::executable_cmdline), file.string);
    end_promise();

    begin_promise("L20", "modules have pages of their own");
    if (response_to(Feature::modules) != 0) {
        const auto& list = response<limine::List>(Feature::modules);
        expect(list.count != 0, "a module", 0);
        for (uint64_t i = 0; i < list.count; ++i)
            check_file(at<limine::File>(at<uint64_t>(list.entries + 8 * i)));
    }
    end_promise();
}

/// A pointer to one of the firmware's tables; in some base revisions a physical address.
const char* table(uint64_t pointer, bool is_physical) {
    expect_equal("the kind of the address", is_physical, pointer < direct_map);
    const uint64_t address = is_physical ? direct_map + pointer : pointer;
    expect(page_tables().find(address).is_there || is_physical, "a page", pointer);
    return page_tables().find(address).is_there ? &at<char>(address) : nullptr;
}

void check_firmware() {
    constexpr bool kOnly3 = kRevision == 3, kOnly3And4 = kOnly3 || kRevision == 4;
    begin_promise("L21", "ACPI, SMBIOS and UEFI's tables are where the responses say");
    if (response_to(Feature::rsdp) != 0)
        if (const char* const rsdp = table(value(Feature::rsdp), kOnly3))
            expect(are_equal(rsdp, "RSD PTR ", 8), "an RSDP", value(Feature::rsdp));
    if (response_to(Feature::smbios) != 0) {
        const auto& entries = response<limine::TwoValues>(Feature::smbios);
        for (const uint64_t pointer : {entries.first, entries.second})
            if (pointer != 0)
                if (const char* const anchor = table(pointer, kOnly3And4))
                    expect(are_equal(anchor, "_SM", 3), "an anchor", pointer);
    }
    const bool is_efi = value(Feature::firmware_type) == limine::kFirmwareEfi64;
    expect_equal("a system table", is_efi, response_to(Feature::efi_system_table) != 0);
    if (is_efi) {
        const uint64_t pointer = value(Feature::efi_system_table);
        if (const char* const system = table(pointer, kOnly3And4))
            expect(are_equal(system, "IBI SYST", 8), "a system table", pointer);
    }
    end_promise();

    begin_promise("L22", "UEFI's memory map is there, and a date");
    if (response_to(Feature::efi_memory_map) != 0) {
        const auto& map = response<limine::EfiMemoryMap>(Feature::efi_memory_map);
        expect(map.descriptor_bytes >= 40 && map.bytes % map.descriptor_bytes == 0 &&
                   map.bytes != 0,
               "descriptors", map.descriptor_bytes);
        expect_equal("its version", 1, map.descriptor_version);
        expect_equal("its memory", limine::kBootloaderReclaimable, type_at(map.map - direct_map));
    }
    constexpr uint64_t k2020 = 1577836800;
    if (response_to(Feature::date_at_boot) != 0)
        expect(value(Feature::date_at_boot) > k2020, "a date", value(Feature::date_at_boot));
    end_promise();

    begin_promise("L23", "framebuffers have their modes");
    if (response_to(Feature::framebuffer) != 0) {
        const auto& list = response<limine::List>(Feature::framebuffer);
        for (uint64_t i = 0; i < list.count; ++i) {
            const auto& screen = at<limine::Framebuffer>(at<uint64_t>(list.entries + 8 * i));
            expect(screen.pitch >= screen.width * screen.bits_per_pixel / 8, "a pitch",
                   screen.pitch);
            expect_equal("a model", limine::kRgb, screen.memory_model);
            expect_equal("its memory", limine::kFramebuffer, type_at(screen.address - direct_map));
            for (uint64_t j = 0; j < screen.mode_count; ++j)
                expect(at<limine::VideoMode>(at<uint64_t>(screen.modes + 8 * j)).width != 0,
                       "a mode", j);
        }
    }
    end_promise();
}

/// That a table is where a kernel finds it, and doesn't reuse its memory.
void check_acpi_table(uint64_t address, uint64_t bytes) {
    for (const uint64_t byte : {address, address + bytes - 1}) {
        const uint64_t type = type_at(byte);
        expect(type == limine::kAcpiReclaimable || type == limine::kAcpiNvs ||
                   type == limine::kReservedMapped,
               "memory of such a type", byte);
        expect(page_tables().find(direct_map + byte).is_there, "a page", byte);
    }
}

void check_acpi_tables() {
    begin_promise("L29", "from base revision 4 on ACPI's tables are kept, and shown");
    if (kRevision >= 4 && response_to(Feature::rsdp) != 0)
        for_each_acpi_table(direct_map, value(Feature::rsdp) - direct_map, check_acpi_table);
    end_promise();

    begin_promise("L30", "from base revision 5 on those of SMBIOS and UEFI are, too");
    if (kRevision >= 5) {
        const auto expect_kept = [](uint64_t pointer) {
            const uint64_t type = type_at(pointer - direct_map);
            expect(type == limine::kReservedMapped || type == limine::kAcpiNvs, "such a type",
                   pointer);
        };
        if (response_to(Feature::smbios) != 0) {
            const auto& entries = response<limine::TwoValues>(Feature::smbios);
            for (const uint64_t pointer : {entries.first, entries.second})
                if (pointer != 0)
                    expect_kept(pointer);
        }
        if (response_to(Feature::efi_system_table) != 0)
            expect_kept(value(Feature::efi_system_table));
    }
    end_promise();
}

void check_interrupts() {
    const Iommu iommu = is_command_line("intel", 6) ? Iommu::intel
                        : is_command_line("amd", 4) ? Iommu::amd
                                                    : Iommu::none;
    check_devices(page_tables(), kRevision, iommu, requests::kKeepsIommu);
}

} // namespace

void kernel_main() {
    direct_map = value(Feature::hhdm);
    memory_map = &response<limine::List>(Feature::memory_map);
    print_answers();
    check_requests();
    check_state();
    check_reports();
    check_stack();
    check_image();
    check_direct_map();
    check_memory_map();
    check_loader();
    check_files();
    check_firmware();
    check_processors(page_tables(), direct_map);
    check_acpi_tables();
    check_interrupts(); // writes to page tables
    end_promises("limine");
}
