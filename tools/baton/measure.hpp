// SPDX-License-Identifier: BSD-2-Clause
//
// What a boot measures into a TPM, computed from the files: docs/secure-boot.md.
#pragma once

#include "tools/baton/boot_image.hpp"

#include <filesystem>
#include <vector>

namespace baton::tool {

/// Prints the PCRs after a boot of a bundle, which is `files.kernel`, or of an image of `files`.
/// Throws a Failure.
void show_measurements(const BootFiles& files, const std::vector<std::filesystem::path>& containers,
                       bool as_json);

} // namespace baton::tool
