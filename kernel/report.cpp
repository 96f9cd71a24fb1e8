// SPDX-License-Identifier: BSD-2-Clause
//
// Prints what the kernel was given, as tables of less than 80 columns.

#include "report.hpp"

#include "console.hpp"

namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kMiB = 1024 * kKiB;

/// Texts of BATON_MEMORY_…, and for types that a later loader may add.
constexpr std::string_view kMemoryTypes[] = {
    "(not known)",      "usable",   "loader reclaimable", "kernel and modules",
    "ACPI reclaimable", "ACPI NVS", "runtime services",   "framebuffer",
    "persistent",       "bad",      "reserved",           "unaccepted",
    "special purpose",
};

constexpr size_t type_index(const BatonMemoryRange& range) {
    return range.type < std::size(kMemoryTypes) ? range.type : 0;
}

/// A text field of the record, up to its NUL.
template<size_t kBytes>
std::string_view text_of(const char (&field)[kBytes]) {
    size_t length = 0;
    while (length < kBytes && field[length] != '\0') {
        ++length;
    }
    return {field, length};
}

void print_loader(const BatonBootInfo& info) {
    print_line("Loader: ", text_of(info.loader_name), " ", text_of(info.loader_version));
    print_line("Boot protocol: version ", Decimal{info.version}, ", a record of ",
               Decimal{info.size}, " bytes");
}

void print_memory_totals(const baton::BootInfoView& boot) {
    print_line("Memory in total");
    for (size_t type = 0; type < std::size(kMemoryTypes); ++type) {
        uint64_t bytes = 0;
        for (const BatonMemoryRange& range : boot.memory_map()) {
            bytes += type_index(range) == type ? range.bytes : 0;
        }
        if (bytes != 0) {
            print_line("  ", Left{kMemoryTypes[type], 36}, Decimal{bytes / kKiB, 16}, " KiB",
                       Decimal{bytes / kMiB, 12}, " MiB");
        }
    }
}

const char* origin_of(const BatonMemoryRange& range) {
    return reinterpret_cast<const char*>(range.origin);
}

void print_memory_range(const BatonMemoryRange& range) {
    print_line("  ", Hex{range.base_physical, 16}, "  ", Hex{range.base_physical + range.bytes, 16},
               Decimal{range.bytes / kKiB, 10}, "  ", kMemoryTypes[type_index(range)],
               *origin_of(range) == '\0' ? "" : ": ", origin_of(range));
}

/// Ranges that touch and differ in what the firmware says of them alone are printed as one.
void print_memory_map(const baton::BootInfoView& boot) {
    print_line("Memory map, ", Decimal{boot.memory_map().size()}, " ranges");
    print_line("  base                end                      KiB  type");
    BatonMemoryRange joined{};
    for (const BatonMemoryRange& range : boot.memory_map()) {
        if (joined.bytes != 0 && range.type == joined.type && range.origin == joined.origin &&
            range.base_physical == joined.base_physical + joined.bytes) {
            joined.bytes += range.bytes;
            continue;
        }
        if (joined.bytes != 0) {
            print_memory_range(joined);
        }
        joined = range;
    }
    print_memory_range(joined);
}

void print_framebuffers(const baton::BootInfoView& boot) {
    print_line("Framebuffers: ", Decimal{boot.framebuffers().size()});
    for (const BatonFramebuffer& screen : boot.framebuffers()) {
        print_line("  ", Decimal{screen.width_pixels}, " x ", Decimal{screen.height_pixels},
                   " pixels of ", Decimal{screen.bits_per_pixel}, " bits, ",
                   Decimal{screen.pitch_bytes}, " bytes a row");
        print_line("  ", Hex{screen.address, 16}, ", physical ", Hex{screen.base_physical}, ", ",
                   Decimal{screen.bytes / kKiB}, " KiB");
        print_line("  first bit and bits: red ", Decimal{screen.red_shift}, " ",
                   Decimal{screen.red_bits}, ", green ", Decimal{screen.green_shift}, " ",
                   Decimal{screen.green_bits}, ", blue ", Decimal{screen.blue_shift}, " ",
                   Decimal{screen.blue_bits});
    }
}

