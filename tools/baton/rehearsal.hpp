// SPDX-License-Identifier: BSD-2-Clause
//
// A boot on the author's desk: the loader's own code decides, places and builds all that it would
// on a machine with a given memory map, in this process.
#pragma once

#include "boot/boot.hpp"
#include "memory/normalise.hpp"
#include "tools/baton/boot_image.hpp"
#include "tools/baton/memory_map.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace baton::tool {

class Rehearsal {
  public:
    struct Given {
        std::filesystem::path kernel;
        std::vector<Module> modules;
        std::string command_line;
        std::vector<Setting> settings; // each one that the loader has
        std::vector<TypedRange> memory;
    };
    /// Throws a Failure if a file can't be read. The machine has all that a kernel can request.
    explicit Rehearsal(const Given& given);
    Rehearsal(const Rehearsal&) = delete;
    Rehearsal& operator=(const Rehearsal&) = delete;
    ~Rehearsal();

    /// Why the kernel can't be booted; nothing if it can.
    const std::optional<Error>& error() const { return error_; }
    /// What the loader said, without the times.
    const std::vector<std::string>& log() const;

    // Of a boot without an error.
    const PreparedBoot& boot() const;
    /// What all memory is when the kernel runs.
    std::span<const NormalisedRange> memory_map() const { return memory_map_; }
    /// Eight bytes at a physical address of the loader's memory; 0 elsewhere.
    uint64_t read(PhysAddr address) const;
    /// Eight bytes of the loaded kernel, at an address as linked.
    uint64_t kernel_word(uint64_t address) const;

  private:
    struct Desk;
    void read_memory_map();

    std::unique_ptr<Desk> desk_;
    std::span<const NormalisedRange> memory_map_;
    std::optional<Error> error_;
};

} // namespace baton::tool
