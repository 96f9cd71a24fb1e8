// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/rehearsal.hpp"

#include "memory/free_memory.hpp"
#include "tools/baton/default_machine.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <sys/mman.h>
#include <utility>

namespace baton::tool {
namespace {

/// Zeroed memory that costs nothing until it is touched: a kernel may have gigabytes of .bss.
class LazyMemory {
  public:
    explicit LazyMemory(uint64_t bytes) : bytes_(bytes) {
        void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory != MAP_FAILED)
            memory_ = static_cast<std::byte*>(memory);
    }
    LazyMemory(LazyMemory&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)),
          bytes_(other.bytes_) {}
    LazyMemory(const LazyMemory&) = delete;
    LazyMemory& operator=(const LazyMemory&) = delete;
    LazyMemory& operator=(LazyMemory&&) = delete;
    ~LazyMemory() {
        if (memory_)
            munmap(memory_, bytes_);
    }

    std::byte* data() const { return memory_; }
    uint64_t bytes() const { return bytes_; }

  private:
    std::byte* memory_ = nullptr;
    uint64_t bytes_;
};

/// The machine's memory, of which only what is handed out is there.
class Frames final : public FrameSource {
  public:
    explicit Frames(std::span<const TypedRange> memory)
        : room_(FreeMemory::entries_for(memory.size() + 1, kMostSplits)) {
        free_.add_taken({{0}, kPageBytes}); // never handed out
        for (const TypedRange& range : memory)
            if (range.type == BATON_MEMORY_USABLE)
                free_.add_free(range.range);
            else
                free_.add_taken(range.range);
        free_.build();
    }

    Result<PhysAddr> allocate(const FrameRequest& request) override {
        const uint64_t bytes = request.pages * kPageBytes;
        if (const auto base = free_.take({kPhysicalAddressEnd}, request)) {
            LazyMemory memory(bytes);
            if (memory.data()) {
                blocks_.emplace(base->value,
                                Block{std::move(memory), request.use, request.label()});
                return *base;
            }
        }
        return fail(ErrorCode::out_of_memory, {bytes, request.alignment});
    }

    void keep_clear(PhysRange pages) override { free_.remove(pages); }
    std::byte* access(PhysAddr address) override { return find(address); }
    PhysAddr address_of(const void* pointer) const override {
        const auto* const wanted = static_cast<const std::byte*>(pointer);
        for (const auto& [base, block] : blocks_)
            if (std::less_equal()(block.memory.data(), wanted) &&
                std::less()(wanted, block.memory.data() + block.memory.bytes()))
                return PhysAddr{base} + static_cast<uint64_t>(wanted - block.memory.data());
        return {kOwnMemory | reinterpret_cast<uint64_t>(pointer)};
    }

    std::byte* find(PhysAddr address) const {
        if (address.value >= kOwnMemory)
            return reinterpret_cast<std::byte*>(address.value - kOwnMemory);
        auto block = blocks_.upper_bound(address.value);
        if (block == blocks_.begin())
            return nullptr;
        --block;
        const uint64_t offset = address.value - block->first;
        return offset < block->second.memory.bytes() ? block->second.memory.data() + offset
                                                     : nullptr;
    }

    std::size_t block_count() const { return blocks_.size(); }

    /// What is where.
    void add_blocks(std::vector<TypedRange>& ranges) const {
        for (const auto& [base, block] : blocks_)
            ranges.push_back(
                FrameBlock{{{base}, block.memory.bytes()}, block.use, block.label}.typed());
    }

  private:
    struct Block {
        LazyMemory memory;
        MemoryUse use;
        const char* label;
    };

    // This program's memory lies there, as that of a stage 1 lies somewhere in the machine's.
    static constexpr uint64_t kOwnMemory = uint64_t{1} << 51;
    static constexpr std::size_t kMostSplits = 1 << 16; // by alignment
    std::vector<PhysRange> room_;
    FreeMemory free_{room_};
    std::map<uint64_t, Block> blocks_;
};

/// Whether content is copied into the machine's memory. That of most modules decides nothing, and
/// it may be gigabytes.
enum class Content : bool { left_out, read };

class DeskFile final : public FileSource {
  public:
    explicit DeskFile(const std::filesystem::path& file, Content content = Content::read)
        : file_(std::in_place, file),
          content_(content) {}
    /// One that isn't here.
    explicit DeskFile(uint64_t bytes) : bytes_(bytes), content_(Content::left_out) {}

    Result<uint64_t> size() override { return file_ ? file_->bytes().size() : bytes_; }
    Result<void> read(uint64_t offset, std::span<std::byte> into) override {
        if (content_ == Content::read)
            std::copy_n(file_->bytes().begin() + static_cast<std::ptrdiff_t>(offset), into.size(),
                        into.begin());
        return {};
    }

  private:
    std::optional<MappedFile> file_;
    uint64_t bytes_ = 0;
    Content content_;
};

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
constexpr uint32_t kWidth = 1280;
constexpr uint32_t kHeight = 800;

/// The machine and its firmware.
class DeskPlatform final : public Platform {
  public:
    DeskPlatform(const Rehearsal::Given& given, Log& log)
        : given_(given),
          log_(log),
          frames_(given.memory) {}

    FrameSource& frames() override { return frames_; }
    const Frames& memory_frames() const { return frames_; }

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
        std::vector<TypedRange> ranges = given_.memory;
        frames_.add_blocks(ranges);
        if (ranges.size() > buffer.size())
            return fail(ErrorCode::memory_map_too_long, {ranges.size(), buffer.size()});
        std::ranges::copy(ranges, buffer.begin());
        return buffer.first(ranges.size());
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
    Frames frames_;
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
    BootInput input{.platform = platform,
                    .entry = entry,
                    .log = log,
                    .stage2 = stage2,
                    .processor = {.huge_pages = true, .five_level_paging = true},
                    .random = random,
                    .ports = {},
                    .previous = previous,
                    .path = BATON_BOOT_PATH_UEFI};
    std::optional<PreparedBoot> boot;
};

Rehearsal::Rehearsal(const Given& given) : desk_(std::make_unique<Desk>(given)) {
    const auto prepared = prepare_boot(desk_->input, desk_->arena);
    const std::size_t lines = log().size();
    if (!prepared)
        error_ = prepared.error();
    else if (const auto left = finish_boot(desk_->input, desk_->boot.emplace(*prepared)); !left)
        error_ = left.error();
    desk_->lines.lines.resize(lines); // no firmware is left here
}

Rehearsal::~Rehearsal() = default;

const std::vector<std::string>& Rehearsal::log() const {
    return desk_->lines.lines;
}

std::size_t Rehearsal::warnings() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        log(), [](const std::string& line) { return line.starts_with("warning: "); }));
}

const PreparedBoot& Rehearsal::boot() const {
    return *desk_->boot;
}

const BatonBootInfo& Rehearsal::boot_info() const {
    return *static_cast<const BatonBootInfo*>(at(boot().record->address().value));
}

const void* Rehearsal::at(uint64_t address) const {
    return desk_->platform.memory_frames().find(
        {address - boot().memory.layout.direct_map.base.value});
}

uint64_t Rehearsal::read(PhysAddr address) const {
    uint64_t value = 0;
    if (const std::byte* const memory = desk_->platform.memory_frames().find(address))
        std::memcpy(&value, memory, sizeof value);
    return value;
}

} // namespace baton::tool
