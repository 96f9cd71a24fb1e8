// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <baton/boot_info.hpp>
#include <baton/handoff.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" {
void* memcpy(void* to, const void* from, std::size_t count);
void* memset(void* to, int value, std::size_t count);
}

[[noreturn]] void give_up(std::string_view why);

template<class T>
T* physical(const BatonBootInfo& info, uint64_t address) {
    return static_cast<T*>(baton_physical_to_pointer(&info, address));
}

/// Frames below 4 GiB that are free for a kernel. Each call gives others.
uint64_t take_frames(const BatonBootInfo& info, uint64_t count);

/// Makes the record, or what it leads to, fault as `mode` says (poison.cpp). false: there is no
/// such mode.
bool poison(std::string_view mode, const BatonBootInfo& info, BatonHandoff& record);
