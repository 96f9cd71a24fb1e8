// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "stage1-efi/efi.hpp"

#include <array>
#include <cstdint>

namespace baton {

/// Random numbers, and who had a part in them: EFI_RNG_PROTOCOL and RDRAND, each where it is there,
/// combined so that the result is as good as the better of both; and always the TSC.
struct RandomNumbers {
    std::array<uint64_t, 8> seed; // for the kernel
    uint64_t slide;               // for KASLR
    bool from_firmware;
    bool from_processor;
};
RandomNumbers draw_random_numbers(const efi::Firmware& firmware);

} // namespace baton
