// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace baton {

/// Loads the data segments, and applies the image's relocations, all of them R_X86_64_RELATIVE.
/// Comes before anything that has an address in its data.
void prepare_image();

} // namespace baton
