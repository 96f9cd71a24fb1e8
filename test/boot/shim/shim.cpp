// SPDX-License-Identifier: BSD-2-Clause
//
// A UEFI application between the firmware and the loader. It carries out \shim\plan.txt, line by
// line, and so makes the firmware do what no firmware at hand does:
//
//     options TEXT                 the loader's load options
//     display WIDTH HEIGHT FORMAT  one more display: rgb, bgr, 565 or blt (no pixels in memory)
//     edid BYTES                   all displays get an EDID, of a multiple of 128
//     variable NAME VALUE          what GetVariable says of a variable of one byte
//     deny-runtime-map             a table says that there is no SetVirtualAddressMap
//     leave-low MIB                memory below 4 GiB is taken, but so much
//     refuse-high-reads            files can't be read to memory above 4 GiB
//     network reply|no-reply|ipv6  the loader comes from a TFTP server: network.hpp
//     short-reads BYTES            Read gives no more at once
//     long-reads BYTES             Read says that it gave so many more than were asked for
//     long-files BYTES             GetInfo says that files are so much longer than they are
//     map-grows                    the memory map has one more entry each time that it is asked for
//     map-garbled BYTES            it has hundreds, unsorted, overlapping, of this size
//     exit-allocates CALLS         the first calls of ExitBootServices change the memory map
//     raise-priority LEVEL         the loader is started at this task priority level
//     dirty-processor              x87, SSE, FS, GS and debug registers get odd values
//     five-levels                  5-level paging is turned on
//     memory-attributes            there is a Memory Attribute Protocol
//     no-console                   there is no ConOut and no ConIn
//     fail CALL FIRST LAST         in each start from now on, these calls of this name fail
//     fail-always CALL …           and so do all of these names
//     fail-nothing                 neither does
//     start                        \shim\loader.efi is started; says what it comes back with
//     sweep CALL                   it is started again and again: with the first call failing, with
//                                  the second, and so on, until there is none that could fail.
//                                  When it would have booted, it doesn't
//
// At the end the loader is started once more.
#include "boot_services.hpp"
#include "devices.hpp"
#include "display.hpp"
#include "faults.hpp"
#include "files.hpp"
#include "firmware.hpp"
#include "memory.hpp"
#include "network.hpp"
#include "processor.hpp"
#include "variables.hpp"

#include <array>

namespace shim {
namespace {

constexpr EFI_GUID kLoadedImageGuid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
constexpr UINTN kLargestFile = UINTN{1} << 20;

struct Loader {
    void* image = allocate_pool(kLargestFile);
    UINTN image_bytes = read_boot_file(u"\\shim\\loader.efi", image, kLargestFile);
    EFI_HANDLE device = nullptr; // null: the shim's own
    CHAR16* options = nullptr;
    UINT32 options_bytes = 0;
};

void set_options(Loader& loader, std::string_view text) {
    loader.options = static_cast<CHAR16*>(allocate_pool(text.size() * sizeof(CHAR16)));
    loader.options_bytes = static_cast<UINT32>(text.size() * sizeof(CHAR16));
    for (std::size_t i = 0; i < text.size(); ++i)
        loader.options[i] = static_cast<UINT8>(text[i]);
}

/// Returns when the loader does. One that may not leave the firmware always does.
EFI_STATUS start(const Loader& loader, bool may_leave) {
    const auto* const own =
        protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware.image, kLoadedImageGuid);
    EFI_HANDLE handle = nullptr;
    if (failed(firmware.boot->LoadImage(0, firmware.image, own->FilePath, loader.image,
                                        loader.image_bytes, &handle)))
        give_up("can't be loaded", "loader.efi");
    auto* const loaded = protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(handle, kLoadedImageGuid);
    loaded->DeviceHandle = loader.device == nullptr ? own->DeviceHandle : loader.device;
    loaded->LoadOptions = loader.options;
    loaded->LoadOptionsSize = loader.options_bytes;
    image_that_must_not_leave = may_leave ? nullptr : handle;
    begin_counting(loaded->ImageBase, loaded->ImageSize);
    const EFI_STATUS status = firmware.boot->StartImage(handle, nullptr, nullptr);
    const Held kept = held();
    if (status == kWouldHaveBooted)
        say(Text().add("the loader would have booted"));
    else
        say(Text()
                .add("the loader came back with ")
                .hex(status)
                .add(" and keeps ")
                .decimal(kept.pages)
                .add(" pages, ")
                .decimal(kept.pools)
                .add(" pools, ")
                .decimal(kept.files)
                .add(" files"));
    free_what_is_held();
    return status;
}

void sweep(Call call, const Loader& loader) {
    UINTN number = 0;
    do {
        ++number;
        fail_calls(call, number, number);
        start(loader, false);
    } while (has_failed());
    fail_nothing();
    say(Text().add("swept ").add(name_of(call)).add(": ").decimal(number - 1).add(" calls"));
}

void carry_out(std::string_view line, Loader& loader) {
    const std::string_view command = take_word(line);
    if (command.empty() || command.starts_with('#'))
        return;
    if (command == "options")
        set_options(loader, line);
    else if (command == "display")
        add_display(line);
    else if (command == "edid")
        add_edid(line);
    else if (command == "variable")
        set_variable(line);
    else if (command == "deny-runtime-map")
        deny_runtime_map();
    else if (command == "leave-low")
        leave_low_memory(line);
    else if (command == "refuse-high-reads")
        refuse_high_reads();
    else if (command == "network")
        loader.device = add_network(line);
    else if (command == "short-reads")
        shorten_reads(line);
    else if (command == "long-reads")
        lengthen_reads(line);
    else if (command == "long-files")
        lengthen_files(line);
    else if (command == "map-grows")
        let_the_map_grow();
    else if (command == "map-garbled")
        garble_the_map(line);
    else if (command == "exit-allocates")
        exits_that_allocate = take_number(line);
    else if (command == "raise-priority")
        firmware.boot->RaiseTPL(take_number(line));
    else if (command == "dirty-processor")
        dirty_processor();
    else if (command == "five-levels")
        enter_five_level_paging();
    else if (command == "memory-attributes")
        add_memory_attributes();
    else if (command == "no-console") {
        firmware.system->ConOut = nullptr;
        firmware.system->ConIn = nullptr;
    } else if (command == "fail") {
        const Call call = take_call(line);
        const UINTN first = take_number(line);
        fail_calls(call, first, take_number(line));
    } else if (command == "fail-always")
        while (!line.empty())
            fail_always(take_call(line));
    else if (command == "fail-nothing")
        fail_nothing();
    else if (command == "start")
        start(loader, true);
    else if (command == "sweep")
        sweep(take_call(line), loader);
    else
        give_up("not a command", command);
}

} // namespace
} // namespace shim

extern "C" EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE* system) {
    using namespace shim;
    firmware = {image, system, system->BootServices, system->RuntimeServices};
    Loader loader;
    auto* const text = static_cast<char*>(allocate_pool(kLargestFile));
    std::string_view plan(text, read_boot_file(u"\\shim\\plan.txt", text, kLargestFile));
    hook_services();
    hook_files();
    hook_devices();
    while (!plan.empty()) {
        const std::string_view line = plan.substr(0, plan.find('\n'));
        plan.remove_prefix(std::min(line.size() + 1, plan.size()));
        carry_out(line, loader);
    }
    return start(loader, true);
}
