// SPDX-License-Identifier: BSD-2-Clause
//
// The smallest stage 1 that can be: a machine of 32 MiB at 256 MiB, whose files are in a map, and
// which is told what becomes of it.
#pragma once

#include "handoff/builder.hpp"
#include "memory/map_frames.hpp"
#include "support/bytes.hpp"
#include "support/elf_builder.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <ios>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {

/// Frames that can run dry.
class DryableFrames final : public FrameSource {
  public:
    explicit DryableFrames(FrameSource& source) : source_(source) {}
    Result<PhysAddr> allocate(const FrameRequest& request) override {
        if (calls_++ >= dry_at)
            return fail(ErrorCode::out_of_memory, {request.pages * kPageBytes, request.alignment});
        return source_.allocate(request);
    }
    std::byte* access(PhysAddr address) override { return source_.access(address); }

    uint64_t dry_at = ~uint64_t{0}; // the call with this number, from 0 on, and all after it
    uint64_t calls() const { return calls_; }

  private:
    FrameSource& source_;
    uint64_t calls_ = 0;
};

class FakePlatform final : public Platform {
  public:
    static constexpr PhysRange kMemory{{0x1000'0000}, uint64_t{32} << 20};

    FrameSource& frames() override { return dryable; }
    Result<FileSource*> open_kernel(std::string_view path) override {
        const auto file = open(path);
        if (!file)
            return std::unexpected(Error(ErrorCode::kernel_not_found).about(path));
        return file;
    }
    Result<FileSource*> open_module(std::string_view path) override { return open(path); }
    Result<std::span<const PhysRange>> memory() override { return std::span(&kMemory, 1); }
    Result<Needs> prepare() override { return Needs{.fact_bytes = 0, .claims = 256}; }
    void add_facts(BootRecord& record) override { record.info().rsdp_physical = 0xe'0000; }
    void prepare_to_leave(std::optional<PhysAddr> last_words) override {
        said.emplace_back(last_words ? "prepare to leave" : "prepare to leave nothing");
    }
    Result<void> leave() override {
        said.emplace_back("leave");
        if (stays)
            return fail(ErrorCode::exit_boot_services_failed, {1, 8});
        return {};
    }
    std::size_t claim_memory(std::span<TypedRange> room) override {
        said.emplace_back("claim");
        std::size_t count = 0;
        room[count++] = {.range = kMemory, .type = BATON_MEMORY_USABLE};
        for (const MapFrames::Block& block : source.blocks())
            room[count++] = {.range = block.range, .type = final_type(block.origin)};
        return count;
    }
    void finish(BootRecord& /*record*/, const Layout& /*layout*/, bool /*runtime_map*/) override {
        said.emplace_back("finish");
    }

    /// The eight bytes at `physical`, as a page walk reads them.
    uint64_t read(uint64_t physical) {
        uint64_t value = 0;
        std::memcpy(&value, source.access({physical}), sizeof value);
        return value;
    }

  private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    std::unique_ptr<std::byte, Free> memory_{
        static_cast<std::byte*>(std::aligned_alloc(kPageBytes, kMemory.bytes))};
    std::array<TypedRange, 1> map_{{{.range = kMemory, .type = BATON_MEMORY_USABLE}}};
    std::array<PhysRange, 512> taken_{};
    std::array<MapFrames::Block, 512> blocks_{};

  public:
    MapFrames source{
        {.map = map_,
         .occupied = {},
         .taken = taken_,
         .blocks = blocks_,
         .access_offset = reinterpret_cast<uint64_t>(memory_.get()) - kMemory.base.value}};
    DryableFrames dryable{source};
    std::map<std::string, Buffer, std::less<>> files;
    std::vector<std::string> opened;
    std::vector<std::string> said;
    bool stays = false; // leave() fails

  private:
    class BufferFile final : public FileSource {
      public:
        Result<uint64_t> size() override { return bytes.size(); }
        Result<void> read(uint64_t offset, std::span<std::byte> into) override {
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), into.size(),
                        into.begin());
            return {};
        }
        Bytes bytes;
    };
    Result<FileSource*> open(std::string_view path) {
        opened.emplace_back(path);
        const auto file = files.find(path);
        if (file == files.end())
            return std::unexpected(Error(ErrorCode::file_not_found).about(path));
        open_files_.push_back(std::make_unique<BufferFile>());
        open_files_.back()->bytes = file->second;
        return open_files_.back().get();
    }
    std::vector<std::unique_ptr<BufferFile>> open_files_;
};

} // namespace baton::test
