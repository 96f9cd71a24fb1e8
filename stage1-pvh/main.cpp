// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 1 for what starts Baton without firmware services: PVH, Multiboot2, the Linux boot
// protocol.
#include "config/path.hpp"
#include "config/start_line.hpp"
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "log/log.hpp"
#include "stage1-pvh/console.hpp"
#include "stage1-pvh/exceptions.hpp"
#include "stage1-pvh/image.hpp"
#include "stage1-pvh/machine.hpp"
#include "stage1-pvh/platform.hpp"
#include "stage1/boot.hpp"
#include "stage1/processor.hpp"
#include "stage1/qemu.hpp"
#include "stage1/random.hpp"
#include "start_info/hvm.hpp"
#include "start_info/linux.hpp"
#include "start_info/multiboot2.hpp"

#include <algorithm>
#include <array>
#include <new>

namespace baton {
namespace {

// Large, and there is no memory to be had before it is known.
alignas(StartInfo) constinit std::array<std::byte, sizeof(StartInfo)> start_info_memory{};
constinit std::array<FrameBlock, 512> block_list{};
constinit std::array<PhysRange, 640> occupied_ranges{}; // the lists of StartInfo and more
constinit std::array<PhysRange, FreeMemory::entries_for(1024 + 640, 512)> free_ranges{};
constinit std::array<char, 32768> log_memory{};

/// How this image was entered.
struct Start {
    uint32_t path; // enum BatonBootPath
    PhysAddr info;
    uint32_t magic; // Multiboot2's
};

Result<void> read_start(const Start& start, StartInfo& info) {
    const MappedMemory memory;
    switch (start.path) {
    case BATON_BOOT_PATH_PVH:
        return read_hvm_start(start.info, memory, info);
    case BATON_BOOT_PATH_MULTIBOOT2:
        if (start.magic != kMultiboot2Magic)
            return fail(ErrorCode::start_info_unknown, {start.magic});
        return read_multiboot2(start.info, memory, info);
    default:
        return read_linux_boot(start.info, memory, info);
    }
}

/// Memory that is not to be overwritten before the kernel runs.
std::span<const PhysRange> find_occupied(const StartInfo& info, const FirmwareTables& tables) {
    std::size_t count = 0;
    occupied_ranges[count++] = image_range();
    for (const PhysRange& range : info.structures.entries())
        occupied_ranges[count++] = range;
    for (const PhysRange& range : tables.ranges.ranges())
        occupied_ranges[count++] = range;
    for (const PhysRange& range : tables.efi_ranges.ranges())
        occupied_ranges[count++] = range;
    for (const StartModule& module : info.modules.entries())
        occupied_ranges[count++] = module.contents;
    return std::span<const PhysRange>(occupied_ranges).first(count);
}

class LogRemarks final : public RemarkSink {
  public:
    explicit LogRemarks(Log& log) : log_(log) {}
    void remark(const Remark& remark) override {
        Text text;
        text.add("command line: ");
        describe(remark, text);
        log_.line(text);
    }

