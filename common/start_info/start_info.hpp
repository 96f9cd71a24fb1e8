// SPDX-License-Identifier: BSD-2-Clause
//
// What a program that starts Baton without firmware services passes to it: PVH (hvm.hpp),
// Multiboot2 (multiboot2.hpp) and the Linux boot protocol (linux.hpp) say the same in three ways.
#pragma once

#include "abi/boot_info.h"
#include "acpi/tables.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "memory/efi_map.hpp"
#include "memory/memory_range.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// An array with a number of entries in use.
template<class T, std::size_t kCapacity>
class StartList {
  public:
    /// Error: start_info_too_long.
    Result<void> add(const T& entry) {
        if (count_ == kCapacity)
            return fail(ErrorCode::start_info_too_long, {kCapacity});
        entries_[count_++] = entry;
        return {};
    }
    std::span<const T> entries() const { return std::span(entries_).first(count_); }
    void clear() { count_ = 0; }

  private:
    std::array<T, kCapacity> entries_;
    std::size_t count_ = 0;
};

inline constexpr std::size_t kMaxStartModules = 128; // the kernel is one of them

/// A file that was loaded beside Baton.
struct StartModule {
    PhysRange contents;
    std::string_view string;
};

/// Plain data; views lie in the memory that it was read from. What is not given is empty or 0.
/// Large: keep it off the stack.
struct StartInfo {
    /// As given, in any order: UEFI's map where there is one, else E820's.
    StartList<TypedRange, 1024> memory;
    StartList<StartModule, kMaxStartModules> modules;
    StartList<PhysRange, 192> structures; // where all this lies, without the modules' contents
    std::string_view command_line;
    PhysAddr rsdp{};
    std::optional<BatonFramebuffer> framebuffer; // what the screen shows now
    Bytes edid;
    PhysAddr efi_system_table{};
    Bytes efi_map; // as ExitBootServices accepted it: EFI_MEMORY_DESCRIPTOR[]
    uint32_t efi_descriptor_bytes = 0;
    uint32_t efi_descriptor_version = 0;
};

inline constexpr uint64_t kLongestStartText = uint64_t{64} << 10;

/// Reads physical memory for StartInfo::structures.
class StartReader {
  public:
    StartReader(const acpi::PhysicalMemory& memory, StartInfo& info)
        : memory_(memory),
          info_(info) {}

    /// Errors: start_info_out_of_reach, start_info_too_long.
    Result<Bytes> read(PhysAddr address, uint64_t bytes);
    /// Up to its NUL; empty where `address` is 0. Also: start_text_endless.
    Result<std::string_view> text(PhysAddr address);
    template<class T>
    Result<T> record(PhysAddr address) {
        const auto bytes = read(address, sizeof(T));
        if (!bytes)
            return std::unexpected(bytes.error());
        return read_at<T>(*bytes, 0);
    }

  private:
    const acpi::PhysicalMemory& memory_;
    StartInfo& info_;
};

/// Error: start_module_malformed, start_info_too_long.
Result<void> add_start_module(StartInfo& info, uint64_t start, uint64_t end,
                              std::string_view string);

/// UEFI's map, as it was when boot services ended, overrides every other. What is too short for a
/// descriptor at its end is left out. Error: start_info_too_long.
Result<void> add_efi_map(StartInfo& info, Bytes map, uint32_t descriptor_bytes, uint32_t version);

/// Of colours with at least one bit each, of whole bytes a pixel, and with rows as long as its
/// width: nothing for another one, which can't be drawn in. `bytes` is filled in here.
std::optional<BatonFramebuffer> usable_framebuffer(BatonFramebuffer framebuffer);

} // namespace baton
