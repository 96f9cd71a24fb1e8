// SPDX-License-Identifier: BSD-2-Clause
//
// Which parts of a kernel's file are read to where.
#pragma once

#include "core/address.hpp"
#include "plan/load_plan.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace baton {

/// Bytes of the file, and the contiguous memory that they go to.
struct FileRead {
    uint64_t offset;
    uint64_t bytes; // not 0
    PhysAddr destination;
};

/// The reads that bring the file bytes of a plan's segments into their frames. Neighbours in the
/// file that are neighbours in memory of one region too come in one read, and what is between them
/// with them.
class FileReads {
  public:
    /// `plan` is placed, and referred to.
    explicit FileReads(const LoadPlan& plan) : plan_(plan), rest_(plan.segments) {}

    /// The next one; nothing at the end.
    std::optional<FileRead> next();

  private:
    const LoadPlan& plan_;
    std::span<const Segment> rest_;
};

} // namespace baton