  private:
    Log& log_;
};

/// The first word of a module's string is its path, maybe in double quotes, and the rest the string
/// for the kernel. A module without one is called after its number.
Result<NamedModule> name_module(const StartModule& module, std::size_t number, Arena& arena) {
    const std::string_view string = trim(module.string);
    const bool quoted = string.starts_with('"');
    const std::size_t start = quoted ? 1 : 0;
    const std::size_t end = std::min(string.find(quoted ? '"' : ' ', start), string.size());
    Text number_text;
    std::string_view path = tail(head(string, end), start);
    if (path.empty()) {
        if (number == 0)
            number_text.add("kernel");
        else
            number_text.add("module-").decimal(number);
        path = number_text.view();
    }
    const auto normalised = normalise_path(path, {}, arena);
    if (!normalised)
        return std::unexpected(normalised.error().about(path));
    return NamedModule{
        .file = MemoryFile({reinterpret_cast<const std::byte*>(module.contents.base.value),
                            module.contents.bytes}),
        .entry = {.path = *normalised,
                  .string = trim(tail(string, std::min(end + start, string.size())))}};
}

Result<std::span<NamedModule>> name_modules(const StartInfo& info, Arena& arena) {
    const auto modules = info.modules.entries();
    if (modules.empty())
        return fail(ErrorCode::kernel_not_given);
    const auto named = TRY(arena.array<NamedModule>(modules.size()));
    for (std::size_t i = 0; i < modules.size(); ++i)
        named[i] = TRY(name_module(modules[i], i, arena));
    return named;
}

/// What the command line says; the modules are to come.
Result<BootEntry> read_command_line(const StartInfo& info, Arena& arena, Log& log) {
    LogRemarks remarks(log);
    const auto entry = parse_start_line(info.command_line, arena, remarks);
    if (!entry && entry.error().subject().empty()) // else it names the setting
        return std::unexpected(entry.error().about("command line"));
    // Nobody has verified the files that are here, and nobody could measure them.
    if (entry && entry->enforce == Switch::on)
        return fail(ErrorCode::not_signed);
    if (entry && entry->measure == Measure::required)
        return fail(ErrorCode::tpm_missing);
    return entry;
}

/// The kernel and the modules of `entry`.
Result<void> add_modules(std::span<const NamedModule> modules, Arena& arena, BootEntry& entry) {
    const auto others = TRY(arena.array<BootModule>(modules.size() - 1));
    std::ranges::transform(modules.subspan(1), others.begin(), &NamedModule::entry);
    entry.kernel = modules.front().entry.path;
    entry.modules = others;
    return {};
}

std::string_view name_of(uint32_t path) {
    switch (path) {
    case BATON_BOOT_PATH_PVH:
        return "PVH";
    case BATON_BOOT_PATH_MULTIBOOT2:
        return "Multiboot2";
    default:
        return "the Linux boot protocol";
    }
}

/// Returns only if it can't boot.
Error boot(const StartPlatform::Given& given, const BootEntry& entry, const ReportPorts& ports,
           BatonBootPath path, Log& log) {
    StartPlatform platform(given);
    const PreviousBoot previous{};
    RandomWords none{};
    RandomNumbers random{};
    draw_random_numbers(none, false, random);
    return baton::boot({.platform = platform,
                        .entry = entry,
                        .log = log,
                        .stage2 = stage2_bytes(),
                        .processor = read_processor(),
                        .random = random,
                        .ports = ports,
                        .previous = previous,
                        .path = path},
                       image_range().base);
}

/// Returns only if it can't boot. `entry` is what is known then of what to boot.
Error boot(const Start& start, Console& console, Log& log, BootEntry& entry) {
    if (!cpu::has_no_execute())
        return Error(ErrorCode::cpu_lacks_no_execute);
    if (const char* const technique = find_encrypted_guest(); technique != nullptr)
        return Error(ErrorCode::guest_memory_encrypted).about(technique);
    StartInfo& info = *new (start_info_memory.data()) StartInfo;
    if (const auto read = read_start(start, info); !read)
        return read.error();
    const FirmwareTables tables = find_firmware_tables(info, MappedMemory());
    console.add_uarts(info, tables.rsdp, log.text());
    MapFrames frames({.map = info.memory.entries(),
                      .occupied = find_occupied(info, tables),
                      .list = free_ranges,
                      .blocks = block_list});
    FrameArena arena(frames);
    const auto memory = memory_to_map(info, tables, arena);
    if (!memory)
        return memory.error();
    const bool huge_pages = cpu::has_huge_pages();
    if (const auto mapped = map_machine(frames, *memory, {}, huge_pages); !mapped)
        return mapped.error();
    log.step("machine checked");

    const auto read = read_command_line(info, arena, log);
    if (!read)
        return read.error();
    entry = *read;
    log.be_quiet(entry.log == LogTo::memory);
    const auto modules = name_modules(info, arena);
    if (!modules)
        return modules.error();
    if (const auto added = add_modules(*modules, arena, entry); !added)
        return added.error();
    return boot({.start = info,
                 .tables = tables,
                 .frames = frames,
                 .memory = *memory,
                 .modules = *modules,
                 .huge_pages = huge_pages},
                entry, console.ports(), static_cast<BatonBootPath>(start.path), log);
}

} // namespace
} // namespace baton

extern "C" [[noreturn]] void stage1_main(uint32_t path, uint64_t info, uint32_t magic) {
    using namespace baton;
    prepare_image();
    const uint64_t start = cpu::read_tsc();
    Console console;
    report_exceptions(console);
    Log log(console, {.read = cpu::read_tsc, .start = start, .hz = find_tsc_hz()}, log_memory);
    log.step("stage 1 started");
    log.line("Baton " BATON_VERSION ", stage 1 for %v, at %x", name_of(path),
             image_range().base.value);
    BootEntry entry{};
    const Error error = boot({path, {info}, magic}, console, log, entry);
    console.write_line(Text().error(error).view());
    if (entry.after_fault.action == AfterFault::Action::exit)
        end_qemu(kExitPort, kExitNothingBooted);
    console.write_line("nothing was booted: the machine stops");
    cpu::halt();
}
