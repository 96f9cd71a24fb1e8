// SPDX-License-Identifier: BSD-2-Clause
//
// Baton's own protocol: docs/boot-protocol.md.
#pragma once

#include "protocols/protocol.hpp"

namespace baton {

class BootInfoProtocol : public Protocol {
  public:
    std::string_view record_name() const final { return "BootInfo"; }
    Result<KernelPlan> plan(const KernelFile& file, Requests& requests, const PlanInput& input,
                            Arena& arena, Log& log) const final;
    Result<KernelRecord*> write(const BootFacts& facts, std::size_t ranges,
                                FrameSource& frames) const final;

  protected:
    ~BootInfoProtocol() = default;
};

/// Of 64-bit files with a request.
class BatonProtocol final : public BootInfoProtocol {
  public:
    std::string_view name() const override { return "baton"; }
    Result<std::optional<Requests>> recognise(const KernelFile& file, Arena& arena) const override;
};

/// The same for every ELF file, without requests.
class PlainProtocol final : public BootInfoProtocol {
  public:
    std::string_view name() const override { return "plain"; }
    Result<std::optional<Requests>> recognise(const KernelFile& file, Arena& arena) const override;
};

} // namespace baton
