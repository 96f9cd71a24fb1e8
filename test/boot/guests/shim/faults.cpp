// SPDX-License-Identifier: BSD-2-Clause
#include "faults.hpp"

#include <array>

namespace shim {
namespace {

struct Plan {
    std::string_view name;
    EFI_STATUS status;
    UINTN first_failure = 0; // 0: none
    UINTN last_failure = 0;
    UINTN count = 0;
};

// In the order of Call.
constinit std::array plans = {
    Plan{"AllocatePages", EFI_OUT_OF_RESOURCES},
    Plan{"AllocatePool", EFI_OUT_OF_RESOURCES},
    Plan{"GetMemoryMap", EFI_INVALID_PARAMETER},
    Plan{"ExitBootServices", EFI_INVALID_PARAMETER},
    Plan{"HandleProtocol", EFI_UNSUPPORTED},
    Plan{"LocateProtocol", EFI_NOT_FOUND},
    Plan{"LocateHandleBuffer", EFI_NOT_FOUND},
    Plan{"LocateDevicePath", EFI_NOT_FOUND},
    Plan{"LoadImage", EFI_ACCESS_DENIED},
    Plan{"SetWatchdogTimer", EFI_UNSUPPORTED},
    Plan{"GetVariable", EFI_DEVICE_ERROR},
    Plan{"SetVariable", EFI_DEVICE_ERROR},
    Plan{"GetTime", EFI_DEVICE_ERROR},
    Plan{"SetVirtualAddressMap", EFI_UNSUPPORTED},
    Plan{"OpenVolume", EFI_VOLUME_CORRUPTED},
    Plan{"Open", EFI_DEVICE_ERROR},
    Plan{"GetInfo", EFI_DEVICE_ERROR},
    Plan{"SetPosition", EFI_DEVICE_ERROR},
    Plan{"Read", EFI_DEVICE_ERROR},
    Plan{"QueryMode", EFI_DEVICE_ERROR},
    Plan{"SetMode", EFI_DEVICE_ERROR},
    Plan{"GetRNG", EFI_NOT_READY},
    Plan{"GetResources", EFI_DEVICE_ERROR},
    Plan{"ReadBlocks", EFI_DEVICE_ERROR},
    Plan{"ConvertDevicePathToText", EFI_OUT_OF_RESOURCES},
    Plan{"SetMemoryAttributes", EFI_UNSUPPORTED},
    Plan{"ClearMemoryAttributes", EFI_UNSUPPORTED},
    Plan{"Mtftp", EFI_TIMEOUT},
    Plan{"GetCapability", EFI_DEVICE_ERROR},
    Plan{"GetEventLog", EFI_DEVICE_ERROR},
    Plan{"HashLogExtendEvent", EFI_DEVICE_ERROR},
    Plan{"OutputString", EFI_DEVICE_ERROR},
    Plan{"ReadKeyStroke", EFI_NOT_READY},
};

const UINT8* loader_image;
UINTN loader_bytes;
bool failure_happened;

} // namespace

Call take_call(std::string_view& line) {
    const std::string_view name = take_word(line);
    for (std::size_t i = 0; i < plans.size(); ++i)
        if (plans[i].name == name)
            return static_cast<Call>(i);
    give_up("not a call", name);
}

std::string_view name_of(Call call) {
    return plans[static_cast<std::size_t>(call)].name;
}

void fail_calls(Call call, UINTN first, UINTN last) {
    fail_nothing();
    Plan& plan = plans[static_cast<std::size_t>(call)];
    plan.first_failure = first;
    plan.last_failure = last;
}

void fail_always(Call call) {
    Plan& plan = plans[static_cast<std::size_t>(call)];
    plan.first_failure = 1;
    plan.last_failure = ~UINTN{0};
}

void fail_nothing() {
    for (Plan& plan : plans)
        plan.first_failure = plan.last_failure = 0;
}

bool is_to_fail(Call call) {
    return plans[static_cast<std::size_t>(call)].first_failure != 0;
}

void begin_counting(const void* image, UINTN bytes) {
    loader_image = static_cast<const UINT8*>(image);
    loader_bytes = bytes;
    failure_happened = false;
    for (Plan& plan : plans)
        plan.count = 0;
}

void tell_calls() {
    for (const Plan& plan : plans)
        if (plan.count != 0)
            say(Text().add("called ").add(plan.name).add(' ').decimal(plan.count));
}

bool has_failed() {
    return failure_happened;
}

std::optional<EFI_STATUS> planned_failure(Call call, const void* return_address) {
    const auto place = static_cast<UINTN>(static_cast<const UINT8*>(return_address) - loader_image);
    if (place >= loader_bytes)
        return {};
    Plan& plan = plans[static_cast<std::size_t>(call)];
    const UINTN number = ++plan.count;
    if (number < plan.first_failure || number > plan.last_failure)
        return {};
    failure_happened = true;
    say(Text().add(plan.name).add(' ').decimal(number).add(" fails, back to ").hex(place));
    return plan.status;
}

} // namespace shim
