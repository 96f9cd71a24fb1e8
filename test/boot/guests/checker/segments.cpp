// SPDX-License-Identifier: BSD-2-Clause
//
// The kernel's own memory: its list in BootInfo, its bytes, its pages.
#include "context.hpp"
#include "cpu.hpp"

namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kWordBytes = sizeof(uint64_t);

/// What is at an address of the pattern: test/boot/kernels.py makes the same bytes.
uint8_t pattern_byte(uint64_t address) {
    return static_cast<uint8_t>(address ^ (address >> 8) * 0x9e37'79b9'7f4a'7c15 >> 56);
}

/// The same for eight addresses at once, the first of which is a multiple of eight: their low three
/// bits are all that differs.
uint64_t pattern_word(uint64_t address) {
    return pattern_byte(address) * 0x0101'0101'0101'0101 ^ 0x0706'0504'0302'0100;
}

template<class T>
T read(uint64_t address) {
    return *reinterpret_cast<const volatile T*>(address);
}

/// Calls `byte` and `word` so that together they see each address of a range, in order.
template<class Byte, class Word>
void visit(uint64_t address, uint64_t end, Byte byte, Word word) {
    for (; address < end && address % kWordBytes != 0; ++address)
        byte(address);
    for (; end - address >= kWordBytes; address += kWordBytes)
        word(address);
    for (; address < end; ++address)
        byte(address);
}

void check_list(Context& context) {
    Promise promise(context.tally, "segments_listed_as_in_the_file");
    promise.expect_equal(context.info.kernel_segment_count, context.parameters.segment_count,
                         "how many");
    const auto listed = context.view().kernel_segments();
    uint32_t i = 0;
    for (const WantedSegment& wanted : context.parameters.segments()) {
        if (i == listed.size())
            return;
        const BatonKernelSegment& segment = listed[i++];
        promise.expect_equal(segment.virtual_base, wanted.virtual_base, "virtual base");
        promise.expect_equal(segment.bytes, wanted.bytes, "bytes");
        promise.expect_equal(segment.file_bytes, wanted.file_bytes, "file bytes");
        promise.expect_equal(segment.permissions, wanted.permissions, "permissions");
        promise.expect_equal(segment.reserved, 0, "the reserved field");
        promise.expect(
            context.is_all(segment.base_physical, segment.bytes, BATON_MEMORY_KERNEL_AND_MODULES),
            "its memory is of the kernel's type", segment.virtual_base, segment.base_physical);
    }
}

void check_file_bytes(Context& context) {
    Promise promise(context.tally, "segment_bytes_as_in_the_file");
    for (const WantedSegment& segment : context.parameters.segments()) {
        const bool has_checker = segment.virtual_base == context.checker_start;
        const uint64_t skipped = has_checker ? context.parameters.checker_bytes : 0;
        visit(
            segment.virtual_base + skipped, segment.virtual_base + segment.file_bytes,
            [&](uint64_t address) {
                promise.expect(read<uint8_t>(address) == pattern_byte(address), "a byte", address,
                               read<uint8_t>(address));
            },
            [&](uint64_t address) {
                promise.expect(read<uint64_t>(address) == pattern_word(address), "a word", address,
                               read<uint64_t>(address));
            });
    }
}

void check_zeroes(Context& context) {
    Promise promise(context.tally, "segment_rest_is_zero");
    for (const WantedSegment& segment : context.parameters.segments()) {
        visit(
            segment.virtual_base + segment.file_bytes, segment.end(),
            [&](uint64_t address) {
                promise.expect(read<uint8_t>(address) == 0, "a byte", address);
            },
            [&](uint64_t address) {
                promise.expect(read<uint64_t>(address) == 0, "a word", address,
                               read<uint64_t>(address));
            });
    }
}

/// The permissions of all segments with a byte in the page.
uint64_t wanted_permissions(const Context& context, uint64_t page) {
    uint64_t permissions = 0;
    for (const WantedSegment& segment : context.parameters.segments())
        if (segment.virtual_base - page < kPageBytes || page - segment.virtual_base < segment.bytes)
            permissions |= segment.permissions;
    return permissions;
}

void check_page(Promise& promise, const Context& context, uint64_t page, uint64_t physical) {
    const uint64_t wanted = wanted_permissions(context, page);
    const Translation place = context.tables.translate(page);
    promise.expect(place.present, "mapped", page);
    promise.expect(place.physical == physical, "mapped to its physical address", page,
                   place.physical);
    promise.expect(place.writable == ((wanted & BATON_SEGMENT_WRITE) != 0), "writable as it asks",
                   page, wanted);
    promise.expect(place.executable == ((wanted & BATON_SEGMENT_EXECUTE) != 0),
                   "executable as it asks", page, wanted);
    promise.expect(!place.user, "for the supervisor only", page);
    promise.expect(place.pat_entry == 0, "write-back", page, place.pat_entry);
    const Translation alias = context.tables.translate(context.info.direct_map_base + physical);
    promise.expect(alias.present && alias.physical == physical, "in the direct map too", page);
    promise.expect(alias.writable == place.writable, "there just as writable", page, physical);
}

} // namespace

void check_segments(Context& context) {
    check_list(context);
    check_file_bytes(context);
    check_zeroes(context);
}

void check_segment_pages(Context& context) {
    Promise promise(context.tally, "segment_pages_mapped_as_asked");
    for (const BatonKernelSegment& segment : context.view().kernel_segments()) {
        const uint64_t first = segment.virtual_base / kPageBytes * kPageBytes;
        const uint64_t pages = (segment.virtual_base % kPageBytes + segment.bytes - 1) / kPageBytes;
        const uint64_t physical = segment.base_physical - segment.virtual_base % kPageBytes;
        for (uint64_t i = 0; i <= pages; ++i)
            check_page(promise, context, first + i * kPageBytes, physical + i * kPageBytes);
    }
}

void fill_segments(const Context& context) {
    for (const WantedSegment& segment : context.parameters.segments())
        if ((segment.permissions & BATON_SEGMENT_WRITE) != 0)
            fill_words(segment.virtual_base, kRubbish, segment.bytes / kWordBytes);
}
