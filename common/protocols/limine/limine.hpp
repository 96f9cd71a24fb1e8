// SPDX-License-Identifier: BSD-2-Clause
//
// Limine's boot protocol, base revisions 0 to 6: docs/protocols/limine.md.
#pragma once

#include "protocols/protocol.hpp"

namespace baton {

class LimineProtocol final : public Protocol {
  public:
    std::string_view name() const override { return "limine"; }
    std::string_view record_name() const override { return "responses"; }
    Result<std::optional<Requests>> recognise(const KernelFile& file, Arena& arena) const override;
    Result<KernelPlan> plan(const KernelFile& file, Requests& requests, const PlanInput& input,
                            Arena& arena, Log& log) const override;
    Result<KernelRecord*> write(const BootFacts& facts, std::size_t ranges,
                                FrameSource& frames) const override;
};

} // namespace baton
