// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-pvh/machine.hpp"

#include "core/calendar.hpp"
#include "cpu/constants.hpp"
#include "cpu/instructions.hpp"
#include "memory/block.hpp"
#include "memory/normalise.hpp"
#include "paging/page_mapper.hpp"
#include "stage1/processor.hpp"

#include <algorithm>
#include <array>

extern "C" {
extern const std::byte image_start[]; // of the linker script, as the next three
extern const std::byte text_end[];
extern const std::byte constants_end[];
extern const std::byte image_end[];
}

namespace baton {
namespace {

PhysRange between(const std::byte* first, const std::byte* last) {
    return {{reinterpret_cast<uint64_t>(first)}, static_cast<uint64_t>(last - first)};
}

/// Gives each frame of the tables the name that the memory map shows.
class TableFrames final : public FrameSource {
  public:
    explicit TableFrames(FrameSource& source) : source_(source) {}

    Result<PhysAddr> allocate(const FrameRequest& request) override {
        FrameRequest named = request;
        named.name = "firmware's page tables";
        return source_.allocate(named);
    }
    std::byte* access(PhysAddr address) override { return source_.access(address); }
    PhysAddr address_of(const void* pointer) const override { return source_.address_of(pointer); }

  private:
    FrameSource& source_;
};

// The normaliser sorts this out too; three of its types, each stronger than the one before, stand
// for the kinds of mapping.
constexpr BatonMemoryType kReadWrite = BATON_MEMORY_RESERVED;
constexpr BatonMemoryType kReadOnly = BATON_MEMORY_FRAMEBUFFER;
constexpr BatonMemoryType kExecute = BATON_MEMORY_BAD;

Access access_of(BatonMemoryType type) {
    if (type == kExecute)
        return Access::read_execute;
    return type == kReadOnly ? Access::read_only : Access::read_write;
}

Result<std::span<const NormalisedRange>>
sort_mappings(Arena& arena, std::span<const PhysRange> memory, PhysRange code) {
    const TypedRange own[] = {{.range = {{0}, kInitiallyMapped}, .type = kReadWrite},
                              {.range = between(text_end, constants_end), .type = kReadOnly},
                              {.range = between(image_start, text_end), .type = kExecute},
                              {.range = code, .type = kExecute}};
    const auto ranges = TRY(arena.scratch<TypedRange>(memory.size() + std::size(own)));
    const auto rest = std::ranges::transform(memory, ranges.begin(), [](const PhysRange& range) {
        return TypedRange{.range = range, .type = kReadWrite};
    });
    std::ranges::copy(own, rest.out);
    return normalise(ranges, TRY(NormaliseBuffers::create(arena, ranges.size())));
}

} // namespace

PhysRange image_range() {
    return between(image_start, image_end);
}

Result<void> map_machine(FrameSource& frames, std::span<const PhysRange> memory, PhysRange code,
                         bool huge_pages) {
    FrameArena arena(frames);
    const auto mappings = TRY(sort_mappings(arena, memory, code));
    TableFrames table_frames(frames);
    PageMapper mapper =
        TRY(PageMapper::create(table_frames, {.huge_pages = huge_pages, .five_level = false}));
    for (const NormalisedRange& mapping : mappings)
        TRY(mapper.map({.virtual_base = {mapping.range.base.value},
                        .physical_base = mapping.range.base,
                        .bytes = mapping.range.bytes,
                        .access = access_of(mapping.type)}));
    cpu::write_msr(cpu::kMsrEfer, cpu::read_msr(cpu::kMsrEfer) | cpu::kEferNxe);
    cpu::write_cr3(mapper.root().value);
    return {};
}

namespace {

// The PC's timer, an 8254: channel 2, whose gate and output port 61h has (IBM PC/AT technical
// reference, "System timers").
constexpr uint16_t kTimer2 = 0x42, kTimerControl = 0x43, kTimerGate = 0x61;
constexpr uint8_t kGate = 1, kSpeaker = 2, kOutput = 0x20;
constexpr uint8_t kTimer2OneShot = 0xb0; // low byte, then high byte; mode 0
constexpr uint64_t kTimerHz = 1'193'182;
constexpr uint16_t kTicks = 1193; // about a millisecond

/// Ticks of the TSC while channel 2 counts down; 0 where it doesn't.
uint64_t measure_once() {
    constexpr uint32_t kMostReads = 10'000'000; // a channel that stands still
    const auto gate = static_cast<uint8_t>(cpu::in8(kTimerGate) & ~(kSpeaker | kGate));
    cpu::out8(kTimerGate, gate);
    cpu::out8(kTimerControl, kTimer2OneShot);
    cpu::out8(kTimer2, kTicks & 0xff);
    cpu::out8(kTimer2, kTicks >> 8);
    cpu::out8(kTimerGate, gate | kGate);
    const uint64_t start = cpu::read_tsc();
    if ((cpu::in8(kTimerGate) & kOutput) != 0) // nothing was started
        return 0;
    uint32_t reads = 0;
    while ((cpu::in8(kTimerGate) & kOutput) == 0)
        if (++reads == kMostReads)
            return 0;
    return cpu::read_tsc() - start;
}

} // namespace

uint64_t find_tsc_hz() {
    if (const uint64_t hz = tsc_hz_from_cpuid(); hz != 0)
        return hz;
    constexpr unsigned kTries = 3; // the shortest: whatever comes in between makes one longer
    uint64_t shortest = ~uint64_t{0};
    for (unsigned i = 0; i < kTries; ++i)
        shortest = std::min(shortest, measure_once());
    return shortest * kTimerHz / kTicks;
}

namespace {

// The PC's clock, an MC146818: an index and a data port.
constexpr uint16_t kClockIndex = 0x70, kClockData = 0x71;
constexpr uint8_t kStatusA = 10, kStatusB = 11;
constexpr uint8_t kUpdating = 0x80;          // of A
constexpr uint8_t kBinary = 4, k24Hours = 2; // of B
constexpr uint8_t kAfternoon = 0x80;         // of the hour, with 12 hours

uint8_t clock_register(uint8_t index) {
    cpu::out8(kClockIndex, index);
    return cpu::in8(kClockData);
}

struct ClockTime {
    // In the order of the registers in kRegisters.
    std::array<uint8_t, 6> values;
    static constexpr std::array<uint8_t, 6> kRegisters = {0, 2, 4, 7, 8, 9};

