// SPDX-License-Identifier: BSD-2-Clause
//
// Arrays cut from one block of memory that the caller owns.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <new>
#include <optional>
#include <span>
#include <type_traits>

namespace baton {

/// Hands out arrays from `memory`, one after the other, and takes nothing back: they live as long
/// as the memory does.
class Arena {
  public:
    explicit Arena(std::span<std::byte> memory) : memory_(memory) {}

    /// `count` value-initialised objects. Error: out_of_memory.
    template<class T>
        requires std::is_trivially_destructible_v<T>
    Result<std::span<T>> array(uint64_t count) {
        const auto room = take<T>(count);
        if (room)
            for (T& object : *room)
                new (&object) T{};
        return room;
    }

    /// The same, but the objects say anything until they are assigned to.
    template<class T>
        requires std::is_trivially_copyable_v<T>
    Result<std::span<T>> scratch(uint64_t count) {
        return take<T>(count);
    }

    /// Bytes that array<T>(count) or scratch<T>(count) take at the most, whatever came before it.
    template<class T>
    static constexpr uint64_t bytes_for(uint64_t count) {
        return count * sizeof(T) + alignof(T) - 1;
    }

    std::size_t used_bytes() const { return used_; }

  private:
    template<class T>
    Result<std::span<T>> take(uint64_t count) {
        if (const auto first = take(count, sizeof(T), alignof(T)))
            return std::span<T>(reinterpret_cast<T*>(*first), count);
        return std::unexpected(no_room(count, sizeof(T), alignof(T)));
    }
    // Once for all types, of which there are twenty.
    static Error no_room(uint64_t count, std::size_t bytes, std::size_t alignment);
    /// Nothing where there is no such room.
    std::optional<std::byte*> take(uint64_t count, std::size_t bytes, std::size_t alignment);

    std::span<std::byte> memory_;
    std::size_t used_ = 0;
};

} // namespace baton
