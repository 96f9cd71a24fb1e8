// SPDX-License-Identifier: BSD-2-Clause
#include "plan/wishes.hpp"

#include "core/bytes.hpp"
#include "elf/format.hpp"

namespace baton {
namespace {

constexpr uint64_t kLargestStack = uint64_t{1} << 30;

/// The descriptor of every wish but a module's.
struct WishValues {
    uint32_t flags;
    uint64_t values[2];

    bool required() const { return (flags & BATON_WISH_REQUIRED) != 0; }
};

constexpr std::size_t kFlagsBytes = sizeof(uint32_t);
constexpr std::size_t kValuesBytes = 2 * sizeof(uint64_t);

/// A wish whose value can't be had: an error, or as if it were not there.
Result<void> not_met(uint32_t type, const WishValues& wish) {
    if (wish.required())
        return fail(ErrorCode::wish_not_met, {type, wish.values[0], wish.values[1]});
    return {};
}

Result<void> take_module(const elf::Note& note, Wishes& wishes) {
    const auto flags = read_at<uint32_t>(note.descriptor, 0);
    std::string_view path(reinterpret_cast<const char*>(note.descriptor.data() + kFlagsBytes),
                          note.descriptor.size() - kFlagsBytes);
    if (const std::size_t end = path.find('\0'); end != std::string_view::npos)
        path.remove_suffix(path.size() - end);
    if (path.empty() || wishes.module_count == wishes.modules.size())
        return fail(ErrorCode::wish_malformed, {note.type, note.descriptor.size()});
    wishes.modules[wishes.module_count++] = {path, (flags & BATON_WISH_REQUIRED) != 0};
    return {};
}

Result<void> take_values(uint32_t type, const WishValues& wish, Wishes& wishes) {
    const uint64_t value = wish.values[0];
    const bool required = wish.required();
    switch (type) {
    case BATON_WISH_PROTOCOL:
        return value <= BATON_BOOT_INFO_VERSION ? Result<void>{} : not_met(type, wish);
    case BATON_WISH_STACK:
        if (value == 0 || value > kLargestStack)
            return not_met(type, wish);
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
            return not_met(type, wish);
        wishes.five_level = static_cast<BatonFiveLevel>(value);
        return {};
    case BATON_WISH_DIRECT_MAP:
        if (!is_aligned(value, kHugePageBytes) || value >> 63 == 0)
            return not_met(type, wish);
        wishes.direct_map = VirtAddr{value};
        wishes.direct_map_required = required;
        return {};
    case BATON_WISH_SYMBOLS:
        wishes.symbols = value != 0;
        wishes.symbols_required = required && value != 0;
        return {};
    case BATON_WISH_BASE:
        if (!is_aligned(value, kPageBytes))
            return not_met(type, wish);
        wishes.base = VirtAddr{value};
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
    default:
        if (required)
            return fail(ErrorCode::wish_unknown, {type});
        ++wishes.unknown_count;
        return {};
    }
}

} // namespace

Result<void> take_note(const elf::Note& note, Wishes& wishes) {
    if (note.owner == "GNU" && note.type == elf::NT_GNU_BUILD_ID)
        wishes.build_id = note.descriptor;
    if (note.owner != BATON_WISH_OWNER)
        return {};
    if (note.descriptor.size() < kFlagsBytes)
        return fail(ErrorCode::wish_malformed, {note.type, note.descriptor.size()});
    if (note.type == BATON_WISH_MODULE)
        return take_module(note, wishes);

    WishValues wish{.flags = read_at<uint32_t>(note.descriptor, 0), .values = {}};
    if (note.descriptor.size() >= kFlagsBytes + kValuesBytes) {
        wish.values[0] = read_at<uint64_t>(note.descriptor, kFlagsBytes);
        wish.values[1] = read_at<uint64_t>(note.descriptor, kFlagsBytes + sizeof(uint64_t));
    } else if (note.type >= BATON_WISH_PROTOCOL && note.type <= BATON_WISH_KERNEL_FILE) {
        return fail(ErrorCode::wish_malformed, {note.type, note.descriptor.size()});
    }
    return take_values(note.type, wish, wishes);
}

} // namespace baton
