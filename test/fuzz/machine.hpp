// SPDX-License-Identifier: BSD-2-Clause
//
// The machine that a fuzzed kernel is booted on, and what its owner asks for: the last bytes of an
// input, so that the rest is a plain ELF file.
#pragma once

#include "abi/boot_info.h"
#include "fuzz/frames.hpp"
#include "fuzz/input.hpp"
#include "memory/efi_map.hpp"

#include <cstdint>
#include <vector>

namespace baton::fuzz {

enum MachineFlags : uint8_t {
    kFiveLevelProcessor = 1,
    kHugePages = 2,
    kKaslr = 4,
    kRefuseWriteExecute = 8,
    kHighMemory = 16, // behind 4 GiB
    kSmallMemory = 32,
    kFramebuffer = 64,
    kFarDescriptors = 128, // these may be anywhere, else they are below 64 GiB
};

#pragma pack(push, 1)
struct MachineDescriptor {
    uint8_t type;      // EFI_MEMORY_TYPE
    uint8_t attribute; // EFI_MEMORY_*, the lower eight: WB is 8
    uint16_t pages;
    uint32_t first; // page, or where they are far, MiB
};

struct MachineChoices {
    uint8_t flags;
    uint8_t dry_at;     // the allocation with this number fails; 0: none does
    uint8_t from_below; // Frames::Options
    uint64_t random;
    MachineDescriptor framebuffer;
    MachineDescriptor descriptors[3]; // of the firmware's map, besides the memory
};
#pragma pack(pop)
static_assert(sizeof(MachineChoices) == 43); // as make_seeds.py has it

class Machine {
  public:
    explicit Machine(const MachineChoices& choices) : choices_(choices) {}

    bool has(MachineFlags flag) const { return (choices_.flags & flag) != 0; }
    uint64_t random() const { return choices_.random; }
    Frames::Options frame_options() const;
    PhysRange memory() const;
    /// The firmware's memory map, with room between the descriptors.
    std::vector<EfiMemoryDescriptor> descriptors() const;
    std::vector<BatonFramebuffer> framebuffers() const;

  private:
    PhysAddr base_of(const MachineDescriptor& descriptor) const;

    MachineChoices choices_;
};

/// Descriptors as a firmware hands them over: farther apart than their structure is long.
inline constexpr uint64_t kDescriptorBytes = 48;
Buffer as_firmware_map(const std::vector<EfiMemoryDescriptor>& descriptors);

} // namespace baton::fuzz
