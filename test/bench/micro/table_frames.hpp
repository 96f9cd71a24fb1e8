// SPDX-License-Identifier: BSD-2-Clause
//
// Frames for page tables and nothing else, at no cost of their own.
#pragma once

#include "memory/frame_source.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace baton::bench {

class TableFrames final : public FrameSource {
  public:
    explicit TableFrames(uint64_t frames)
        : frames_(frames),
          memory_(static_cast<std::byte*>(std::aligned_alloc(kPageBytes, frames * kPageBytes))) {}

    /// All frames can be handed out again.
    void restart() { used_ = 0; }

    Result<PhysAddr> allocate(const FrameRequest& request) override {
        if (request.pages > frames_ - used_)
            return fail(ErrorCode::out_of_memory, {request.pages * kPageBytes, request.alignment});
        used_ += request.pages;
        return PhysAddr{used_ * kPageBytes}; // never 0
    }
    std::byte* access(PhysAddr address) override {
        return memory_.get() + (address.value - kPageBytes);
    }
    PhysAddr address_of(const void* pointer) const override {
        const auto* const at = static_cast<const std::byte*>(pointer);
        return {kPageBytes + static_cast<uint64_t>(at - memory_.get())};
    }

  private:
    struct Free {
        void operator()(std::byte* memory) const { std::free(memory); }
    };
    uint64_t frames_;
    std::unique_ptr<std::byte, Free> memory_;
    uint64_t used_ = 0;
};

} // namespace baton::bench
