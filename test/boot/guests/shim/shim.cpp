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
//     load-high MIB                the same, and so much only once the loader has been loaded
//     refuse-high-reads            files can't be read to memory above 4 GiB
//     network reply|no-reply|ipv6  the loader comes from a TFTP server: network.hpp
//     short-reads BYTES            Read gives no more at once
//     long-reads BYTES             Read says that it gave so many more than were asked for
//     long-files BYTES             GetInfo says that files are so much longer than they are
//     file-sizes BYTES             GetInfo says that all files have this size
//     largest-read BYTES           Read fails where it is asked for more
//     longest-name CHARACTERS      Open finds nothing by a longer name
//     swap-file PATH BYTES         once so many bytes of it were read, it has others
//     errors-stick                 a handle whose Read has failed once fails for ever
//     endless-directories NAME     a directory has entries of this name without an end
//     map-grows                    the memory map has one more entry each time that it is asked for
//     acpi-reserved                memory for ACPI's tables is of the type reserved
//     set-variable-allocates N     it has N more after each SetVariable
//     map-garbled BYTES            it has hundreds, unsorted, overlapping, of this size
//     exit-allocates CALLS         the first calls of ExitBootServices change the memory map
//     raise-priority LEVEL         the loader is started at this task priority level
//     dirty-processor              x87, SSE, FS, GS and debug registers get odd values
//     five-levels                  5-level paging is turned on
//     memory-attributes            there is a Memory Attribute Protocol
//     tpm                          there is a TPM 2.0, with a log that leads nowhere
//     no-console                   there is no ConOut and no ConIn
//     fail CALL FIRST LAST         in each start from now on, these calls of this name fail
//     fail-always CALL …           and so do all of these names
//     fail-nothing                 neither does
//     tell-calls                   when the firmware is left, the loader's calls are told, by kind
//     show-watchdog                each SetWatchdogTimer is shown
//     hurry-watchdog N             the watchdog goes off N times as soon
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
#include "tpm.hpp"
#include "variables.hpp"

#include <algorithm>
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
    UINTN low_mib = 0; // there are no more when it has been loaded, and none before; 0: as they are
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
    const LowMemory kept = loader.low_mib == 0 ? LowMemory{} : keep_low_memory(loader.low_mib);
    if (failed(firmware.boot->LoadImage(0, firmware.image, own->FilePath, loader.image,
                                        loader.image_bytes, &handle)))
        give_up("can't be loaded", "loader.efi");
    free_low_memory(kept);
    auto* const loaded = protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(handle, kLoadedImageGuid);
    loaded->DeviceHandle = loader.device == nullptr ? own->DeviceHandle : loader.device;
    loaded->LoadOptions = loader.options;
    loaded->LoadOptionsSize = loader.options_bytes;
    image_that_must_not_leave = may_leave ? nullptr : handle;
    begin_counting(loaded->ImageBase, loaded->ImageSize);
    const EFI_STATUS status = firmware.boot->StartImage(handle, nullptr, nullptr);
    const Held left = held();
    Text text;
    text.add("the loader ");
    if (status == kWouldHaveBooted) {
        text.add("would have booted");
    } else {
        text.add("came back with ").hex(status).add(" and keeps ").decimal(left.pages);
        text.add(" pages, ").decimal(left.pools).add(" pools, ").decimal(left.files).add(" files");
    }
    say(text);
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

struct Command {
    std::string_view name;
    void (*carry_out)(std::string_view words, Loader& loader);
};

constexpr Command kCommands[] = {
    {"options", [](std::string_view words, Loader& loader) { set_options(loader, words); }},
    {"display", [](std::string_view words, Loader&) { add_display(words); }},
    {"edid", [](std::string_view words, Loader&) { add_edid(words); }},
    {"variable", [](std::string_view words, Loader&) { set_variable(words); }},
    {"deny-runtime-map", [](std::string_view, Loader&) { deny_runtime_map(); }},
    {"leave-low",
     [](std::string_view words, Loader&) { free_low_memory(keep_low_memory(take_number(words))); }},
    {"load-high",
     [](std::string_view words, Loader& loader) { loader.low_mib = take_number(words); }},
    {"refuse-high-reads", [](std::string_view, Loader&) { refuse_high_reads(); }},
    {"network", [](std::string_view words, Loader& loader) { loader.device = add_network(words); }},
    {"short-reads", [](std::string_view words, Loader&) { shorten_reads(words); }},
    {"long-reads", [](std::string_view words, Loader&) { lengthen_reads(words); }},
    {"long-files", [](std::string_view words, Loader&) { lengthen_files(words); }},
    {"file-sizes", [](std::string_view words, Loader&) { set_file_sizes(words); }},
    {"largest-read", [](std::string_view words, Loader&) { limit_reads(words); }},
    {"longest-name", [](std::string_view words, Loader&) { limit_names(words); }},
    {"swap-file", [](std::string_view words, Loader&) { swap_file(words); }},
    {"errors-stick", [](std::string_view, Loader&) { let_errors_stick(); }},
    {"endless-directories", [](std::string_view words, Loader&) { let_directories_go_on(words); }},
    {"acpi-reserved", [](std::string_view, Loader&) { reserve_acpi_memory(); }},
    {"map-grows", [](std::string_view, Loader&) { let_the_map_grow(); }},
    {"set-variable-allocates",
     [](std::string_view words, Loader&) { let_set_variable_allocate(words); }},
    {"map-garbled", [](std::string_view words, Loader&) { garble_the_map(words); }},
    {"exit-allocates",
     [](std::string_view words, Loader&) { exits_that_allocate = take_number(words); }},
    {"raise-priority",
     [](std::string_view words, Loader&) { firmware.boot->RaiseTPL(take_number(words)); }},
    {"dirty-processor", [](std::string_view, Loader&) { dirty_processor(); }},
    {"five-levels", [](std::string_view, Loader&) { enter_five_level_paging(); }},
    {"memory-attributes", [](std::string_view, Loader&) { add_memory_attributes(); }},
    {"no-console",
     [](std::string_view, Loader&) {
         firmware.system->ConOut = nullptr;
         firmware.system->ConIn = nullptr;
     }},
    {"fail",
     [](std::string_view words, Loader&) {
         const Call call = take_call(words);
         const UINTN first = take_number(words);
         fail_calls(call, first, take_number(words));
     }},
    {"fail-always",
     [](std::string_view words, Loader&) {
         while (!words.empty())
             fail_always(take_call(words));
     }},
    {"tpm", [](std::string_view, Loader&) { add_tpm(); }},
    {"fail-nothing", [](std::string_view, Loader&) { fail_nothing(); }},
    {"show-watchdog", [](std::string_view, Loader&) { watchdog_is_shown = true; }},
    {"hurry-watchdog", [](std::string_view words,
                          Loader&) { watchdog_divisor = std::max<UINTN>(take_number(words), 1); }},
    {"tell-calls", [](std::string_view, Loader&) { calls_are_told = true; }},
    {"start", [](std::string_view, Loader& loader) { start(loader, true); }},
    {"sweep", [](std::string_view words, Loader& loader) { sweep(take_call(words), loader); }},
};

void carry_out(std::string_view line, Loader& loader) {
    const std::string_view name = take_word(line);
    if (name.empty() || name.starts_with('#'))
        return;
    for (const Command& command : kCommands)
        if (command.name == name)
            return command.carry_out(line, loader);
    give_up("not a command", name);
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
