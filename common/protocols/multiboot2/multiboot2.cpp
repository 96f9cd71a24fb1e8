// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/multiboot2/multiboot2.hpp"

#include "protocols/multiboot2/header.hpp"
#include "protocols/multiboot2/information.hpp"
#include "start_info/multiboot2_format.hpp"

namespace baton {
namespace {

using multiboot2::Header;

Result<std::optional<Header>> header_of(const KernelFile& file) {
    return multiboot2::find_header(TRY(file.first(multiboot2::kHeaderWithin)));
}

/// What Baton never has, on any machine.
void log_missing_information(const Header& header, Log& log) {
    using namespace multiboot2;
    for (const uint32_t type :
         {kBiosDeviceTag, kVbeTag, kApmTag, kEfi32SystemTableTag, kNetworkTag, kEfi32ImageTag})
        if ((header.information >> type & 1) != 0)
            log.line("Baton has no information for the kernel's tag %d", type);
}

} // namespace

Result<std::optional<Requests>> Multiboot2Protocol::recognise(const KernelFile& file,
                                                              Arena& /*arena*/) const {
    const auto header = TRY(header_of(file));
    if (!header)
        return std::nullopt;
    Requests requests = multiboot::requests(header->width, header->height);
    requests.keep_firmware = header->keeps_firmware;
    return requests;
}

Result<KernelPlan> Multiboot2Protocol::plan(const KernelFile& file, Requests& requests,
                                            const PlanInput& input, Arena& arena, Log& log) const {
    const Header header = *TRY(header_of(file)); // as recognised
    multiboot::Image image = header.image;
    if (requests.keep_firmware && header.efi_entry)
        image.entry = header.efi_entry;
    LoadPlan plan = TRY(multiboot::plan(file, image, arena));
    plan.relocatable = header.relocatable;
    log_missing_information(header, log);
    multiboot::log_unmet(header.prefers_text, input.kaslr, log);
    return KernelPlan{.plan = plan, .kaslr = false};
}

Result<KernelRecord*> Multiboot2Protocol::write(const BootFacts& facts, std::size_t ranges,
                                                FrameSource& frames) const {
    const Header header = *TRY(header_of(*facts.kernel.file));
    if (header.console_required && facts.displays.empty())
        return fail(ErrorCode::multiboot_console_missing);
    return TRY(multiboot2::Information::make(facts, header, ranges, frames));
}

} // namespace baton
