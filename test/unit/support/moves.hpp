// SPDX-License-Identifier: BSD-2-Clause
//
// Boots on machines whose memory is occupied in odd places, of kernels that want to be at odd
// places; then does in a model of memory what the handoff record says, as stage 2 would.
#pragma once

#include "boot/fake_platform.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace baton::test {

/// What a machine, a kernel and its modules are made of: from 0 up to `limit` - 1.
class Numbers {
  public:
    virtual uint64_t below(uint64_t limit) = 0;

  protected:
    ~Numbers() = default;
};

class Moves {
  public:
    struct Outcome {
        std::optional<ErrorCode> error; // why nothing was booted
        std::string broken;             // what doesn't hold; empty: all does
        bool is_moved = false;          // a segment, by stage 2
        bool is_32_bit = false;
    };
    Outcome run(Numbers& numbers);

  private:
    struct Part {
        uint64_t virtual_base, physical, memory_bytes;
        Buffer content;
        uint32_t flags;
    };

    void occupy_memory(Numbers& numbers);
    void make_kernel(Numbers& numbers);
    Part make_part(Numbers& numbers, std::size_t index) const;
    Buffer make_notes() const;
    void make_modules(Numbers& numbers);
    std::optional<ErrorCode> boot();

    std::byte* memory(uint64_t physical) { return platform_.source.access({physical}); }
    uint64_t place_of(const BatonHandoffSegment& segment, uint64_t offset);
    void replay(Outcome& outcome);
    void execute(std::size_t index, Outcome& outcome);
    void check_write(PhysRange range, std::size_t index, Outcome& outcome);
    void check_contents(Outcome& outcome);

    FakePlatform platform_;
    std::vector<Part> parts_;
    enum class Kind : uint8_t { plain, physical, physical_required, pvh } kind_{};
    std::vector<Buffer> module_contents_;
    std::vector<std::string> module_paths_;
    std::vector<BootModule> modules_;
    std::optional<PreparedBoot> booted_;
    std::vector<Segment> planned_;
    std::vector<Module> loaded_modules_;
};

} // namespace baton::test
