// SPDX-License-Identifier: BSD-2-Clause
#include "fault/previous_boot.hpp"

#include "core/checksum.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

constexpr uint32_t kMarkVersion = 1;

/// The beginning of the variable. An error follows it.
struct MarkHead {
    uint32_t version;
    uint32_t error_bytes;
    uint64_t crash_record_physical;
};
static_assert(sizeof(MarkHead) == 16);

constexpr std::size_t kChecksummed = offsetof(BatonCrashRecord, size);
constexpr std::size_t kText = offsetof(BatonCrashRecord, text);

/// Whether all of it was free memory before this boot, and still is.
bool is_free(PhysRange range, const MemoryNow& memory) {
    if (range.base.value >= kPhysicalAddressEnd || !is_aligned(range.base.value, kPageBytes))
        return false;
    for (const PhysRange& occupied : memory.occupied)
        if (occupied.overlaps(range))
            return false;
    for (std::size_t i = 0; i < memory.map.size(); ++i) {
        const EfiMemoryDescriptor descriptor = memory.map[i];
        const PhysRange free = efi_range(descriptor);
        if (descriptor.type == kEfiConventionalMemory &&
            efi_memory_type(descriptor) == BATON_MEMORY_USABLE && free.contains(range.base) &&
            free.end().value - range.base.value >= range.bytes)
            return true;
    }
    return false;
}

bool is_whole(const BatonCrashRecord& words) {
    return words.magic == BATON_CRASH_RECORD_MAGIC && words.size == sizeof words &&
           words.text_bytes <= sizeof words.text &&
           words.checksum == checksum(std::as_bytes(std::span(&words, 1))
                                          .first(kText + words.text_bytes)
                                          .subspan(kChecksummed));
}

/// The record at `place`, which is wiped.
std::optional<BatonCrashRecord> take_crash_record(PhysAddr place, const MemoryNow& memory) {
    if (!is_free({place, sizeof(BatonCrashRecord)}, memory))
        return {};
    std::byte* const bytes = memory.frames.access(place);
    BatonCrashRecord words;
    std::memcpy(&words, bytes, sizeof words);
    if (!is_whole(words))
        return {};
    std::memset(bytes, 0, sizeof words);
    return words;
}

/// Whether the kernel has written to its word. It lies in memory that the kernel may have reused.
bool has_acknowledged(PhysAddr place, const MemoryNow& memory) {
    const PhysRange page = page_cover(PhysRange{place, sizeof(uint32_t)});
    if (place.value == 0 || page.bytes != kPageBytes || !is_free(page, memory))
        return false;
    uint32_t word;
    std::memcpy(&word, memory.frames.access(place), sizeof word);
    return word == BATON_ACKNOWLEDGED;
}

/// What goes to consoles and to the kernel is text, whoever wrote it.
void set_text(PreviousBoot& boot, std::string_view text) {
    boot.text_bytes = std::min(text.size(), boot.characters.size());
    std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(boot.text_bytes),
                   boot.characters.begin(), [](char character) {
                       const bool is_text =
                           character == '\n' || (character >= ' ' && character <= '~');
                       return is_text ? character : '?';
                   });
}

} // namespace

Bytes write_boot_mark(const BootMark& mark, std::span<std::byte> memory) {
    const std::size_t error_bytes = std::min(mark.error.size(), memory.size() - sizeof(MarkHead));
    const MarkHead head{.version = kMarkVersion,
                        .error_bytes = static_cast<uint32_t>(error_bytes),
                        .crash_record_physical = mark.crash_record.value};
    std::memcpy(memory.data(), &head, sizeof head);
    if (error_bytes != 0)
        std::memcpy(memory.data() + sizeof head, mark.error.data(), error_bytes);
    return memory.first(sizeof head + error_bytes);
}

std::optional<BootMark> parse_boot_mark(Bytes content) {
    if (content.size() < sizeof(MarkHead))
        return {};
    const auto head = read_at<MarkHead>(content, 0);
    if (head.version != kMarkVersion || head.error_bytes != content.size() - sizeof head)
        return {};
    const auto* const error = reinterpret_cast<const char*>(content.data() + sizeof head);
    return BootMark{.crash_record = {head.crash_record_physical},
                    .error = {error, head.error_bytes}};
}

PreviousBoot recall_boot(const BootMark& mark, const MemoryNow& memory) {
    PreviousBoot boot{.state = BATON_PREVIOUS_BOOT_STARTED};
    if (!mark.error.empty()) {
        boot.state = BATON_PREVIOUS_BOOT_FAILED;
        set_text(boot, mark.error);
        return boot;
    }
    const auto words = take_crash_record(mark.crash_record, memory);
    if (!words)
        return boot;
    switch (words->state) {
    case BATON_CRASH_RECORD_HANDED_OVER:
        boot.state = BATON_PREVIOUS_BOOT_HANDED_OVER;
        break;
    case BATON_CRASH_RECORD_KERNEL_ENTERED:
        boot.state = has_acknowledged({words->acknowledgement_physical}, memory)
                         ? BATON_PREVIOUS_BOOT_ACKNOWLEDGED
                         : BATON_PREVIOUS_BOOT_KERNEL_ENTERED;
        break;
    case BATON_CRASH_RECORD_FAULT:
        boot.state = BATON_PREVIOUS_BOOT_FAULT;
        boot.vector = words->vector;
        boot.rip = words->rip;
        set_text(boot, {words->text, words->text_bytes});
        break;
    default: // a later version's
        break;
    }
    return boot;
}

void describe(TextWriter& text, const PreviousBoot& boot) {
    text.add("previous boot: ");
    switch (boot.state) {
    case BATON_PREVIOUS_BOOT_NONE:
        text.add("not known");
        break;
    case BATON_PREVIOUS_BOOT_FAILED:
        text.add("gave up");
        break;
    case BATON_PREVIOUS_BOOT_STARTED:
        text.add("left the firmware; what came then is lost");
        break;
    case BATON_PREVIOUS_BOOT_HANDED_OVER:
        text.add("ended in stage 2 without a report");
        break;
    case BATON_PREVIOUS_BOOT_KERNEL_ENTERED:
        text.add("entered the kernel, which has not acknowledged");
        break;
    case BATON_PREVIOUS_BOOT_ACKNOWLEDGED:
        text.add("entered the kernel, which has acknowledged");
        break;
    case BATON_PREVIOUS_BOOT_FAULT:
        text.put("fault, vector %d, rip %x", boot.vector, boot.rip);
    }
}

} // namespace baton
