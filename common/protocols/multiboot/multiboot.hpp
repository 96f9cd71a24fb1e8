// SPDX-License-Identifier: BSD-2-Clause
//
// Multiboot1, as a kernel's protocol: docs/protocols/multiboot.md.
#pragma once

#include "protocols/protocol.hpp"

namespace baton {

/// Of files of any kind with the header in their first 8 KiB.
class MultibootProtocol final : public Protocol {
  public:
    std::string_view name() const override { return "multiboot"; }
    std::string_view record_name() const override { return "Multiboot information"; }
    /// Errors of its own: multiboot_*.
    Result<std::optional<Requests>> recognise(const KernelFile& file, Arena& arena) const override;
    Result<KernelPlan> plan(const KernelFile& file, Requests& requests, const PlanInput& input,
                            Arena& arena, Log& log) const override;
    /// Error of its own: section_outside_file.
    Result<KernelRecord*> write(const BootFacts& facts, std::size_t ranges,
                                FrameSource& frames) const override;
};

} // namespace baton
