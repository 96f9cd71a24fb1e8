// SPDX-License-Identifier: BSD-2-Clause
#include "plan/wishes.hpp"

#include "core/bytes.hpp"
#include "core/requests.def"
#include "elf/format.hpp"

namespace baton {
namespace {

constexpr uint64_t kLargestStack = uint64_t{1} << 30;
constexpr uint64_t kMostWatchdogSeconds = 3600;

/// The descriptor of every wish but a module's.
struct WishValues {
    uint32_t flags;
    uint64_t values[2];

    bool required() const { return (flags & BATON_WISH_REQUIRED) != 0; }
};

constexpr std::size_t kFlagsBytes = sizeof(uint32_t);
constexpr std::size_t kValuesBytes = 2 * sizeof(uint64_t);
constexpr std::size_t kSmallestModuleBytes = kFlagsBytes + 1;

/// A wish whose value can't be had: an error, or as if it were not there.
Result<void> not_met(uint32_t type, const WishValues& wish, Wishes& wishes) {
    if (wish.required())
        return wish_not_met(type, wish.values[0], wish.values[1]);
    wishes.left_out |= uint32_t{1} << type;
    return {};
}

std::unexpected<Error> malformed(const elf::Note& note, uint64_t needed_bytes) {
    return fail(ErrorCode::wish_malformed, {note.type, note.descriptor.size(), needed_bytes});
}

bool has_values(uint32_t type) {
    return !wish_name(type).empty() && type != BATON_WISH_MODULE;
}

Result<void> take_module(const elf::Note& note, Wishes& wishes) {
    const auto flags = read_at<uint32_t>(note.descriptor, 0);
    std::string_view path(reinterpret_cast<const char*>(note.descriptor.data() + kFlagsBytes),
                          note.descriptor.size() - kFlagsBytes);
    if (const std::size_t end = path.find('\0'); end != std::string_view::npos)
        path.remove_suffix(path.size() - end);
    if (path.empty())
        return malformed(note, kSmallestModuleBytes);
    if (wishes.module_count == wishes.modules.size())
        return fail(ErrorCode::wished_modules_too_many, {wishes.modules.size()});
    wishes.modules[wishes.module_count++] = {path, (flags & BATON_WISH_REQUIRED) != 0};
    return {};
}

Result<void> take_values(uint32_t type, const WishValues& wish, Wishes& wishes) {
    const uint64_t value = wish.values[0];
    const bool required = wish.required();
    switch (type) {
    case BATON_WISH_PROTOCOL:
        return value <= BATON_BOOT_INFO_VERSION ? Result<void>{} : not_met(type, wish, wishes);
    case BATON_WISH_STACK:
        if (value == 0 || value > kLargestStack)
            return not_met(type, wish, wishes);
        wishes.stack_bytes = align_up(value, kPageBytes);
        return {};
    case BATON_WISH_FRAMEBUFFER:
        wishes.framebuffer = {value, wish.values[1], required};
        return {};
    case BATON_WISH_KASLR:
        wishes.kaslr = value != 0;
        wishes.kaslr_required = required && value != 0;
        return {};
    case BATON_WISH_5_LEVEL_PAGING:
        if (value > BATON_FIVE_LEVEL_REQUIRED)
            return not_met(type, wish, wishes);
        wishes.five_level = static_cast<BatonFiveLevel>(value);
        return {};
    case BATON_WISH_DIRECT_MAP:
        if (!is_aligned(value, kHugePageBytes) || value >> 63 == 0)
            return not_met(type, wish, wishes);
        wishes.direct_map = VirtAddr{value};
        wishes.direct_map_required = required;
        return {};
    case BATON_WISH_SYMBOLS:
        wishes.symbols = value != 0;
        wishes.symbols_required = required && value != 0;
        return {};
    case BATON_WISH_BASE:
        if (!is_aligned(value, kPageBytes))
            return not_met(type, wish, wishes);
        wishes.base = VirtAddr{value};
        wishes.base_required = required;
        return {};
    case BATON_WISH_REFUSE_WRITE_EXECUTE:
        wishes.refuse_write_execute = value != 0;
        return {};
    case BATON_WISH_RUNTIME_MAP:
        wishes.runtime_map = value != 0;
        wishes.runtime_map_required = required && value != 0;
        return {};
    case BATON_WISH_KERNEL_FILE:
        wishes.kernel_file = value != 0;
        wishes.kernel_file_required = required && value != 0;
        return {};
    case BATON_WISH_WATCHDOG:
        if (value == 0 || value > kMostWatchdogSeconds)
            return not_met(type, wish, wishes);
        wishes.watchdog_seconds = static_cast<uint32_t>(value);
        wishes.watchdog_required = required;
        return {};
    default:
        if (required)
            return fail(ErrorCode::wish_unknown, {type});
        ++wishes.unknown_count;
        return {};
    }
}

} // namespace

std::string_view wish_name(uint32_t type) {
    switch (type) {
#define BATON_REQUEST_NAME(number, name, ...)                                                      \
    case BATON_WISH_##name:                                                                        \
        static_assert(BATON_WISH_##name == (number));                                              \
        return #name;
        BATON_REQUESTS(BATON_REQUEST_NAME)
#undef BATON_REQUEST_NAME
    default:
        return {};
    }
}

std::unexpected<Error> wish_not_met(uint32_t type, uint64_t value, uint64_t other_value) {
    return std::unexpected(
        Error(ErrorCode::wish_not_met, {type, value, other_value}).about(wish_name(type)));
}

Result<void> take_note(const elf::Note& note, Wishes& wishes) {
    if (note.owner == "GNU" && note.type == elf::NT_GNU_BUILD_ID)
        wishes.build_id = note.descriptor;
    if (note.owner == "Linux")
        wishes.others.add(OtherProtocol::linux_boot);
    if (note.owner == "Xen" && note.type == elf::XEN_ELFNOTE_PHYS32_ENTRY)
        wishes.others.add(OtherProtocol::pvh);
    if (note.owner != BATON_WISH_OWNER)
        return {};
    wishes.any = true;
    const bool is_module = note.type == BATON_WISH_MODULE;
    const std::size_t needed = is_module               ? kSmallestModuleBytes
                               : has_values(note.type) ? kFlagsBytes + kValuesBytes
                                                       : kFlagsBytes;
    if (note.descriptor.size() < needed)
        return malformed(note, needed);
    if (is_module)
        return take_module(note, wishes);

    WishValues wish{.flags = read_at<uint32_t>(note.descriptor, 0), .values = {}};
    if (note.descriptor.size() >= kFlagsBytes + kValuesBytes) {
        wish.values[0] = read_at<uint64_t>(note.descriptor, kFlagsBytes);
        wish.values[1] = read_at<uint64_t>(note.descriptor, kFlagsBytes + sizeof(uint64_t));
    }
    return take_values(note.type, wish, wishes);
}

Result<void> take_notes(elf::NoteReader reader, Wishes& wishes) {
    while (true) {
        const auto note = reader.next();
        if (!note)
            return std::unexpected(note.error());
        if (!*note)
            return {};
        if (auto taken = take_note(**note, wishes); !taken)
            return taken;
    }
}

} // namespace baton
