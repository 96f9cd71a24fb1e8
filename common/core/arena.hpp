// SPDX-License-Identifier: BSD-2-Clause
//
// Arrays and objects that live until the boot is over, cut from blocks of memory.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace baton {

/// Where an arena takes its memory from.
class ChunkSource {
  public:
    /// At least `bytes`, not 0, at a multiple of 16. Error: out_of_memory.
    virtual Result<std::span<std::byte>> chunk(uint64_t bytes) = 0;

  protected:
    ~ChunkSource() = default;
};

/// Hands out arrays one after the other, and takes nothing back: they live as long as the memory
/// does. When a chunk is used up, it takes a larger one from its source.
class Arena {
  public:
    /// In `memory` alone, which the caller owns.
    explicit Arena(std::span<std::byte> memory) : memory_(memory) {}
    /// In chunks of `source`, which is referred to; the first comes with the first array.
    explicit Arena(ChunkSource& source) : source_(&source) {}
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() = default;

    /// `count` value-initialised objects. Error: out_of_memory.
    template<class T>
        requires std::is_trivially_destructible_v<T>
    Result<std::span<T>> array(uint64_t count) {
        const auto objects = take<T>(count);
        if (objects)
            for (T& object : *objects)
                new (&object) T{};
        return objects;
    }

    /// The same, but the objects are undefined until they are assigned to.
    template<class T>
        requires std::is_trivially_copyable_v<T>
    Result<std::span<T>> scratch(uint64_t count) {
        return take<T>(count);
    }

    /// One object. Error: out_of_memory.
    template<class T, class... Arguments>
        requires std::is_trivially_destructible_v<T>
    Result<T*> make(Arguments&&... arguments) {
        const auto memory = take<T>(1);
        if (!memory)
            return std::unexpected(memory.error());
        return new (memory->data()) T(std::forward<Arguments>(arguments)...);
    }

    /// A copy. Error: out_of_memory.
    Result<std::string_view> copy(std::string_view text);

    /// Gives up all arrays so far; the last chunk is used again.
    void clear() { used_ = 0; }

  private:
    template<class T>
    Result<std::span<T>> take(uint64_t count) {
        const auto first = take(count, sizeof(T), alignof(T));
        if (!first)
            return std::unexpected(first.error());
        return std::span<T>(reinterpret_cast<T*>(*first), count);
    }
    Result<std::byte*> take(uint64_t count, std::size_t bytes, std::size_t alignment);

    std::span<std::byte> memory_; // the chunk in use
    std::size_t used_ = 0;        // of it
    ChunkSource* source_ = nullptr;
};

} // namespace baton
