// SPDX-License-Identifier: BSD-2-Clause
//
// A thin C++20 view of boot_info.h: ranges over its arrays, string_views of its texts.
#pragma once

#include "boot_info.h"

#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

// What these functions refer to lies in the loader's records, not in the object they are called on.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 13
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdangling-reference"
#endif

namespace baton {

/// One array of BootInfo. Steps by the loader's entry size, not by sizeof(Entry), so that it stays
/// right when a later loader's entries have grown; that is why it is not a std::span.
template<class Entry>
class EntryRange {
  public:
    class Iterator {
      public:
        using value_type = Entry;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        Iterator(uint64_t address, uint32_t entry_bytes)
            : address_(address),
              entry_bytes_(entry_bytes) {}

        const Entry& operator*() const { return *reinterpret_cast<const Entry*>(address_); }
        const Entry* operator->() const { return &**this; }
        Iterator& operator++() {
            address_ += entry_bytes_;
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator&) const = default;

      private:
        uint64_t address_ = 0;
        uint32_t entry_bytes_ = 0;
    };

    EntryRange(uint64_t first, uint32_t count, uint32_t entry_bytes)
        : first_(first),
          count_(count),
          entry_bytes_(entry_bytes) {}

    Iterator begin() const { return {first_, entry_bytes_}; }
    Iterator end() const { return {first_ + uint64_t{count_} * entry_bytes_, entry_bytes_}; }
    uint32_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    /// `index` must be less than size().
    const Entry& operator[](uint32_t index) const {
        return *static_cast<const Entry*>(baton_array_entry(first_, entry_bytes_, index));
    }

  private:
    uint64_t first_;
    uint32_t count_;
    uint32_t entry_bytes_;
};

/// Reads a BatonBootInfo that baton_boot_info_is_valid() accepts. Owns nothing: what it returns
/// points into the loader's records and lives as long as that memory is left alone.
class BootInfoView {
  public:
    explicit BootInfoView(const BatonBootInfo& info) : info_(&info) {}

    const BatonBootInfo& record() const { return *info_; }

    EntryRange<BatonMemoryRange> memory_map() const {
        return {info_->memory_map, info_->memory_map_count, info_->memory_map_entry_bytes};
    }
    EntryRange<BatonKernelSegment> kernel_segments() const {
        return {info_->kernel_segments, info_->kernel_segment_count,
                info_->kernel_segment_entry_bytes};
    }
    EntryRange<BatonFramebuffer> framebuffers() const {
        return {info_->framebuffers, info_->framebuffer_count, info_->framebuffer_entry_bytes};
    }
    /// The modes of one of the framebuffers.
    static EntryRange<BatonVideoMode> modes(const BatonFramebuffer& framebuffer) {
        return {framebuffer.modes, framebuffer.mode_count, framebuffer.mode_entry_bytes};
    }
    EntryRange<BatonModule> modules() const {
        return {info_->modules, info_->module_count, info_->module_entry_bytes};
    }
    EntryRange<BatonIdentityMapping> identity_mappings() const {
        return {info_->identity_mappings, info_->identity_mapping_count,
                info_->identity_mapping_entry_bytes};
    }
    /// baton_processor() has them to write to.
    EntryRange<BatonProcessor> processors() const {
        return {info_->processors, info_->processor_count, info_->processor_entry_bytes};
    }
    EntryRange<BatonTimeStamp> time_stamps() const {
        return {info_->time_stamps, info_->time_stamp_count, info_->time_stamp_entry_bytes};
    }
    EntryRange<BatonRegisterWrite> watchdog_disarm() const {
        return {info_->watchdog_disarm, info_->watchdog_disarm_count,
                info_->watchdog_disarm_entry_bytes};
    }
    /// EFI_MEMORY_DESCRIPTOR[] in steps of firmware_descriptor_bytes; empty without UEFI.
    std::span<const std::byte> firmware_memory_map() const {
        return {reinterpret_cast<const std::byte*>(info_->firmware_memory_map),
                info_->firmware_memory_map_bytes};
    }
    std::span<std::byte> stack() const {
        return {reinterpret_cast<std::byte*>(info_->stack_base), info_->stack_bytes};
    }
    std::string_view loader_name() const { return text(info_->loader_name); }
    std::string_view loader_version() const { return text(info_->loader_version); }

  private:
    template<std::size_t N>
    static std::string_view text(const char (&field)[N]) {
        std::size_t length = 0;
        while (length < N && field[length] != 0)
            ++length;
        return {field, length};
    }

    const BatonBootInfo* info_;
};

} // namespace baton

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 13
#pragma GCC diagnostic pop
#endif
