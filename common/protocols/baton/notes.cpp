// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/baton/notes.hpp"

#include "core/bytes.hpp"
#include "core/limits.hpp"
#include "elf/format.hpp"

namespace baton {
namespace {

constexpr uint64_t kLargestStack = uint64_t{1} << 30;
constexpr uint64_t kMostWatchdogSeconds = 3600;
constexpr uint64_t kMib = uint64_t{1} << 20;
constexpr uint64_t k32BitAddresses = uint64_t{1} << 32;

/// The descriptor of every request but a module's.
struct RequestValues {
    uint32_t flags;
    uint64_t values[2];

    bool required() const { return (flags & BATON_REQUEST_REQUIRED) != 0; }
};

constexpr std::size_t kFlagsBytes = sizeof(uint32_t);
constexpr std::size_t kValuesBytes = 2 * sizeof(uint64_t);
constexpr std::size_t kSmallestModuleBytes = kFlagsBytes + 1;

/// A request whose value can't be had: an error, or as if it were not there.
Result<void> not_met(uint32_t type, const RequestValues& request, Requests& requests) {
    if (request.required())
        return request_not_met(type, request.values[0], request.values[1]);
    requests.left_out |= uint32_t{1} << type;
    return {};
}

std::unexpected<Error> malformed(const elf::Note& note, uint64_t needed_bytes) {
    return fail(ErrorCode::request_malformed, {note.type, note.descriptor.size(), needed_bytes});
}

bool has_values(uint32_t type) {
    return !request_name(type).empty() && type != BATON_REQUEST_MODULE;
}

Result<void> take_module(const elf::Note& note, Requests& requests) {
    const auto flags = read_at<uint32_t>(note.descriptor, 0);
    std::string_view path(reinterpret_cast<const char*>(note.descriptor.data() + kFlagsBytes),
                          note.descriptor.size() - kFlagsBytes);
    if (const std::size_t end = path.find('\0'); end != std::string_view::npos)
        path.remove_suffix(path.size() - end);
    if (path.empty())
        return malformed(note, kSmallestModuleBytes);
    if (requests.module_count == requests.modules.size())
        return fail(ErrorCode::requested_modules_too_many, {requests.modules.size()});
    requests.modules[requests.module_count++] = {path, (flags & BATON_REQUEST_REQUIRED) != 0};
    return {};
}

Result<void> take_values(uint32_t type, const RequestValues& request, Requests& requests) {
    const uint64_t value = request.values[0];
    const bool required = request.required();
    switch (type) {
    case BATON_REQUEST_PROTOCOL:
        return value <= BATON_BOOT_INFO_VERSION ? Result<void>{} : not_met(type, request, requests);
    case BATON_REQUEST_STACK:
        if (value == 0 || value > kLargestStack)
            return not_met(type, request, requests);
        requests.stack_bytes = align_up(value, kPageBytes);
        return {};
    case BATON_REQUEST_FRAMEBUFFER:
        requests.framebuffer = {value, request.values[1], required};
        return {};
    case BATON_REQUEST_KASLR:
        requests.kaslr = value != 0;
        requests.kaslr_required = required && value != 0;
        return {};
    case BATON_REQUEST_5_LEVEL_PAGING:
        if (value > BATON_FIVE_LEVEL_REQUIRED)
            return not_met(type, request, requests);
        requests.five_level = static_cast<BatonFiveLevel>(value);
        return {};
    case BATON_REQUEST_DIRECT_MAP:
        if (!is_aligned(value, kHugePageBytes) || value >> 63 == 0)
            return not_met(type, request, requests);
        requests.direct_map = VirtAddr{value};
        requests.direct_map_required = required;
        return {};
    case BATON_REQUEST_SYMBOLS:
        requests.symbols = value != 0;
        requests.symbols_required = required && value != 0;
        return {};
    case BATON_REQUEST_BASE:
        if (!is_aligned(value, kPageBytes))
            return not_met(type, request, requests);
        requests.base = VirtAddr{value};
        requests.base_required = required;
        return {};
    case BATON_REQUEST_REFUSE_WRITE_EXECUTE:
        requests.refuse_write_execute = value != 0;
        return {};
    case BATON_REQUEST_RUNTIME_MAP:
        requests.runtime_map = value != 0;
        requests.runtime_map_required = required && value != 0;
        return {};
    case BATON_REQUEST_KERNEL_FILE:
        requests.kernel_file = value != 0;
        requests.kernel_file_required = required && value != 0;
        return {};
    case BATON_REQUEST_WATCHDOG:
        if (value == 0 || value > kMostWatchdogSeconds)
            return not_met(type, request, requests);
        requests.watchdog_seconds = static_cast<uint32_t>(value);
        requests.watchdog_required = required;
        return {};
    case BATON_REQUEST_PHYSICAL:
        requests.physical = value != 0;
        requests.physical_required = required && value != 0;
        return {};
    case BATON_REQUEST_IDENTITY:
        if (value != kMib && value != k32BitAddresses)
            return not_met(type, request, requests);
        requests.identity_bytes = value;
        requests.identity_devices = true;
        requests.identity_required = required;
        return {};
    case BATON_REQUEST_PROCESSORS:
        if (value > BATON_PROCESSORS_PARKED || request.values[1] > kLargestStack)
            return not_met(type, request, requests);
        requests.processors = value == BATON_PROCESSORS_NONE ? 1 : kMostProcessors;
        requests.processors_required = required && value != BATON_PROCESSORS_NONE;
        requests.processor_stack_bytes = align_up(request.values[1], kPageBytes);
        return {};
    default:
        if (required)
            return fail(ErrorCode::request_unknown, {type});
        ++requests.unknown_count;
        return {};
    }
}

} // namespace

Result<void> take_note(const elf::Note& note, Requests& requests) {
    if (note.owner == "GNU" && note.type == elf::NT_GNU_BUILD_ID)
        requests.build_id = note.descriptor;
    if (note.owner != BATON_REQUEST_OWNER)
        return {};
    requests.any = true;
    const bool is_module = note.type == BATON_REQUEST_MODULE;
    const std::size_t needed = is_module               ? kSmallestModuleBytes
                               : has_values(note.type) ? kFlagsBytes + kValuesBytes
                                                       : kFlagsBytes;
    if (note.descriptor.size() < needed)
        return malformed(note, needed);
    if (is_module)
        return take_module(note, requests);

    RequestValues request{.flags = read_at<uint32_t>(note.descriptor, 0), .values = {}};
    if (note.descriptor.size() >= kFlagsBytes + kValuesBytes) {
        request.values[0] = read_at<uint64_t>(note.descriptor, kFlagsBytes);
        request.values[1] = read_at<uint64_t>(note.descriptor, kFlagsBytes + sizeof(uint64_t));
    }
    return take_values(note.type, request, requests);
}

Result<void> take_notes(elf::NoteReader reader, Requests& requests) {
    while (true) {
        const auto note = TRY(reader.next());
        if (!note)
            return {};
        TRY(take_note(*note, requests));
    }
}

} // namespace baton
