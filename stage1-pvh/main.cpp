// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 1 for what starts Baton without firmware services: PVH, Multiboot2, the Linux boot
// protocol.
#include "config/path.hpp"
#include "config/start_line.hpp"
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "handoff/builder.hpp"
#include "handoff/log.hpp"
#include "stage1-pvh/console.hpp"
#include "stage1-pvh/exceptions.hpp"
#include "stage1-pvh/image.hpp"
#include "stage1-pvh/machine.hpp"
#include "stage1-pvh/platform.hpp"
#include "stage1/processor.hpp"
#include "stage1/qemu.hpp"
#include "stage1/random.hpp"
#include "stage1/stage2.hpp"
#include "start/hvm.hpp"
#include "start/linux.hpp"
#include "start/multiboot2.hpp"

#include <array>
#include <new>

namespace baton {
namespace {

// Large, and there is no memory to be had before it is known.
alignas(StartInfo) constinit std::array<std::byte, sizeof(StartInfo)> start_info_room{};
constinit std::array<MapFrames::Block, 512> block_room{};
constinit std::array<PhysRange, 640> occupied_room{}; // the lists of StartInfo and more
constinit std::array<PhysRange, FreeMemory::room_for(1024 + 640, 512)> free_room{};
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
    occupied_room[count++] = image_range();
    for (const PhysRange& range : info.structures.entries())
        occupied_room[count++] = range;
    for (const PhysRange& range : tables.ranges.ranges())
        occupied_room[count++] = range;
    for (const PhysRange& range : tables.efi_ranges.ranges())
        occupied_room[count++] = range;
    for (const StartModule& module : info.modules.entries())
        occupied_room[count++] = module.contents;
    return std::span<const PhysRange>(occupied_room).first(count);
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
        .contents = module.contents,
        .entry = {.path = *normalised,
                  .string = trim(tail(string, std::min(end + start, string.size())))}};
}

Result<std::span<NamedModule>> name_modules(const StartInfo& info, FrameSource& frames) {
    constexpr uint64_t kNumberedPath = 32;
    const auto modules = info.modules.entries();
    if (modules.empty())
        return fail(ErrorCode::kernel_not_given);
    uint64_t bytes = Arena::bytes_for<NamedModule>(modules.size());
    for (const StartModule& module : modules)
        bytes += path_arena_bytes(module.string.size() + kNumberedPath);
    auto arena = allocate_arena(frames, bytes);
    if (!arena)
        return std::unexpected(arena.error());
    const auto named = arena->array<NamedModule>(modules.size());
    if (!named)
        return std::unexpected(named.error());
    for (std::size_t i = 0; i < modules.size(); ++i) {
        const auto module = name_module(modules[i], i, *arena);
        if (!module)
            return std::unexpected(module.error());
        (*named)[i] = *module;
    }
    return *named;
}

/// What the command line says; the modules are to come.
Result<BootEntry> read_command_line(const StartInfo& info, FrameSource& frames, Log& log) {
    auto arena = allocate_arena(frames, start_line_arena_bytes(info.command_line.size()));
    if (!arena)
        return std::unexpected(arena.error());
    LogRemarks remarks(log);
    const auto entry = parse_start_line(info.command_line, *arena, remarks);
    if (!entry && entry.error().subject[0] == 0) // else it names the setting
        return std::unexpected(entry.error().about("command line"));
    return entry;
}

/// The kernel and the modules of `entry`.
Result<void> add_modules(std::span<const NamedModule> modules, FrameSource& frames,
                         BootEntry& entry) {
    auto arena = allocate_arena(frames, Arena::bytes_for<BootModule>(modules.size()));
    if (!arena)
        return std::unexpected(arena.error());
    const auto others = arena->array<BootModule>(modules.size() - 1);
    if (!others)
        return std::unexpected(others.error());
    for (std::size_t i = 1; i < modules.size(); ++i)
        (*others)[i - 1] = modules[i].entry;
    entry.kernel = modules.front().entry.path;
    entry.modules = *others;
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
    StartInfo& info = *new (start_info_room.data()) StartInfo;
    if (const auto read = read_start(start, info); !read)
        return read.error();
    const FirmwareTables tables = find_firmware_tables(info, MappedMemory());
    console.add_uarts(info, tables.rsdp, log.text());
    MapFrames frames({.map = info.memory.entries(),
                      .occupied = find_occupied(info, tables),
                      .room = free_room,
                      .blocks = block_room});
    const auto memory = memory_to_map(info, tables, frames);
    if (!memory)
        return memory.error();
    const bool huge_pages = cpu::has_huge_pages();
    if (const auto mapped = map_machine(frames, *memory, {}, huge_pages); !mapped)
        return mapped.error();
    log.step("machine checked");

    const auto read = read_command_line(info, frames, log);
    if (!read)
        return read.error();
    entry = *read;
    log.be_quiet(entry.log == LogTo::memory);
    const auto modules = name_modules(info, frames);
    if (!modules)
        return modules.error();
    if (const auto added = add_modules(*modules, frames, entry); !added)
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
    log.line(Text()
                 .add("Baton " BATON_VERSION ", stage 1 for ")
                 .add(name_of(path))
                 .add(", at ")
                 .hex(image_range().base.value));
    BootEntry entry{};
    const Error error = boot({path, {info}, magic}, console, log, entry);
    console.write_line(Text().error(error).view());
    if (entry.after_fault.action == AfterFault::Action::exit)
        end_qemu(kExitPort, kExitNothingBooted);
    console.write_line("nothing was booted: the machine stops");
    cpu::halt();
}
