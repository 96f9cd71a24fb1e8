// SPDX-License-Identifier: BSD-2-Clause
//
// A kernel that calls stage 2 a second time, as a foreign stage 1 would: with a record of its own,
// and nothing of Baton's but handoff.h. The command line says what the record is like:
//   refuse   wrong ones, one after the other: each is given back with its reason
//   copy     a segment to copy and zero, under the page tables of now
//   early    the same by a record of version 1.0
//   levels   the same with the other number of paging levels
//   acknowledge   none: the watchdog is disarmed, and nothing comes while there is no IDT
// and all others are the poisons of poison.cpp.
#include "relay.hpp"

#include <array>

extern "C" {
[[noreturn]] void relay_main(const BatonBootInfo* info);
[[noreturn]] void relay_second_main(const BatonBootInfo* info);
void relay_second_start();

void* memcpy(void* to, const void* from, std::size_t count) {
    void* const result = to;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return result;
}
void* memset(void* to, int value, std::size_t count) {
    void* const result = to;
    asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
    return result;
}
int memcmp(const void* left, const void* right, std::size_t count) {
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (; count != 0; --count, ++a, ++b)
        if (*a != *b)
            return *a < *b ? -1 : 1;
    return 0;
}
std::size_t strlen(const char* text) {
    std::size_t length = 0;
    while (text[length] != 0)
        ++length;
    return length;
}
}

namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kCr4La57 = uint64_t{1} << 12;
constexpr uint64_t kTablePresentWritable = 3;

constexpr std::size_t kFileBytes = 5000;
constexpr std::size_t kMemoryBytes = 8192;
alignas(16) std::array<std::byte, kMemoryBytes + 1> destination;
alignas(16) std::array<std::byte, 8192> second_stack;
uint64_t expected_la57;

void out8(uint16_t port, uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

void print(std::string_view text) {
    for (const char character : text)
        out8(0xe9, static_cast<uint8_t>(character));
}

[[noreturn]] void finish(bool good) {
    print(good ? "relay: PASS\n" : "relay: FAIL\n");
    asm volatile("outl %0, %1" : : "a"(good ? 0x10 : 0x11), "Nd"(uint16_t{0xf4}));
    for (;;)
        asm volatile("cli; hlt");
}

} // namespace

void give_up(std::string_view why) {
    print(why);
    print("\n");
    finish(false);
}

uint64_t take_frames(const BatonBootInfo& info, uint64_t count) {
    static uint64_t taken = uint64_t{1} << 20;
    for (const BatonMemoryRange& range : baton::BootInfoView(info).memory_map()) {
        const uint64_t start = range.base_physical > taken ? range.base_physical : taken;
        const uint64_t end = range.base_physical + range.bytes;
        if (range.type != BATON_MEMORY_USABLE || end >> 32 != 0 || start >= end ||
            end - start < count * kPageBytes)
            continue;
        taken = start + count * kPageBytes;
        return start;
    }
    give_up("no free frames");
}

