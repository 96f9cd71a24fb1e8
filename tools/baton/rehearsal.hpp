// SPDX-License-Identifier: BSD-2-Clause
//
// A boot on the author's desk: the loader's own code decides, places and builds all that it would
// on a machine with a given memory map, in this process.
#pragma once

#include "boot/boot.hpp"
#include "tools/baton/boot_image.hpp"
#include "tools/baton/memory_map.hpp"

#include <filesystem>
#include <memory>
#include <optional>
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
    std::size_t warnings() const;

    // Of a boot without an error.
    const PreparedBoot& boot() const;
    const BatonBootInfo& boot_info() const;
    /// Where the texts and arrays are that BootInfo has an address of.
    const void* at(uint64_t address) const;
    /// Eight bytes at a physical address of the loader's memory.
    uint64_t read(PhysAddr address) const;

  private:
    struct Desk;
    std::unique_ptr<Desk> desk_;
    std::optional<Error> error_;
};

} // namespace baton::tool
