// SPDX-License-Identifier: BSD-2-Clause
//
// What this stage 1 may use: the bundle that it is part of, and who verifies containers.
#pragma once

#include "abi/boot_info.h"
#include "bundle/bundle.hpp"
#include "core/error.hpp"
#include "log/log.hpp"
#include "stage1-efi/efi.hpp"

namespace baton {

struct Trust {
    BatonVerifiedBy verifier = BATON_VERIFIED_BY_NOBODY; // nobody: Secure Boot is off
    BatonSecureBoot secure_boot = BATON_SECURE_BOOT_UNKNOWN;
    Bundle bundle;
    bool enforced = false; // only what is verified, by Secure Boot or by the bundle's first entry

    /// Fills in all but `enforced`. Error: bundle_damaged.
    Result<void> find(const efi::Firmware& firmware);
    /// A line of the log, if there is something to say.
    void describe(Log& log) const;
};

/// What a container has, once LoadImage() has verified it; it is never started. `file` is in memory
/// that nothing else writes to. `image`: to be unloaded, also after an error, if it isn't null.
/// Errors: container_refused, container_without_sbat, bundle_damaged, not_signed where it is no
/// container.
Result<BundleFile> load_container(const efi::Firmware& firmware, Bytes file, EFI_HANDLE& image);

} // namespace baton