    static ClockTime read() {
        ClockTime time;
        for (std::size_t i = 0; i < kRegisters.size(); ++i)
            time.values[i] = clock_register(kRegisters[i]);
        return time;
    }
    bool operator==(const ClockTime&) const = default;
};

/// Read twice, so that no update has come in between.
ClockTime read_stable_time() {
    constexpr uint32_t kMostReads = 10'000; // a clock that is always updating
    ClockTime last{};
    for (uint32_t i = 0; i < kMostReads; ++i) {
        if ((clock_register(kStatusA) & kUpdating) != 0)
            continue;
        const ClockTime time = ClockTime::read();
        if (time == last)
            break;
        last = time;
    }
    return last;
}

} // namespace

int64_t read_clock() {
    ClockTime time = read_stable_time();
    const uint8_t format = clock_register(kStatusB);
    const bool is_afternoon = (format & k24Hours) == 0 && (time.values[2] & kAfternoon) != 0;
    if ((format & k24Hours) == 0)
        time.values[2] &= static_cast<uint8_t>(~kAfternoon);
    if ((format & kBinary) == 0)
        for (uint8_t& value : time.values)
            value = static_cast<uint8_t>((value >> 4) * 10 + (value & 15));
    const auto [second, minute, hour, day, month, year] = time.values;
    if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 || month > 12 ||
        year > 99)
        return 0;
    const int64_t hour_of_day =
        (format & k24Hours) != 0 ? hour : hour % 12 + (is_afternoon ? 12 : 0);
    return days_since_1970(2000 + year, month, day) * 86'400 + hour_of_day * 3'600 +
           int64_t{minute} * 60 + second;
}

} // namespace baton
