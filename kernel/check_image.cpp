// SPDX-License-Identifier: BSD-2-Clause
//
// Checks that the kernel lies in memory as it was linked: contents, addresses, frames, and that its
// pages allow just what the segments ask for.

#include "checks.hpp"
#include "exceptions.hpp"

#include <array>

// kernel.ld and entry.asm. What counts is the address of each.
extern "C" const uint8_t text_start[], text_end[];
extern "C" const uint8_t rodata_start[], rodata_end[];
extern "C" const uint8_t data_start[];
extern "C" const uint8_t bss_start[], bss_end[];
extern "C" void _start(); // NOLINT(readability-identifier-naming)

namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint8_t kReturnInstruction = 0xc3;

/// Numbers without regularity, each different.
constexpr uint64_t pattern_at(size_t index) {
    return (index + 1) * 0x9e37'79b9'7f4a'7c15;
}

constexpr std::array<uint64_t, 1024> make_pattern() {
    std::array<uint64_t, 1024> pattern{};
    for (size_t i = 0; i < pattern.size(); ++i) {
        pattern[i] = pattern_at(i);
    }
    return pattern;
}

} // namespace

// These are visible to other files for one reason: the compiler must not see that they are never
// written, or it makes constants of them.
constinit std::array<uint64_t, 1024> data_pattern = make_pattern();
uint8_t large_zeroed_array[64 * 1024]; // so that there is a .bss worth the name
uint8_t return_in_data = kReturnInstruction;
extern const uint8_t return_in_rodata = kReturnInstruction;

