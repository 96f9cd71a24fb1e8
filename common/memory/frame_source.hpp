// SPDX-License-Identifier: BSD-2-Clause
//
// The seam through which Baton gets physical memory.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"
#include "memory/memory_range.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace baton {

/// What 32-bit code and drivers with 32-bit addresses reach lies below.
inline constexpr PhysAddr k4GiB{uint64_t{1} << 32};

/// What a block of frames is for. memory_type() and name_of() say what the kernel learns of it.
enum class MemoryUse : uint8_t {
    workspace,
    boot_entries,
    read_buffer,
    fetched_file, // by a stage 1 whose firmware has no files
    file_name,
    compressed_file,
    decompressor,
    decompressed_file,
    kernel,
    kernel_source, // until stage 2 moves it
    kernel_symbols,
    kernel_file,
    module,
    kernel_stack,
    processor_stack,
    processor_area,
    processor_trampoline,
    page_tables,
    stage2, // the only one with code that runs before the kernel
    handoff_record,
    boot_info,
    firmware_map,
    event_log,
};

/// What a block is when the kernel runs.
BatonMemoryType memory_type(MemoryUse use);

/// "page tables" and the like, for people; "module" is that of a module without a name.
const char* name_of(MemoryUse use);

struct FrameRequest {
    uint64_t pages = 1;              // not 0
    uint64_t alignment = kPageBytes; // bytes, a power of two of at least a page
    uint64_t offset = 0;             // the block's base is `offset` beyond a multiple of alignment
    MemoryUse use = MemoryUse::workspace;
    std::span<const PhysRange> avoid = {}; // must not overlap these: ascending, disjoint
    PhysAddr below = {~uint64_t{0}};       // must end there or lower
    std::optional<PhysAddr> at = {};       // must be there
    /// Is at a low address from there on, if one is free: allocate_block() sees to that.
    std::optional<PhysAddr> low_from = {};
    const char* name = nullptr; // for people, instead of that of the use

    const char* label() const { return name != nullptr ? name : name_of(use); }
};

/// A block that was handed out.
struct FrameBlock {
    PhysRange range;
    MemoryUse use;
    const char* label;

    /// What the memory map says of it.
    TypedRange typed() const { return {.range = range, .type = memory_type(use), .origin = label}; }
};

/// Hands out physical memory in whole pages. Implementations: the firmware's allocator in a stage
/// 1, a fake in the tests.
class FrameSource {
  public:
    /// A contiguous block with unspecified contents, never at address 0. Error: out_of_memory.
    virtual Result<PhysAddr> allocate(const FrameRequest& request) = 0;
    /// Hands out nothing more that overlaps these pages. A pool of frames has nothing to do.
    virtual void keep_clear(PhysRange /*pages*/) {}

    /// Where the caller can write to allocated memory now, before the new page tables are loaded.
    virtual std::byte* access(PhysAddr address) = 0;
    /// The inverse of access(), for any of the loader's memory; also for what it was loaded with.
    virtual PhysAddr address_of(const void* pointer) const = 0;

  protected:
    ~FrameSource() = default;
};

} // namespace baton
