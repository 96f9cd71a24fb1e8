// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/tpm.hpp"

#include "core/text.hpp"
#include "stage1-efi/step_limit.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace baton {

Tpm::Tpm(const efi::Firmware& firmware, Log& log) : log_(log) {
    auto* const protocol = efi::locate_protocol<efi::Tcg2Protocol>(firmware, efi::kTcg2Guid);
    efi::Tcg2Capability capability{};
    capability.Size = sizeof capability;
    if (protocol != nullptr && !efi::failed(protocol->GetCapability(protocol, &capability)) &&
        capability.TPMPresentFlag != 0)
        protocol_ = protocol;
}

void Tpm::measure(uint32_t pcr, const char* kind, std::string_view name, Bytes data) {
    if (protocol_ == nullptr)
        return;
    constexpr UINT32 kIpl = 0xd; // EV_IPL: TCG PC Client Platform Firmware Profile section 10.4.1
    struct {
        efi::Tcg2EventHeader header;
        std::array<char, 221> text; // 200 characters of a command line, and a NUL
    } event;
    TextWriter text(std::span(event.text).first(event.text.size() - 1));
    text.put("baton %s: ", kind).add(name);
    event.text[text.view().size()] = 0;
    event.header = {.Size = static_cast<UINT32>(sizeof event.header + text.view().size() + 1),
                    .HeaderSize = efi::kTcg2HeaderBytes,
                    .HeaderVersion = efi::kTcg2HeaderVersion,
                    .PCRIndex = pcr,
                    .EventType = kIpl};
    renew_step_limit(data.size());
    // An address that isn't 0 goes with 0 bytes, too.
    const EFI_STATUS status = protocol_->HashLogExtendEvent(
        protocol_, 0,
        reinterpret_cast<uint64_t>(data.empty() ? &event : static_cast<const void*>(data.data())),
        data.size(), &event.header);
    if (!efi::failed(status))
        return;
    log_.warn("%v can't be measured: status %x", text.view(), status);
    if (failure_ == EFI_SUCCESS)
        failure_ = status;
}

void Tpm::measure(const Bundle& bundle) {
    for (std::size_t i = 0; i < bundle.section_count(); ++i)
        if (const BundleSection section = bundle.section(i);
            !section.name.empty() && !section.name.starts_with(".entry"))
            measure(kFiles, "bundle", section.name, section.bytes);
}

Result<void> Tpm::check() const {
    if (protocol_ == nullptr)
        return fail(ErrorCode::tpm_missing);
    if (failure_ != EFI_SUCCESS)
        return fail(ErrorCode::measurement_failed, {failure_});
    return {};
}

} // namespace baton
