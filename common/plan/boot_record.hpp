// SPDX-License-Identifier: BSD-2-Clause
//
// Builds the two records: BootInfo for the kernel, and the handoff for stage 2.
#pragma once

#include "abi/boot_info.h"
#include "abi/handoff.h"
#include "core/address.hpp"
#include "core/arena.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "memory/normalise.hpp"
#include "plan/address_space.hpp"
#include "plan/load_plan.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace baton {

/// A BootInfo with all its arrays and texts in one block of memory, which the kernel will see in
/// the direct map. Physical addresses and pointers differ by a constant in all memory that it
/// refers to.
class BootRecord {
  public:
    struct Capacity {
        uint64_t segments;
        uint64_t framebuffers;
        uint64_t video_modes; // of all framebuffers
        uint64_t modules;
        uint64_t identity_mappings;
        uint64_t time_stamps; // stage 2's among them
        uint64_t claims;      // ranges that set_memory_map() takes at the most
        uint64_t data_bytes;  // for all texts and bytes, as data_bytes() tells
    };

    /// Nothing yet: create() makes one that can be used.
    BootRecord() = default;

    static uint64_t bytes_needed(const Capacity& capacity);
    /// Just what these texts (paths as well) and add_bytes() take, in whatever order they are
    /// added; the room for two sets of them is the sum.
    static uint64_t data_bytes(std::initializer_list<std::string_view> texts,
                               std::initializer_list<Bytes> bytes = {});

    /// Lays the record out in `memory`, bytes_needed() bytes that are at `physical`. The fields
    /// that say where arrays are and what the loader is called are filled in; texts are "", the
    /// rest is zero. Error: out_of_memory.
    static Result<BootRecord> create(std::span<std::byte> memory, PhysAddr physical,
                                     const Layout& layout, const Capacity& capacity);

    /// The kernel's address of the record, and of other memory that it will see in the direct map.
    VirtAddr virtual_address() const { return to_virtual(info_); }
    VirtAddr to_virtual(const void* pointer) const;
    /// To fill in scalar fields.
    BatonBootInfo& info() { return *info_; }

    /// The kernel's address of a copy of `text` that ends in NUL. What there is no room for is "".
    uint64_t add_text(std::string_view text);
    /// The same for a path, with slashes.
    uint64_t add_path(std::string_view path);
    /// The kernel's address of a copy of `bytes`, 0 where these are empty or there is no room.
    uint64_t add_bytes(Bytes bytes);

    // Each of these fails with boot_info_full, and changes nothing, where its array has no room.
    Result<void> set_kernel(const LoadPlan& plan);
    /// `address`, `modes` and `edid` are filled in here. Modes beyond the capacity are dropped.
    Result<void> add_framebuffer(BatonFramebuffer framebuffer, Bytes edid,
                                 std::span<const BatonVideoMode> modes);
    /// `path` and `string` are copied.
    Result<void> add_module(PhysRange contents, std::string_view path, std::string_view string);
    Result<void> add_identity_mapping(PhysRange range, uint32_t permissions);
    /// Names are cut off to what BatonTimeStamp holds. Stamps beyond the capacity are dropped.
    void add_time_stamp(std::string_view name, uint64_t tsc);
    /// The kernel's address of the stamps that stage 2 makes, which are added here, still zero; 0,
    /// and none of them, where there is no room.
    VirtAddr add_stage2_time_stamps();

    /// `claims` may have as many entries as Capacity says, and is in any order. Can't fail: it runs
    /// after ExitBootServices. Scratch comes from the record's own block.
    void set_memory_map(std::span<const TypedRange> claims);

  private:
    void set_constants(const Layout& layout);
    std::span<std::byte> take_data(std::size_t bytes);

    BatonBootInfo* info_ = nullptr;
    uint64_t direct_map_offset_ = 0; // virtual address - pointer
    std::span<BatonKernelSegment> segments_;
    std::span<BatonFramebuffer> framebuffers_;
    std::span<BatonVideoMode> video_modes_;
    std::size_t video_mode_count_ = 0;
    std::span<BatonModule> modules_;
    std::span<BatonIdentityMapping> identity_mappings_;
    std::span<BatonTimeStamp> time_stamps_;
    std::span<BatonMemoryRange> memory_map_;
    NormaliseRoom normalise_room_;
    std::span<std::byte> data_;
    std::size_t data_used_ = 0;
};

inline constexpr uint64_t kStage2TimeStamps = BATON_STEP_KERNEL;

/// What a handoff needs besides the plan.
struct HandoffInput {
    const LoadPlan& plan; // placed
    const Layout& layout;
    PhysAddr page_table_root;
    bool five_level;   // CR4.LA57 for the kernel
    PhysAddr physical; // where `memory` of make_handoff() lies
    VirtAddr boot_info;
    VirtAddr time_stamps;
};

/// Lets faults be reported on a screen, as much of it as is in the framebuffer's bytes.
void report_on_screen(BatonHandoff& handoff, const BatonFramebuffer& screen);

/// Bytes of a handoff record with its segment array.
uint64_t handoff_bytes(const LoadPlan& plan);

/// The handoff record for a kernel whose file bytes are in their frames already, with the machine
/// state that the boot protocol promises. Without a place to report faults to: that is for the
/// caller to fill in. `memory` is handoff_bytes() bytes. Error: out_of_memory.
Result<BatonHandoff*> make_handoff(std::span<std::byte> memory, const HandoffInput& input);

} // namespace baton
