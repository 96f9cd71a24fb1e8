// SPDX-License-Identifier: BSD-2-Clause
//
// The example kernel: shows what the loader has given it, on the serial port and on the screen, and
// ends. Start an operating system from here.
//
// Words of its command line:
//     panic                  write to the kernel's own code, for panic() to report
//     wait-for-key=SECONDS   stay until a key is pressed, but no longer than that; 0: no limit

#include "console.hpp"

#include <utility>

namespace {

constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

const char* text(uint64_t address) {
    return reinterpret_cast<const char*>(address);
}

/// What follows `word` where it is in `line`; null where it isn't.
const char* find(const char* line, const char* word) {
    for (; *line != '\0'; ++line) {
        uint32_t equal = 0;
        while (word[equal] != '\0' && line[equal] == word[equal])
            ++equal;
        if (word[equal] == '\0')
            return line + equal;
    }
    return nullptr;
}

/// isa-debug-exit of QEMU ends the machine with status 2 * value + 1, and success is 33. Without
/// that device, as on a real machine, the processor stops.
[[noreturn]] void power_off(uint32_t value) {
    out32(0xf4, value);
    for (;;)
        asm volatile("cli; hlt");
}
constexpr uint32_t kSuccess = 0x10, kFailure = 0x11;

/// What the CPU pushes in an exception, apart from an error code.
struct ExceptionFrame {
    uint64_t rip, cs, rflags, rsp, ss;
};

[[noreturn]] void panic(unsigned vector, uint64_t error_code, const ExceptionFrame& frame) {
    static constexpr const char* kNames[] = {
        "divide error", "debug",        "NMI",           "breakpoint",         "overflow",
        "bound range",  "invalid code", "no FPU",        "double fault",       "exception",
        "invalid TSS",  "no segment",   "stack segment", "general protection", "page fault"};
    uint64_t cr2;
    asm volatile("mov %%cr2, %0" : "=r"(cr2));
    print_line("kernel: PANIC: ", kNames[vector < 15 ? vector : 9], ", vector ", Decimal{vector},
               ", error code ", Hex{error_code});
    print_line("  RIP ", Hex{frame.rip, 16}, "  RSP ", Hex{frame.rsp, 16}, "  CR2 ", Hex{cr2, 16});
    power_off(kFailure);
}

template<unsigned kVector>
[[gnu::interrupt]] void on_exception(ExceptionFrame* frame) {
    panic(kVector, 0, *frame);
}

template<unsigned kVector>
[[gnu::interrupt]] void on_exception_with_code(ExceptionFrame* frame, uint64_t error_code) {
    panic(kVector, error_code, *frame);
}

template<unsigned kVector>
uint64_t handler_of() {
    // Those with an error code: Intel SDM 3A table 6-1; 29 and 30: AMD APM 2 section 8.2.
    constexpr uint32_t kWithCode = 0x1f << 10 | 1 << 8 | 1 << 17 | 1 << 21 | 1 << 29 | 1 << 30;
    if constexpr ((kWithCode >> kVector & 1) != 0)
        return reinterpret_cast<uint64_t>(on_exception_with_code<kVector>);
    else
        return reinterpret_cast<uint64_t>(on_exception<kVector>);
}

/// Until then the loader's own table reports exceptions. It is in memory that the kernel may want
/// to use, as the GDT is: an operating system makes one of its own.
template<unsigned... kVectors>
void install_exception_handlers(std::integer_sequence<unsigned, kVectors...>) {
    struct Gate { // of interrupts: Intel SDM 3A section 6.14.1
        uint16_t offset_0_15, selector;
        uint8_t stack, type;
        uint16_t offset_16_31;
        uint32_t offset_32_63, reserved;
    };
    static Gate gates[sizeof...(kVectors)];
    constexpr uint16_t kCodeSelector = 0x08;
    constexpr uint8_t kPresentInterruptGate = 0x8e;
    const auto gate_to = [](uint64_t handler) {
        return Gate{static_cast<uint16_t>(handler),
                    kCodeSelector,
                    0,
                    kPresentInterruptGate,
                    static_cast<uint16_t>(handler >> 16),
                    static_cast<uint32_t>(handler >> 32),
                    0};
    };
    ((gates[kVectors] = gate_to(handler_of<kVectors>())), ...);
    struct [[gnu::packed]] {
        uint16_t limit;
        uint64_t base;
    } const table = {sizeof gates - 1, reinterpret_cast<uint64_t>(gates)};
    asm volatile("lidt %0" : : "m"(table), "m"(gates));
}

/// Ranges of one type that touch are printed as one.
void print_memory_map(const BatonBootInfo* info) {
    static constexpr const char* kTypes[] = {
        "(not known)",      "usable",   "loader reclaimable", "kernel and modules",
        "ACPI reclaimable", "ACPI NVS", "runtime services",   "framebuffer",
        "persistent",       "bad",      "reserved",           "unaccepted",
        "special purpose"};
    uint64_t usable_bytes = 0;
    print_line("Physical memory");
    for (uint32_t i = 0; i < info->memory_map_count;) {
        const BatonMemoryRange& first = *baton_memory_range(info, i);
        uint64_t end = first.base_physical;
        for (; i < info->memory_map_count; ++i) {
            const BatonMemoryRange& range = *baton_memory_range(info, i);
            if (range.base_physical != end || range.type != first.type)
                break;
            end += range.bytes;
        }
        const uint64_t bytes = end - first.base_physical;
        usable_bytes += first.type == BATON_MEMORY_USABLE ? bytes : 0;
        print_line("  ", Hex{first.base_physical, 12}, " - ", Hex{end - 1, 12},
                   Decimal{bytes / kKiB, 12}, " KiB  ", kTypes[first.type < 13 ? first.type : 0]);
    }
    print_line("  ", Decimal{usable_bytes / kMiB}, " MiB are usable");
}

void print_framebuffers(const BatonBootInfo* info) {
    for (uint32_t i = 0; i < info->framebuffer_count; ++i) {
        const BatonFramebuffer& screen = *baton_framebuffer(info, i);
        print_line("Framebuffer  ", Decimal{screen.width_pixels}, " x ",
                   Decimal{screen.height_pixels}, " pixels of ", Decimal{screen.bits_per_pixel},
                   " bits, at ", Hex{screen.address});
    }
}

void print_modules(const BatonBootInfo* info) {
    for (uint32_t i = 0; i < info->module_count; ++i) {
        const BatonModule& module = *baton_module(info, i);
        print_line("Module       ", text(module.path), " \"", text(module.string), "\", ",
                   Decimal{module.bytes}, " bytes at ", Hex{module.address});
    }
}

/// Asks the keyboard controller (Intel 8042), without interrupts.
bool has_key() {
    const uint8_t status = in8(0x64);
    if (status == 0xff || (status & 1) == 0) // no such device, or nothing there
        return false;
    const bool is_mouse = (status & 0x20) != 0, is_release = (in8(0x60) & 0x80) != 0;
    return !is_mouse && !is_release;
}

uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

void wait_for_key(const BatonBootInfo* info, const char* seconds_text) {
    uint64_t seconds = 0;
    for (; *seconds_text >= '0' && *seconds_text <= '9'; ++seconds_text)
        seconds = 10 * seconds + static_cast<uint64_t>(*seconds_text - '0');
    print_line("Press a key to end");
    const uint64_t start = read_tsc();
    while (has_key()) // from before
        ;
    while (!has_key())
        if (seconds != 0 && read_tsc() - start >= seconds * info->tsc_hz)
            break;
}

} // namespace

/// Called by _start.
extern "C" [[noreturn]] void kernel_main(const BatonBootInfo* info) {
    start_serial_port();
    print("\n"); // the firmware may have left a line unfinished
    if (!baton_boot_info_is_valid(info)) {
        print_line("kernel: a loader of another protocol");
        power_off(kFailure);
    }
    baton_acknowledge(info); // so that the next boot knows that this one came here
    install_exception_handlers(std::make_integer_sequence<unsigned, 32>());
    if (info->framebuffer_count != 0)
        start_screen(*baton_framebuffer(info, 0));

    print_line("Baton's example kernel");
    print_line("Loader       ", info->loader_name, " ", info->loader_version);
    print_memory_map(info);
    print_framebuffers(info);
    print_modules(info);
    const char* command_line = text(info->command_line);
    print_line("Command line \"", command_line, "\"");

    if (find(command_line, "panic") != nullptr)
        baton_write_word(info->kernel_entry, 0);
    if (const char* seconds = find(command_line, "wait-for-key="))
        wait_for_key(info, seconds);
    print_line("kernel: PASS");
    power_off(kSuccess);
}
