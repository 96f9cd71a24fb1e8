// SPDX-License-Identifier: BSD-2-Clause
#include "plan/slide.hpp"

namespace baton {
namespace {

// Kept free at the end, so that no address of the kernel is near the wrap to 0.
constexpr uint64_t kTail = kLargePageBytes;

uint64_t bytes_from(VirtAddr base) {
    return ~uint64_t{0} - kTail - base.value;
}

bool fits_into(const ImageExtent& extent, uint64_t bytes) {
    return extent.pages <= bytes / kPageBytes;
}

} // namespace

Result<uint64_t> slide_to(const ImageExtent& extent, std::optional<VirtAddr> base) {
    const VirtAddr target = base.value_or(kDefaultBase);
    // The slide keeps addresses congruent modulo the alignment: it is a multiple of it.
    const uint64_t slide = align_down(target.value - extent.lowest.value, extent.alignment);
    if (base && extent.lowest + slide != target)
        return fail(ErrorCode::base_misaligned, {target.value, extent.alignment});
    const VirtAddr lowest = extent.lowest + slide;
    const VirtAddr placed = lowest < target ? lowest + extent.alignment : lowest;
    if (placed < target ||
        !fits_into(extent, ~uint64_t{0} - placed.value)) // or no such address is left
        return fail(ErrorCode::base_out_of_range, {target.value, extent.pages, extent.alignment});
    return placed.value - extent.lowest.value;
}

Result<uint64_t> random_slide(const ImageExtent& extent, uint64_t random) {
    const auto lowest = TRY(slide_to(extent, {}));
    const VirtAddr base = extent.lowest + lowest;
    if (base.value > ~uint64_t{0} - kTail || !fits_into(extent, bytes_from(base)))
        return fail(ErrorCode::base_out_of_range, {base.value, extent.pages, extent.alignment});
    const uint64_t bytes_left = bytes_from(base) - extent.pages * kPageBytes;
    const uint64_t places = bytes_left / extent.alignment + 1;
    return lowest + random % places * extent.alignment;
}

} // namespace baton
