// SPDX-License-Identifier: BSD-2-Clause
//
// What the HandoffBuilder needs, where Baton was started without firmware services: all files are
// in memory already, and nobody has to be left.
#pragma once

#include "config/boot_entry.hpp"
#include "handoff/platform.hpp"
#include "memory/map_frames.hpp"
#include "start/firmware_tables.hpp"
#include "start/start_info.hpp"

#include <optional>
#include <span>

namespace baton {

/// A file in memory.
class MemoryFile final : public FileSource {
  public:
    MemoryFile() = default;
    explicit MemoryFile(PhysRange contents) : contents_(contents) {}
    Result<uint64_t> size() override;
    Result<void> read(uint64_t offset, std::span<std::byte> into) override;

  private:
    PhysRange contents_;
};

/// A module by the path that the kernel will find, as normalise_path() makes it.
struct NamedModule {
    PhysRange contents;
    BootModule entry;
};

class StartPlatform final : public Platform {
  public:
    /// All of it is referred to.
    struct Given {
        const StartInfo& start;
        const FirmwareTables& tables;
        MapFrames& frames;
        std::span<const PhysRange> memory;    // memory_to_map()
        std::span<const NamedModule> modules; // the kernel is the first
        bool huge_pages;
    };
    explicit StartPlatform(const Given& given) : given_(given) {}

    FrameSource& frames() override { return given_.frames; }
    Result<FileSource*> open_kernel(std::string_view path) override;
    Result<FileSource*> open_module(std::string_view path) override;
    Result<std::span<const PhysRange>> memory() override { return given_.memory; }
    Result<Needs> prepare() override;
    void add_facts(BootRecord& record) override;
    Result<void> leave(MemoryListener& listener) override { return listener.memory_is_known(); }
    std::size_t claim_memory(std::span<TypedRange> room) override;

    Result<Displays> find_displays(const Requests& requests) override;
    Result<void> make_executable(PhysRange code, PhysRange data) override;
    std::optional<WatchdogPlan> find_watchdog(uint32_t seconds,
                                              std::span<const PhysRange> avoid) override;
    void finish(BootRecord& record, const Layout& layout, bool runtime_map) override;
    void start_watchdog(const WatchdogPlan& plan) override;

  private:
    Given given_;
    MemoryFile kernel_;
    MemoryFile module_;
    Display display_{};
    BatonVideoMode mode_{};
};

/// What may be shown in a direct map: RAM, and the pages of the tables that Baton reports.
Result<std::span<const PhysRange>> memory_to_map(const StartInfo& start,
                                                 const FirmwareTables& tables, FrameSource& frames);

} // namespace baton