void print_address(std::string_view name, uint64_t address) {
    if (address == 0) {
        print_line("  ", Left{name, 20}, "none");
    } else {
        print_line("  ", Left{name, 20}, Hex{address, 16});
    }
}

void print_addresses(const BatonBootInfo& info) {
    print_line("Firmware's tables, physical");
    print_address("ACPI RSDP", info.rsdp_physical);
    print_address("SMBIOS 2", info.smbios_physical);
    print_address("SMBIOS 3", info.smbios3_physical);
    print_address("EFI system table", info.efi_system_table_physical);
    print_line("  ", Left{"EFI memory map", 20}, Decimal{info.firmware_memory_map_bytes},
               " bytes in steps of ", Decimal{info.firmware_descriptor_bytes});
    print_line("Page-table roots");
    print_address("kernel_cr3", info.kernel_cr3);
    print_address("firmware_cr3", info.firmware_cr3);
    print_line("Address space");
    print_line("  ", Left{"direct map", 20}, Hex{info.direct_map_base, 16}, ", ",
               Decimal{info.direct_map_bytes / kMiB}, " MiB");
    print_line("  ", Left{"stack", 20}, Hex{info.stack_base, 16}, ", ",
               Decimal{info.stack_bytes / kKiB}, " KiB");
    print_address("kernel", info.kernel_virtual_base);
    print_address("kernel's entry", info.kernel_entry);
    print_address("kernel's slide", info.kernel_slide);
}

void print_segments(const baton::BootInfoView& boot) {
    print_line("Segments of the kernel");
    print_line("  virtual             physical                 bytes   in file  access");
    for (const BatonKernelSegment& segment : boot.kernel_segments()) {
        const auto letter = [&](uint32_t permission, std::string_view text) {
            return (segment.permissions & permission) != 0 ? text : "-";
        };
        print_line("  ", Hex{segment.virtual_base, 16}, "  ", Hex{segment.base_physical, 16},
                   Decimal{segment.bytes, 10}, Decimal{segment.file_bytes, 10}, "  ",
                   letter(BATON_SEGMENT_READ, "R"), letter(BATON_SEGMENT_WRITE, "W"),
                   letter(BATON_SEGMENT_EXECUTE, "X"));
    }
}

/// Prints time stamps against the first and against the one before.
class StepTable {
  public:
    explicit StepTable(uint64_t tsc_hz) : tsc_hz_(tsc_hz) {
        const std::string_view unit = tsc_hz == 0 ? "(ticks)" : "(us)";
        print_line("Steps of the boot, ended at ", unit, "; counter at ", Decimal{tsc_hz / 1000000},
                   " MHz");
        print_line("  step                              counter   since first  since last");
    }

    void print_step(std::string_view name, uint64_t tsc) {
        if (first_ == 0) {
            first_ = tsc;
            last_ = tsc;
        }
        print_line("  ", Left{name, 23}, Decimal{tsc, 18}, Decimal{in_unit(tsc - first_), 14},
                   Decimal{in_unit(tsc - last_), 12});
        last_ = tsc;
    }

  private:
    /// Microseconds; ticks if the counter's frequency is not known. Split so that nothing overflows
    /// for a counter below 18 THz.
    uint64_t in_unit(uint64_t ticks) const {
        return tsc_hz_ == 0 ? ticks
                            : ticks / tsc_hz_ * 1000000 + ticks % tsc_hz_ * 1000000 / tsc_hz_;
    }

    uint64_t tsc_hz_;
    uint64_t first_ = 0;
    uint64_t last_ = 0;
};

void print_time_stamps(const baton::BootInfoView& boot, uint64_t start_tsc) {
    StepTable table(boot.record().tsc_hz);
    for (const BatonTimeStamp& stamp : boot.time_stamps()) {
        table.print_step(text_of(stamp.name), stamp.tsc);
    }
    table.print_step("kernel", start_tsc);
}

} // namespace

void print_report(const baton::BootInfoView& boot, uint64_t start_tsc) {
    print_loader(boot.record());
    print_memory_map(boot);
    print_memory_totals(boot);
    print_framebuffers(boot);
    print_addresses(boot.record());
    print_segments(boot);
    print_time_stamps(boot, start_tsc);
}
