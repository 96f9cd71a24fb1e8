// SPDX-License-Identifier: BSD-2-Clause
//
// The smallest stage 1 that can be: a machine of 32 MiB at 256 MiB, or of what a test adds, whose
// files are in a map, and which is told what becomes of it.
#pragma once

#include "boot/boot.hpp"
#include "memory/map_frames.hpp"
#include "support/bytes.hpp"
#include "support/elf_builder.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {

/// Frames that can run dry, and what was handed out.
class DryableFrames final : public FrameSource {
  public:
    explicit DryableFrames(FrameSource& source) : source_(source) {}
    Result<PhysAddr> allocate(const FrameRequest& request) override {
        if (calls_++ >= dry_at)
            return fail(ErrorCode::out_of_memory, {request.pages * kPageBytes, request.alignment});
        const auto base = is_for_low_page(request) ? Result<PhysAddr>(PhysAddr{kLowPage})
                                                   : source_.allocate(request);
        if (base)
            blocks.push_back({{*base, request.pages * kPageBytes}, request.use, request.label()});
        return base;
    }
    void keep_clear(PhysRange pages) override { source_.keep_clear(pages); }
    std::byte* access(PhysAddr address) override {
        return address.value == kLowPage ? low_page.data() : source_.access(address);
    }
    PhysAddr address_of(const void* pointer) const override { return source_.address_of(pointer); }

    static constexpr uint64_t kLowPage = 0x9'e000;
    std::vector<std::byte> low_page = std::vector<std::byte>(kPageBytes, std::byte{0xa5});
    std::vector<FrameBlock> blocks; // each of its own, as a firmware's allocator has them
    uint64_t dry_at = ~uint64_t{0}; // the call with this number, from 0 on, and all after it
    uint64_t calls() const { return calls_; }

  private:
    bool is_for_low_page(const FrameRequest& request) const {
        const PhysRange page{{kLowPage}, kPageBytes};
        return request.pages == 1 && request.below >= page.end() &&
               request.below.value <= 0xa'0000 && !low_page.empty() &&
               std::ranges::none_of(request.avoid,
                                    [&](const PhysRange& range) { return range.overlaps(page); });
    }

    FrameSource& source_;
    uint64_t calls_ = 0;
};

/// A file in memory.
class BufferFile final : public FileSource {
  public:
    Result<uint64_t> size() override { return std::max<uint64_t>(claimed_bytes, bytes.size()); }
    Result<void> read(uint64_t offset, std::span<std::byte> into) override {
        ++reads;
        const uint64_t end = std::max<uint64_t>(claimed_bytes, bytes.size());
        if (!fits(offset, into.size(), end))
            return fail(ErrorCode::file_read_short, {offset, offset + into.size() - end});
        const Bytes there = bytes.subspan(std::min<uint64_t>(offset, bytes.size()));
        std::copy_n(there.begin(), std::min(there.size(), into.size()), into.begin());
        return {};
    }
    std::string_view inner_path() const override { return inner; }
    Bytes bytes; // referred to
    std::string_view inner;
    uint64_t claimed_bytes = 0;
    uint64_t reads = 0;
};

