// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_history.hpp"

#include "config/lines.hpp"
#include "stage1-efi/firmware_frames.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

// Baton's own vendor GUID.
constexpr EFI_GUID kBatonGuid = {
    0x6a3f1c52, 0x0d87, 0x4e1b, {0x9c, 0x44, 0x72, 0xb5, 0x18, 0xe9, 0x3d, 0xa0}};
constexpr CHAR16 kName[] = {'B', 'a', 't', 'o', 'n', 'L', 'a', 's', 't', 'B', 'o', 'o', 't', 0};
constexpr uint32_t kAttributes = EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS;

using MarkMemory = std::array<std::byte, kBootMarkBytes>;

struct Variable {
    EFI_STATUS status;
    Bytes content; // in the caller's memory
};

// Firmware functions take names and GUIDs as non-const pointers.
Variable read_variable(const efi::Firmware& firmware, MarkMemory& memory) {
    auto name = std::to_array(kName);
    EFI_GUID guid = kBatonGuid;
    UINTN bytes = memory.size();
    const EFI_STATUS status = firmware.system->RuntimeServices->GetVariable(
        name.data(), &guid, nullptr, &bytes, memory.data());
    return {status, efi::failed(status) ? Bytes{} : Bytes(memory).first(bytes)};
}

EFI_STATUS write_variable(const efi::Firmware& firmware, Bytes content) {
    auto name = std::to_array(kName);
    EFI_GUID guid = kBatonGuid;
    return firmware.system->RuntimeServices->SetVariable(
        name.data(), &guid, kAttributes, content.size(),
        const_cast<std::byte*>(content.data())); // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

void log_report(std::string_view text, Log& log) {
    while (!text.empty())
        log.line("  %v", take_line(text));
}

} // namespace

PreviousBoot find_previous_boot(const efi::Firmware& firmware, const FirmwareMemory& occupied,
                                Log& log) {
    MarkMemory memory;
    const Variable variable = read_variable(firmware, memory);
    const auto mark = parse_boot_mark(variable.content);
    PreviousBoot boot;
    if (mark) {
        FirmwareFrames frames(firmware, occupied.occupied);
        EfiMemoryMap map({}, sizeof(EfiMemoryDescriptor)); // in which nothing is free
        if (mark->error.empty())
            map = frames.memory_map().value_or(map);
        boot = recall_boot(*mark,
                           {.map = map, .occupied = occupied.occupied.ranges(), .frames = frames});
    }
    Text text;
    describe(text, boot);
    log.line(text);
    log_report(boot.text(), log);
    return boot;
}

void leave_boot_mark(const efi::Firmware& firmware, const BootMark& mark, Log& log) {
    MarkMemory memory, old_memory;
    const Bytes content = write_boot_mark(mark, memory);
    if (std::ranges::equal(content, read_variable(firmware, old_memory).content))
        return;
    const EFI_STATUS status = write_variable(firmware, content);
    if (efi::failed(status))
        log.line("the next boot won't know about this one: SetVariable returned %x", status);
}

void leave_no_boot_mark(const efi::Firmware& firmware) {
    write_variable(firmware, {}); // no content: it is deleted, if it is there
}

} // namespace baton
