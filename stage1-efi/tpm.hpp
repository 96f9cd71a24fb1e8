// SPDX-License-Identifier: BSD-2-Clause
//
// Measures into the TPM what is booted, by the firmware's EFI_TCG2_PROTOCOL.
#pragma once

#include "bundle/bundle.hpp"
#include "core/bytes.hpp"
#include "log/log.hpp"
#include "stage1-efi/tcg2.hpp"

#include <cstdint>
#include <string_view>

namespace baton {

class Tpm {
  public:
    // The PCRs that GRUB uses for the same.
    static constexpr uint32_t kTexts = 8;
    static constexpr uint32_t kFiles = 9;

    /// `log` is referred to.
    Tpm(const efi::Firmware& firmware, Log& log);

    bool is_there() const { return protocol_ != nullptr; }
    efi::Tcg2Protocol* protocol() const { return protocol_; }

    /// Extends a PCR by the hash of `data`, with an event of the log that says `kind` and `name`.
    /// Without a TPM nothing happens. A failure is a warning, and makes check() fail.
    void measure(uint32_t pcr, const char* kind, std::string_view name, Bytes data);
    /// The sections of a bundle but its entries, which are measured when they are tried.
    void measure(const Bundle& bundle);
    /// Whether all was measured. Errors: tpm_missing, measurement_failed.
    Result<void> check() const;

  private:
    Log& log_;
    efi::Tcg2Protocol* protocol_ = nullptr;
    EFI_STATUS failure_ = EFI_SUCCESS; // the first
};

} // namespace baton
