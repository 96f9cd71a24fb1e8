// SPDX-License-Identifier: BSD-2-Clause
//
// Decides where a position-independent kernel goes.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"
#include "plan/load_plan.hpp"

#include <cstdint>
#include <optional>

namespace baton {

/// Where a position-independent kernel goes unless it requests otherwise: the top 2 GiB, where code
/// of every memory model works (System V ABI, AMD64 supplement, section 3.5.1).
inline constexpr VirtAddr kDefaultBase{0xffff'ffff'8000'0000};

/// The slide that puts the image's lowest page at `base`, or, where the kernel requests no base,
/// that is kDefaultBase (rounded to its alignment for an image linked at an odd place).
/// Errors: base_misaligned, base_out_of_range.
Result<uint64_t> slide_to(const ImageExtent& extent, std::optional<VirtAddr> base);

/// A slide chosen by `random`: any multiple of the image's alignment that puts it between
/// kDefaultBase and the last 2 MiB of the address space, all equally likely. Error:
/// base_out_of_range.
Result<uint64_t> random_slide(const ImageExtent& extent, uint64_t random);

} // namespace baton
