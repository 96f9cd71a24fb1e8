// SPDX-License-Identifier: BSD-2-Clause
//
// What this stage 1 may use: the bundle that it is part of, and who verifies containers.
#pragma once

#include "abi/boot_info.h"
#include "bundle/bundle.hpp"
#include "core/error.hpp"
#include "log/log.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/tpm.hpp"

#include <string_view>

namespace baton {

struct Trust {
    BatonVerifiedBy verifier; // nobody: Secure Boot is off
    Bundle bundle;
    bool enforced; // only what is verified, by Secure Boot or by the bundle's first entry
};

/// A line of the log says what it is, unless there is nothing to say. Errors: bundle_damaged,
/// out_of_memory.
Result<Trust> find_trust(const efi::Firmware& firmware, FrameSource& frames, Tpm& tpm, Log& log);

/// A file that is loaded as an image, but never started.
class Container {
  public:
    /// `file` is in memory that nothing else writes to. Errors: container_refused, about nothing;
    /// container_without_sbat, bundle_damaged, not_signed where it is no container.
    static Result<Container> open(const efi::Firmware& firmware, std::string_view path, Bytes file);

    BundleFile content() const { return content_; }
    void unload(const efi::Firmware& firmware) const { firmware.boot()->UnloadImage(image_); }

  private:
    explicit Container(EFI_HANDLE image) : image_(image) {}
    static Result<BundleFile> read(Bytes image);

    EFI_HANDLE image_;
    BundleFile content_;
};

} // namespace baton