namespace {

uint64_t address_of(const char* origin, const BatonBootInfo& info) {
    for (const BatonMemoryRange& range : baton::BootInfoView(info).memory_map())
        if (std::string_view(reinterpret_cast<const char*>(range.origin)) == origin)
            return range.base_physical;
    give_up("no such origin");
}

uint64_t read_cr4() {
    uint64_t value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

/// Page tables with the other number of levels that map the same: the halves of the address space
/// hang below the first and the last entry of a PML5, and are the halves of one PML4.
uint64_t other_levels(const BatonBootInfo& info) {
    const uint64_t root = take_frames(info, 1);
    auto* const table = physical<uint64_t>(info, root);
    const auto* const now = physical<const uint64_t>(info, info.kernel_cr3);
    memset(table, 0, kPageBytes);
    if ((read_cr4() & kCr4La57) == 0) {
        table[0] = table[511] = info.kernel_cr3 | kTablePresentWritable;
        return root;
    }
    for (const std::size_t half : {std::size_t{0}, std::size_t{511}})
        if ((now[half] & 1) != 0)
            memcpy(table + (half == 0 ? 0 : 256),
                   physical<const uint64_t>(info, now[half] & 0xf'ffff'ffff'f000) +
                       (half == 0 ? 0 : 256),
                   kPageBytes / 2);
    return root;
}

/// A record as the loader's, but for what the caller changes. It goes where the loader's was, which
/// is identity-mapped, though read-only: it is written through the direct map.
BatonHandoff& make_record(const BatonBootInfo& info) {
    const uint64_t place = address_of("handoff record", info);
    auto* const record = physical<BatonHandoff>(info, place);
    auto* const segment = physical<BatonHandoffSegment>(info, place + sizeof *record);
    const uint64_t source = take_frames(info, 2);
    memset(physical<std::byte>(info, source), 0xa5, kFileBytes);
    memset(destination.data(), 0x77, destination.size());
    *segment = {.source_physical = source,
                .destination = reinterpret_cast<uint64_t>(destination.data()),
                .file_bytes = kFileBytes,
                .memory_bytes = kMemoryBytes};
    record->segments = place + sizeof *record;
    record->segment_count = 1;
    record->kernel_entry = reinterpret_cast<uint64_t>(&relay_second_start);
    record->kernel_stack_top = reinterpret_cast<uint64_t>(&second_stack.back() + 1);
    record->boot_info = reinterpret_cast<uint64_t>(&info);
    record->time_stamps = 0;
    expected_la57 = read_cr4() & kCr4La57;
    return *record;
}

uint32_t call_stage2(const BatonBootInfo& info) {
    const uint64_t block = address_of("stage 2", info);
    const auto* const header = reinterpret_cast<const BatonStage2Header*>(block);
    if (header->magic != BATON_STAGE2_MAGIC)
        give_up("no stage 2 there");
    using Entry = uint32_t (*)(uint64_t);
    return reinterpret_cast<Entry>(block +
                                   header->entry64_offset)(address_of("handoff record", info));
}

/// Each wrong field is refused with its own reason, and put right for the next one.
[[noreturn]] void try_refusals(const BatonBootInfo& info, BatonHandoff& record) {
    record.magic ^= 1;
    bool good = call_stage2(info) == BATON_REFUSED_MAGIC;
    record.magic ^= 1;
    record.version_major++;
    good = call_stage2(info) == BATON_REFUSED_VERSION && good;
    record.version_major--;
    record.size = BATON_HANDOFF_BYTES_1_0 - 1;
    good = call_stage2(info) == BATON_REFUSED_SIZE && good;
    finish(good);
}

uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

/// An NMI would now be a triple fault.
[[noreturn]] void acknowledge_and_wait(const BatonBootInfo& info) {
    if (info.watchdog_seconds == 0 || info.acknowledged != 0)
        give_up("no watchdog");
    baton_acknowledge(&info);
    baton_acknowledge(&info);
    if (info.acknowledged != BATON_ACKNOWLEDGED)
        give_up("not acknowledged");
    constexpr std::array<uint16_t, 5> kNoIdt{};
    asm volatile("lidt %0" : : "m"(kNoIdt));
    const uint64_t ticks = (info.watchdog_seconds + uint64_t{1}) * info.tsc_hz;
    for (const uint64_t start = read_tsc(); read_tsc() - start < ticks;)
        asm volatile("pause");
    finish(true);
}

} // namespace

void relay_main(const BatonBootInfo* info) {
    const std::string_view mode(reinterpret_cast<const char*>(info->command_line));
    if (mode == "acknowledge")
        acknowledge_and_wait(*info);
    BatonHandoff& record = make_record(*info);
    if (mode == "refuse")
        try_refusals(*info, record);
    if (mode == "early") {
        record.version_minor = 0;
        record.size = BATON_HANDOFF_BYTES_1_0;
    } else if (mode == "levels") {
        record.page_table_root = other_levels(*info);
        record.cr4 ^= kCr4La57;
        expected_la57 ^= kCr4La57;
    } else if (mode != "copy" && !poison(mode, *info, record)) {
        give_up("no such mode");
    }
    print("relay: handing over\n");
    call_stage2(*info);
    give_up("stage 2 came back");
}

void relay_second_main(const BatonBootInfo* info) {
    if (!baton_boot_info_is_valid(info))
        give_up("no BootInfo");
    if ((read_cr4() & kCr4La57) != expected_la57)
        give_up("LA57 is not as asked");
    for (std::size_t i = 0; i < destination.size(); ++i) {
        const auto wanted = std::byte(i < kFileBytes ? 0xa5 : i < kMemoryBytes ? 0 : 0x77);
        if (destination[i] != wanted)
            give_up("the segment is not as it should be");
    }
    finish(true);
}
