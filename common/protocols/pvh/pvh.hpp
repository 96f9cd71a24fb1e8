// SPDX-License-Identifier: BSD-2-Clause
//
// PVH, as a kernel's protocol: Xen's "x86/HVM direct boot ABI" (docs/misc/pvh.pandoc), and
// docs/protocols/pvh.md.
#pragma once

#include "protocols/protocol.hpp"

namespace baton {

/// Of ELF files of 32 or 64 bits with the note XEN_ELFNOTE_PHYS32_ENTRY.
class PvhProtocol final : public Protocol {
  public:
    std::string_view name() const override { return "pvh"; }
    std::string_view record_name() const override { return "hvm_start_info"; }
    /// Error of its own: pvh_entry_malformed.
    Result<std::optional<Requests>> recognise(const KernelFile& file, Arena& arena) const override;
    Result<KernelPlan> plan(const KernelFile& file, Requests& requests, const PlanInput& input,
                            Arena& arena, Log& log) const override;
    Result<KernelRecord*> write(const BootFacts& facts, std::size_t ranges,
                                FrameSource& frames) const override;
};

} // namespace baton
