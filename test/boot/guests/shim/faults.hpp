// SPDX-License-Identifier: BSD-2-Clause
//
// Calls of the loader's that fail by plan.
#pragma once

#include "firmware.hpp"

#include <optional>

namespace shim {

/// The functions that the loader calls and that can fail.
enum class Call {
    AllocatePages,
    AllocatePool,
    GetMemoryMap,
    ExitBootServices,
    HandleProtocol,
    LocateProtocol,
    LocateHandleBuffer,
    LocateDevicePath,
    LoadImage,
    SetWatchdogTimer,
    GetVariable,
    SetVariable,
    GetTime,
    SetVirtualAddressMap,
    OpenVolume,
    Open,
    GetInfo,
    SetPosition,
    Read,
    QueryMode,
    SetMode,
    GetRNG,
    GetResources,
    ReadBlocks,
    ConvertDevicePathToText,
    SetMemoryAttributes,
    ClearMemoryAttributes,
    Mtftp,
    GetCapability,
    GetEventLog,
    HashLogExtendEvent,
    OutputString,
    ReadKeyStroke,
};

/// The call with the name that is the next word. Gives up where there is none.
Call take_call(std::string_view& line);
std::string_view name_of(Call call);

/// From the next start on, the `first`th of these calls fails, and those behind it up to the
/// `last`th. Nothing else does.
void fail_calls(Call call, UINTN first, UINTN last);
/// From the next start on, all of these calls fail, too.
void fail_always(Call call);
void fail_nothing();

bool is_to_fail(Call call);

/// Counting begins anew. Calls from elsewhere than this image don't count: drivers make some, too.
/// Failures are told with the place in it.
void begin_counting(const void* image, UINTN bytes);
/// Says how many of each call there have been since then.
void tell_calls();
/// Whether a call has failed since then.
bool has_failed();

/// What the call that goes back to `return_address` has to fail with; nothing where it may go on.
std::optional<EFI_STATUS> planned_failure(Call call, const void* return_address);

/// A function that fails by plan, in place of the one in `slot`. What differs from function to
/// function is its type: one `kCall` must not have two of them.
template<Call kCall, class Function>
struct Hook;
template<Call kCall, class... Arguments>
struct Hook<kCall, EFI_STATUS(EFIAPI*)(Arguments...)> {
    static inline EFI_STATUS(EFIAPI* real)(Arguments...) = nullptr;

    static EFI_STATUS EFIAPI call(Arguments... arguments) {
        if (const auto status = planned_failure(kCall, __builtin_return_address(0)))
            return *status;
        return real(arguments...);
    }
};
template<Call kCall, class... Arguments>
void hook(EFI_STATUS(EFIAPI*& slot)(Arguments...)) {
    using ItsHook = Hook<kCall, EFI_STATUS(EFIAPI*)(Arguments...)>;
    ItsHook::real = slot;
    slot = ItsHook::call;
}

} // namespace shim