namespace {

template<class T>
uint64_t address_of(const T* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

void check_data(CheckList& checks) {
    for (size_t i = 0; i < data_pattern.size(); ++i) {
        if (data_pattern[i] != pattern_at(i)) {
            checks.equal(".data", pattern_at(i), data_pattern[i]);
            return;
        }
    }
    checks.pass(".data");
}

/// Three segments, in the order of kernel.ld.
void check_segments(CheckList& checks, const baton::BootInfoView& boot) {
    struct Expected {
        std::string_view name;
        const uint8_t* start;
        const uint8_t* end;
        uint32_t permissions;
    };
    const Expected expected[] = {
        {"text", text_start, text_end, BATON_SEGMENT_READ | BATON_SEGMENT_EXECUTE},
        {"rodata", rodata_start, rodata_end, BATON_SEGMENT_READ},
        {"data", data_start, bss_end, BATON_SEGMENT_READ | BATON_SEGMENT_WRITE},
    };
    if (boot.kernel_segments().size() != std::size(expected)) {
        checks.equal("segments", std::size(expected), boot.kernel_segments().size());
        return;
    }
    const unsigned failures = checks.failures();
    for (uint32_t i = 0; i < std::size(expected); ++i) {
        const auto& [name, start, end, permissions] = expected[i];
        const BatonKernelSegment& segment = boot.kernel_segments()[i];
        const auto bytes = static_cast<uint64_t>(end - start);
        if (segment.virtual_base != address_of(start)) {
            checks.fail(name, "expected at ", Hex{address_of(start)}, ", found ",
                        Hex{segment.virtual_base});
        } else if (segment.bytes != bytes) {
            checks.fail(name, "expected ", Decimal{bytes}, " bytes, found ",
                        Decimal{segment.bytes});
        } else if (segment.permissions != permissions) {
            checks.fail(name, "expected permissions ", Hex{permissions}, ", found ",
                        Hex{segment.permissions});
        }
    }
    if (checks.failures() == failures) {
        checks.pass("segments");
    }
}

/// Each segment lies in one range of the memory map: ranges of one type that touch are merged.
void check_frames(CheckList& checks, const baton::BootInfoView& boot) {
    for (const BatonKernelSegment& segment : boot.kernel_segments()) {
        bool found = false;
        for (const BatonMemoryRange& range : boot.memory_map()) {
            const uint64_t offset = segment.base_physical - range.base_physical;
            found = found || (range.type == BATON_MEMORY_KERNEL_AND_MODULES &&
                              segment.base_physical >= range.base_physical &&
                              offset < range.bytes && segment.bytes <= range.bytes - offset);
        }
        if (!found) {
            checks.fail("frames", "expected in a range of the kernel, found ",
                        Hex{segment.base_physical});
            return;
        }
    }
    checks.pass("frames");
}

/// The address in the direct map of an object of the kernel; 0 where no segment holds it.
uint64_t direct_map_alias(const baton::BootInfoView& boot, uint64_t address) {
    for (const BatonKernelSegment& segment : boot.kernel_segments()) {
        if (address >= segment.virtual_base && address - segment.virtual_base < segment.bytes) {
            return boot.record().direct_map_base + segment.base_physical +
                   (address - segment.virtual_base);
        }
    }
    return 0;
}

/// The access must cause a page fault with this error code, at this address.
void check_fault(CheckList& checks, std::string_view name, Access access, uint64_t address,
                 uint64_t error_code) {
    const std::optional<Fault> fault = try_access(access, address);
    if (!fault) {
        checks.fail(name, "expected #PF ", Hex{error_code}, ", found no fault");
    } else if (fault->vector != kPageFault || fault->error_code != error_code) {
        checks.fail(name, "expected #PF ", Hex{error_code}, ", found ",
                    exception_name(fault->vector), " ", Hex{fault->error_code});
    } else if (fault->address != address) {
        checks.fail(name, "expected it in CR2, found ", Hex{fault->address});
    } else {
        checks.pass(name);
    }
}

/// The direct map shows what the kernel sees at its own addresses, but never lets it be executed.
void check_direct_map(CheckList& checks, const baton::BootInfoView& boot) {
    const uint64_t own = address_of(&return_in_data);
    const uint64_t alias = direct_map_alias(boot, own);
    if (try_access(Access::read, alias)) {
        checks.fail("direct map of .data", "expected readable, found a fault at ", Hex{alias});
        return;
    }
    auto* seen = reinterpret_cast<volatile uint8_t*>(alias);
    auto* meant = static_cast<volatile uint8_t*>(&return_in_data);
    const uint8_t before = *meant;
    *seen = 0x11; // NOLINT(clang-analyzer-core.NullDereference): through the one address, and read
                  // at the other
    const uint8_t after = *meant;
    *meant = before;
    checks.equal("direct map of .data", 0x11, after);
    if (after == 0x11) {
        check_fault(checks, "execute direct map", Access::execute, alias,
                    kFaultPresent | kFaultFetch);
    }
}

} // namespace

uint64_t first_nonzero_in_bss() {
    for (const uint8_t* byte = bss_start; byte != bss_end; ++byte) {
        if (*byte != 0) {
            return address_of(byte);
        }
    }
    return 0;
}

void check_bss(CheckList& checks, uint64_t first_nonzero) {
    if (first_nonzero == 0) {
        checks.pass(".bss");
    } else {
        checks.fail(".bss", "expected zero, found another byte at ", Hex{first_nonzero});
    }
}

void check_image(CheckList& checks, const baton::BootInfoView& boot) {
    const BatonBootInfo& info = boot.record();
    check_data(checks);
    checks.equal("entry", reinterpret_cast<uint64_t>(&_start), info.kernel_entry);
    checks.equal("image base", address_of(text_start), info.kernel_virtual_base);
    checks.equal("slide", 0, info.kernel_slide);
    check_segments(checks, boot);
    check_frames(checks, boot);
}

void check_protection(CheckList& checks, const baton::BootInfoView& boot) {
    const BatonBootInfo& info = boot.record();
    const uint8_t return_on_stack = kReturnInstruction;
    const uint64_t fetch = kFaultPresent | kFaultFetch;
    const uint64_t write = kFaultPresent | kFaultWrite;
    check_fault(checks, "write to text", Access::write, address_of(text_start), write);
    check_fault(checks, "write to rodata", Access::write, address_of(&return_in_rodata), write);
    check_fault(checks, "execute rodata", Access::execute, address_of(&return_in_rodata), fetch);
    check_fault(checks, "execute data", Access::execute, address_of(&return_in_data), fetch);
    check_fault(checks, "execute stack", Access::execute, address_of(&return_on_stack), fetch);
    check_direct_map(checks, boot);
    check_fault(checks, "read page 0", Access::read, 0, 0);
    const uint64_t stack_end = info.stack_base + info.stack_bytes;
    check_fault(checks, "read below stack", Access::read, info.stack_base - 1, 0);
    check_fault(checks, "read a page below stack", Access::read, info.stack_base - kPageBytes, 0);
    check_fault(checks, "read above stack", Access::read, stack_end, 0);
    check_fault(checks, "read a page above stack", Access::read, stack_end + kPageBytes - 1, 0);
}
