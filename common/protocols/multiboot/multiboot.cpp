// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/multiboot/multiboot.hpp"

#include "protocols/multiboot/header.hpp"
#include "protocols/multiboot/information.hpp"

namespace baton {
namespace {

using multiboot::Header;

Result<std::optional<Header>> header_of(const KernelFile& file) {
    return multiboot::find_header(TRY(file.first(multiboot::kHeaderWithin)));
}

} // namespace

Result<std::optional<Requests>> MultibootProtocol::recognise(const KernelFile& file,
                                                             Arena& /*arena*/) const {
    const auto header = TRY(header_of(file));
    if (!header)
        return std::nullopt;
    return multiboot::requests(header->width, header->height);
}

Result<KernelPlan> MultibootProtocol::plan(const KernelFile& file, Requests& /*requests*/,
                                           const PlanInput& input, Arena& arena, Log& log) const {
    const Header header = *TRY(header_of(file)); // as recognised
    multiboot::log_unmet(header.prefers_text, input.kaslr, log);
    return KernelPlan{.plan = TRY(multiboot::plan(file, header.image, arena)), .kaslr = false};
}

Result<KernelRecord*> MultibootProtocol::write(const BootFacts& facts, std::size_t ranges,
                                               FrameSource& frames) const {
    const Header header = *TRY(header_of(*facts.kernel.file));
    return TRY(multiboot::Information::make(facts, header, ranges, frames));
}

} // namespace baton