class FakePlatform final : public Platform {
  public:
    static constexpr PhysRange kMemory{{0x1000'0000}, uint64_t{32} << 20};

    /// `memory_bytes` from kMemory on are there to be handed out.
    /// They are full of garbage.
    explicit FakePlatform(uint64_t memory_bytes = kMemory.bytes) : memory_bytes_(memory_bytes) {
        std::memset(memory_.get(), 0xa5, std::min(memory_bytes, kMemory.bytes));
    }

    /// As at first: nothing is handed out, opened or said.
    void restart() {
        std::destroy_at(&source);
        std::construct_at(&source, frames_given());
        dryable.blocks.clear();
        opened.clear();
        said.clear();
        open_files_.clear();
    }

    FrameSource& frames() override { return dryable; }
    Result<FileSource*> open_kernel(std::string_view path) override {
        const auto file = open(path);
        if (!file)
            return std::unexpected(Error(ErrorCode::kernel_not_found).about(path));
        return file;
    }
    Result<FileSource*> open_module(std::string_view path) override { return open(path); }
    Result<std::span<const PhysRange>> memory(Arena& /*arena*/) override {
        cacheable_.assign(1, usable().range);
        for (const TypedRange& range : elsewhere)
            if (range.type == BATON_MEMORY_USABLE)
                cacheable_.push_back(range.range);
        cacheable_.insert(cacheable_.end(), also_cacheable.begin(), also_cacheable.end());
        return cacheable_;
    }
    Result<std::span<const PhysRange>> reserved_tables(Arena& /*arena*/) override {
        return tables_in_reserved;
    }
    bool can_map_runtime_services() override { return !runtime.empty(); }
    Result<std::span<const RuntimeRange>> runtime_memory(Arena& /*arena*/) override {
        return runtime;
    }
    Result<Displays> find_displays(const Requests& requests, Arena& arena) override {
        if (displays.empty())
            return Platform::find_displays(requests, arena);
        return Displays{.all = displays, .has_requested_mode = true};
    }
    std::optional<WatchdogPlan> find_watchdog(uint32_t /*seconds*/,
                                              std::span<const PhysRange> /*avoid*/) override {
        return watchdog;
    }
    InterruptPlan find_interrupts(const InterruptChoice& choice,
                                  std::span<const PhysRange> memory) override {
        said.emplace_back("interrupts");
        not_registers.assign(memory.begin(), memory.end());
        InterruptPlan plan{.choice = choice};
        plan.left_out = unreachable;
        return plan;
    }
    void mask_interrupts(const InterruptPlan& plan) override {
        said.emplace_back("mask");
        masked = plan.choice;
    }
    void start_watchdog(const WatchdogPlan& /*plan*/) override { said.emplace_back("watchdog"); }
    Result<MachineFacts> facts(Arena& /*arena*/) override { return machine; }
    Result<acpi::Processors> processors(Arena& /*arena*/) override {
        return acpi::Processors{.list = listed, .left_out = unlisted, .mailbox = mailbox};
    }
    Result<std::size_t> reserve_memory_map() override {
        constexpr std::size_t kToSpare = 16;
        return 1 + elsewhere.size() + dryable.blocks.size() + kToSpare;
    }
    void prepare_to_leave(std::optional<PhysAddr> crash_record) override {
        said.emplace_back(crash_record ? "prepare to leave" : "prepare to leave nothing");
    }
    Result<std::span<TypedRange>> read_memory_map(std::span<TypedRange> buffer) override {
        said.emplace_back("map");
        if (grow)
            grow(elsewhere);
        std::vector<TypedRange> ranges = {usable()};
        ranges.insert(ranges.end(), elsewhere.begin(), elsewhere.end());
        for (const FrameBlock& block : dryable.blocks)
            ranges.push_back(block.typed());
        if (ranges.size() > buffer.size())
            return fail(ErrorCode::memory_map_too_long, {ranges.size(), buffer.size()});
        std::ranges::copy(ranges, buffer.begin());
        return buffer.first(ranges.size());
    }
    uint64_t exit() override {
        said.emplace_back("exit");
        if (stays)
            return 1;
        if (!found_late)
            return 0;
        elsewhere.push_back(*found_late); // the map was of before
        found_late.reset();
        return 1;
    }
    FirmwareMap firmware_map() override {
        said.emplace_back("firmware's map");
        return last_map;
    }
    bool can_stay() override { return stays_for_kernels; }
    void stay(std::span<const Region> kernel) override {
        said.emplace_back("stay");
        kept.assign(kernel.begin(), kernel.end());
    }
    uint64_t map_runtime_services(VirtAddr /*direct_map*/) override {
        said.emplace_back("runtime services");
        return 0;
    }

    /// The eight bytes at `physical`, as a page walk reads them.
    uint64_t read(uint64_t physical) {
        uint64_t value = 0;
        std::memcpy(&value, source.access({physical}), sizeof value);
        return value;
    }

  private:
    uint64_t memory_bytes_;
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free> memory_{
        static_cast<std::byte*>(std::aligned_alloc(kPageBytes, memory_bytes_))};
    std::array<TypedRange, 1> map_{usable()};
    std::array<PhysRange, 512> room_{};
    std::array<FrameBlock, 512> blocks_{};
    std::vector<PhysRange> cacheable_;

    TypedRange usable() const {
        return {.range = {kMemory.base, memory_bytes_}, .type = BATON_MEMORY_USABLE};
    }
    MapFrames::Given frames_given() {
        return {.map = map_,
                .occupied = {},
                .list = room_,
                .blocks = blocks_,
                .access_offset = reinterpret_cast<uint64_t>(memory_.get()) - kMemory.base.value};
    }

  public:
    MapFrames source{frames_given()};
    DryableFrames dryable{source};
    std::vector<Display> displays;
    FirmwareMap last_map;
    MachineFacts machine{.rsdp = 0xe'0000};
    std::vector<acpi::Processor> listed;
    uint64_t unlisted = 0;
    PhysAddr mailbox{};
    std::vector<PhysRange> also_cacheable; // that is `elsewhere`, and not usable
    std::vector<PhysRange> tables_in_reserved;
    std::optional<WatchdogPlan> watchdog; // nothing: there is no timer
    std::optional<PhysAddr> unreachable;  // a device
    std::vector<PhysRange> not_registers; // as find_interrupts() was told
    InterruptChoice masked;               // by mask_interrupts()
    std::vector<RuntimeRange> runtime;    // none: no runtime services
    std::vector<TypedRange> elsewhere;    // the rest of the memory map, in whole pages
    std::map<std::string, std::string, std::less<>> inner_paths; // of files
    std::map<std::string, Buffer, std::less<>> files;
    // How long files are said to be; bytes beyond those of a longer file are never written.
    uint64_t claimed_file_bytes = 0;
    std::vector<std::string> opened;
    std::vector<std::string> said;
    /// Of all files that are open.
    uint64_t reads() const {
        uint64_t sum = 0;
        for (const auto& file : open_files_)
            sum += file->reads;
        return sum;
    }
    bool stays = false;                   // exit() fails
    bool stays_for_kernels = false;       // that are called with boot services
    std::vector<Region> kept;             // of such a kernel
    std::optional<TypedRange> found_late; // memory that is `elsewhere` by the second try to exit
    std::function<void(std::vector<TypedRange>& elsewhere)>
        grow; // what each look at the map begins with

  private:
    Result<FileSource*> open(std::string_view path) {
        opened.emplace_back(path);
        const auto file = files.find(path);
        if (file == files.end())
            return std::unexpected(Error(ErrorCode::file_not_found).about(path));
        open_files_.push_back(std::make_unique<BufferFile>());
        open_files_.back()->bytes = file->second;
        open_files_.back()->claimed_bytes = claimed_file_bytes;
        if (const auto inner = inner_paths.find(path); inner != inner_paths.end())
            open_files_.back()->inner = inner->second;
        return open_files_.back().get();
    }
    std::vector<std::unique_ptr<BufferFile>> open_files_;
};

} // namespace baton::test
