// SPDX-License-Identifier: BSD-2-Clause
//
// Baton's own protocol: docs/boot-protocol.md. A file without any request speaks it too.
#pragma once

#include "protocols/protocol.hpp"

namespace baton {

class BatonProtocol final : public Protocol {
  public:
    std::string_view name() const override { return "Baton"; }
    Result<std::optional<Requests>> recognise(const KernelFile& file, Arena& arena) const override;
    Result<KernelPlan> plan(const KernelFile& file, Requests& requests, const PlanInput& input,
                            Arena& arena, Log& log) const override;
    Result<KernelRecord*> write(const BootFacts& facts, std::size_t ranges,
                                FrameSource& frames) const override;
};

} // namespace baton
