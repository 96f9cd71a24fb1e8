// SPDX-License-Identifier: BSD-2-Clause
//
// Multiboot2, as a kernel's protocol: docs/protocols/multiboot2.md.
#pragma once

#include "protocols/protocol.hpp"

namespace baton {

/// Of files of any kind with the header in their first 32 KiB.
class Multiboot2Protocol final : public Protocol {
  public:
    std::string_view name() const override { return "multiboot2"; }
    std::string_view record_name() const override { return "Multiboot2 information"; }
    /// Errors of its own: multiboot_*.
    Result<std::optional<Requests>> recognise(const KernelFile& file, Arena& arena) const override;
    Result<KernelPlan> plan(const KernelFile& file, Requests& requests, const PlanInput& input,
                            Arena& arena, Log& log) const override;
    /// Errors of its own: multiboot_console_missing, section_outside_file.
    Result<KernelRecord*> write(const BootFacts& facts, std::size_t ranges,
                                FrameSource& frames) const override;
};

} // namespace baton
