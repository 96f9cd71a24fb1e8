// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/rehearsal.hpp"

#include "tools/baton/default_machine.hpp"
#include "tools/baton/desk_file.hpp"
#include "tools/baton/desk_frames.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/heap_arena.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>

namespace baton::tool {
namespace {

class Lines final : public LineSink {
  public:
    void write_line(std::string_view text) override {
        text.remove_prefix(text.find("] ") + 2); // the time
        lines.emplace_back(text);
    }
    std::vector<std::string> lines;
};

// A PC's devices, where they always are.
constexpr PhysAddr kTimers{0xfed0'0000};
constexpr PhysAddr kIoApic{0xfec0'0000};
constexpr LocalApic kLocalApic{.registers = {0xfee0'0000}, .is_on = true};
constexpr uint32_t kProcessors = 4;
constexpr uint32_t kWidth = 1280;
constexpr uint32_t kHeight = 800;

/// The memory map once the firmware has been left.
std::vector<TypedRange> left_by_firmware(std::vector<TypedRange> memory) {
    for (TypedRange& range : memory)
        if (range.type == BATON_MEMORY_LOADER_RECLAIMABLE)
            range.type = BATON_MEMORY_USABLE;
    return memory;
}

/// The machine and its firmware.
class DeskPlatform final : public Platform {
  public:
    DeskPlatform(const Rehearsal::Given& given, Log& log)
        : given_(given),
          log_(log),
          frames_(given.memory) {}

    FrameSource& frames() override { return frames_; }
    const DeskFrames& memory_frames() const { return frames_; }

    Result<FileSource*> open_kernel(std::string_view) override {
        return &kernel_.emplace(given_.kernel);
    }

    Result<FileSource*> open_module(std::string_view path) override {
        for (const Module& module : given_.modules)
            if (module.file == path)
                return &modules_.emplace_back(module.file, without_compression_suffix(path) != path
                                                               ? Content::read
                                                               : Content::left_out);
        // A path on the boot volume, which isn't here.
        if (std::ranges::find(unseen_, path) == unseen_.end()) {
            unseen_.emplace_back(path);
            log_.line(Text().add("module ").add(path).add(" is requested, and not checked here"));
        }
        return &modules_.emplace_back(kPageBytes);
    }

    Result<std::span<const PhysRange>> memory(Arena& /*arena*/) override {
        cacheable_.clear();
        for (const TypedRange& range : given_.memory)
            if (range.type != BATON_MEMORY_RESERVED && range.type != BATON_MEMORY_BAD)
                cacheable_.push_back(page_cover(range.range));
        return cacheable_;
    }

    Result<MachineFacts> facts(Arena& /*arena*/) override { return MachineFacts{}; }
    Result<std::size_t> reserve_memory_map() override {
        constexpr std::size_t kBlocksToSpare = 64;
        return given_.memory.size() + frames_.block_count() + kBlocksToSpare;
    }
    Result<std::span<TypedRange>> read_memory_map(std::span<TypedRange> buffer) override {
        std::vector<TypedRange> ranges = left_by_firmware(given_.memory);
        frames_.add_blocks(ranges);
        if (ranges.size() > buffer.size())
            return fail(ErrorCode::memory_map_too_long, {ranges.size(), buffer.size()});
        std::ranges::copy(ranges, buffer.begin());
        return buffer.first(ranges.size());
    }

    Result<acpi::Processors> processors(Arena& arena) override {
        const auto list = TRY(arena.array<acpi::Processor>(kProcessors));
        for (uint32_t i = 0; i < kProcessors; ++i)
            list[i] = {.id = i, .uid = i, .enabled = true};
        return acpi::Processors{.list = list};
    }
    bool can_map_runtime_services() override { return true; }

    Result<Displays> find_displays(const Requests& requests, Arena& /*arena*/) override {
        const auto& request = requests.framebuffer;
        BatonFramebuffer& framebuffer = display_.framebuffer;
        framebuffer.base_physical = framebuffer_base(given_.memory, ovmf_version()).value;
        framebuffer.width_pixels =
            request.width != 0 ? static_cast<uint32_t>(request.width) : kWidth;
        framebuffer.height_pixels =
            request.height != 0 ? static_cast<uint32_t>(request.height) : kHeight;
        framebuffer.pitch_bytes = framebuffer.width_pixels * 4;
        framebuffer.bytes = uint64_t{framebuffer.pitch_bytes} * framebuffer.height_pixels;
        framebuffer.bits_per_pixel = 32;
        return Displays{.all = {&display_, 1}, .has_requested_mode = true};
    }

    std::optional<WatchdogPlan> find_watchdog(uint32_t, std::span<const PhysRange>) override {
        WatchdogPlan plan{};
        plan.devices.timers = kTimers;
        plan.devices.io_apic.registers = kIoApic;
        return plan;
    }

  private:
    const Rehearsal::Given& given_;
    Log& log_;
    DeskFrames frames_;
    std::optional<DeskFile> kernel_;
    std::deque<DeskFile> modules_;
    std::vector<std::string> unseen_;
    std::vector<PhysRange> cacheable_;
    Display display_{};
};

} // namespace

struct Rehearsal::Desk {
    explicit Desk(const Given& what)
        : given(what),
          kernel(what.kernel.filename().string()),
          stage2(read_file(data_file("stage2.bin"))) {
        for (const Module& module : given.modules)
            modules.push_back({.path = module.file.native(),
                               .string = module.string,
                               .is_verbatim = module.is_verbatim});
        entry.kernel = kernel;
        entry.command_line = given.command_line;
        entry.modules = modules;
        for (const Setting& setting : given.settings)
            if (const auto set = set_setting(entry, setting.key, setting.value, {}); !set)
                throw Failure(string_of(Text().error(set.error())));
    }

    Given given;
    std::string kernel;
    std::vector<std::byte> stage2;
    std::vector<BootModule> modules;
    BootEntry entry{};
    PreviousBoot previous{};
    RandomNumbers random{};
    Lines lines;
    std::array<char, 1 << 16> log_memory{};
    Log log{lines, {.read = [] { return uint64_t{0}; }, .start = 0, .hz = 0}, log_memory};
    DeskPlatform platform{given, log};
    FrameArena arena{platform.frames()};
    BootInput input{
        .platform = platform,
        .entry = entry,
        .log = log,
        .stage2 = stage2,
        .processor = {.huge_pages = true, .five_level_paging = true, .apic = kLocalApic},
        .random = random,
        .ports = {},
        .previous = previous,
        .path = BATON_BOOT_PATH_UEFI};
    std::optional<PreparedBoot> boot;
    HeapArena results;
};

Rehearsal::Rehearsal(const Given& given) : desk_(std::make_unique<Desk>(given)) {
    const auto prepared = prepare_boot(desk_->input, desk_->arena);
    const std::size_t lines = log().size();
    if (!prepared)
        error_ = prepared.error();
    else if (const auto left = finish_boot(desk_->input, desk_->boot.emplace(*prepared)); !left)
        error_ = left.error();
    else
        read_memory_map();
    desk_->lines.lines.resize(lines); // no firmware is left here
}

Rehearsal::~Rehearsal() = default;

const std::vector<std::string>& Rehearsal::log() const {
    return desk_->lines.lines;
}

const PreparedBoot& Rehearsal::boot() const {
    return *desk_->boot;
}

void Rehearsal::read_memory_map() {
    std::vector<TypedRange> ranges = left_by_firmware(desk_->given.memory);
    desk_->platform.memory_frames().add_blocks(ranges);
    ranges.insert(ranges.end(), boot().also_there.begin(), boot().also_there.end());
    if (const auto buffers = NormaliseBuffers::create(desk_->results, ranges.size()))
        memory_map_ = normalise(ranges, *buffers);
}

uint64_t Rehearsal::read(PhysAddr address) const {
    uint64_t value = 0;
    if (const std::byte* const memory = desk_->platform.memory_frames().find(address))
        std::memcpy(&value, memory, sizeof value);
    return value;
}

uint64_t Rehearsal::kernel_word(uint64_t address) const {
    const LoadPlan& plan = boot().kernel.plan;
    return read(plan.loaded({address + plan.slide}));
}

} // namespace baton::tool
