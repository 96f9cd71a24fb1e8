// SPDX-License-Identifier: BSD-2-Clause
//
// An arena on the heap, for programs of the host.
#pragma once

#include "core/arena.hpp"

#include <memory>
#include <vector>

namespace baton {

/// Its arrays live as long as it does.
class HeapArena final : private ChunkSource, public Arena {
  public:
    HeapArena() : Arena(static_cast<ChunkSource&>(*this)) {}

  private:
    Result<std::span<std::byte>> chunk(uint64_t bytes) override {
        return std::span(
            chunks_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(bytes)).get(), bytes);
    }

    std::vector<std::unique_ptr<std::byte[]>> chunks_;
};

} // namespace baton
