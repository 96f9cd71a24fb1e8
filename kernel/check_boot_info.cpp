// SPDX-License-Identifier: BSD-2-Clause
//
// Checks of the BootInfo record: that it is one, and that what it says keeps the promises of
// boot_info.h.

#include "checks.hpp"
#include "exceptions.hpp"

namespace {

constexpr uint64_t kPageBytes = 4096;

/// The promise that `range` breaks, after `previous`, which may be null; empty if it breaks none.
std::string_view broken_promise(const BatonMemoryRange& range, const BatonMemoryRange* previous) {
    if (range.bytes == 0) {
        return "no empty range";
    }
    if (range.base_physical % kPageBytes != 0 || range.bytes % kPageBytes != 0) {
        return "whole pages";
    }
    if (range.base_physical + (range.bytes - 1) < range.base_physical) {
        return "an end in 64 bits";
    }
    if (previous == nullptr) {
        return {};
    }
    const uint64_t previous_end = previous->base_physical + previous->bytes;
    if (range.base_physical < previous_end) {
        return "no overlap, sorted";
    }
    return {};
}

void check_memory_map(CheckList& checks, const baton::BootInfoView& boot) {
    const BatonMemoryRange* previous = nullptr;
    bool usable = false;
    for (const BatonMemoryRange& range : boot.memory_map()) {
        const std::string_view promise = broken_promise(range, previous);
        if (!promise.empty()) {
            checks.fail("memory map", "expected ", promise, ", found not so at ",
                        Hex{range.base_physical});
            return;
        }
        usable = usable || range.type == BATON_MEMORY_USABLE;
        previous = &range;
    }
    if (usable) {
        checks.pass("memory map");
    } else {
        checks.fail("memory map", "expected usable memory, found none");
    }
}

/// The ACPI root has the signature "RSD PTR " (ACPI 6.5 section 5.2.5.3), seen in the direct map.
void check_rsdp(CheckList& checks, const BatonBootInfo& info) {
    constexpr std::string_view kName = "ACPI RSDP";
    constexpr uint64_t kSignature = 0x2052'5450'2044'5352; // the text as a little-endian number
    if (info.rsdp_physical == 0) {
        checks.skip(kName, "none given");
        return;
    }
    const void* rsdp = baton_physical_to_pointer(&info, info.rsdp_physical);
    if (rsdp == nullptr || try_access(Access::read, reinterpret_cast<uint64_t>(rsdp))) {
        checks.fail(kName, "expected in the direct map, found not");
        return;
    }
    checks.equal(kName, kSignature, *static_cast<const uint64_t*>(rsdp));
}

void check_framebuffers(CheckList& checks, const baton::BootInfoView& boot) {
    if (boot.framebuffers().empty()) {
        checks.skip("framebuffer", "none given");
    }
    for (const BatonFramebuffer& screen : boot.framebuffers()) {
        const uint64_t row_bytes = uint64_t{screen.width_pixels} * (screen.bits_per_pixel / 8u);
        const uint64_t all_bytes = uint64_t{screen.height_pixels} * screen.pitch_bytes;
        if (screen.width_pixels == 0 || screen.height_pixels == 0 ||
            screen.pitch_bytes < row_bytes) {
            checks.fail("framebuffer", "expected rows of ", Decimal{row_bytes}, " bytes, found ",
                        Decimal{screen.pitch_bytes});
        } else if (screen.bytes < all_bytes) {
            checks.fail("framebuffer", "expected at least ", Decimal{all_bytes}, " bytes, found ",
                        Decimal{screen.bytes});
        } else {
            checks.pass("framebuffer");
        }
    }
}

void check_time_stamps(CheckList& checks, const baton::BootInfoView& boot, uint64_t start_tsc) {
    uint64_t previous = 0;
    for (const BatonTimeStamp& stamp : boot.time_stamps()) {
        if (stamp.tsc < previous) {
            checks.fail("time stamps", "expected after ", Decimal{previous}, ", found ",
                        Decimal{stamp.tsc});
            return;
        }
        previous = stamp.tsc;
    }
    if (previous <= start_tsc) {
        checks.pass("time stamps");
    } else {
        checks.fail("time stamps", "expected before the kernel, found ", Decimal{previous});
    }
}

} // namespace

void check_record(CheckList& checks, const BatonBootInfo* info) {
    if (info == nullptr) {
        checks.fail("BootInfo", "expected its address in RDI, found 0");
        return;
    }
    checks.equal("BootInfo magic", BATON_BOOT_INFO_MAGIC, info->magic);
    if (info->magic != BATON_BOOT_INFO_MAGIC) {
        return; // the rest means nothing
    }
    // Later loaders may know more: a higher version and a longer record are fine.
    if (info->version < BATON_BOOT_INFO_VERSION) {
        checks.equal("BootInfo version", BATON_BOOT_INFO_VERSION, info->version);
    } else {
        checks.pass("BootInfo version");
    }
    if (info->size < sizeof(BatonBootInfo)) {
        checks.equal("BootInfo size", sizeof(BatonBootInfo), info->size);
    } else {
        checks.pass("BootInfo size");
    }
}

void check_contents(CheckList& checks, const baton::BootInfoView& boot, uint64_t start_tsc) {
    check_memory_map(checks, boot);
    check_rsdp(checks, boot.record());
    check_framebuffers(checks, boot);
    check_time_stamps(checks, boot, start_tsc);
}
