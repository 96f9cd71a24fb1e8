// SPDX-License-Identifier: BSD-2-Clause
//
// What the benchmark's UEFI applications have in common; small, since an image's size is boot time.
#pragma once

extern "C" {
#include <efi.h>
}

#include "ports.hpp"

static_assert(sizeof(CHAR16) == 2 && sizeof(wchar_t) == 2, "-fshort-wchar is missing");

namespace bench {

/// Says which call failed, and ends QEMU, where it did.
inline void require(EFI_STATUS status, const char* call) {
    if (status >> 63 == 0)
        return;
    print("bench: failed: ");
    print(call, status);
    finish(false);
}

template<class T>
T* protocol_on(EFI_BOOT_SERVICES* boot, EFI_HANDLE handle, EFI_GUID guid) {
    void* interface = nullptr;
    require(boot->HandleProtocol(handle, &guid, &interface), "HandleProtocol");
    return static_cast<T*>(interface);
}

/// The handle of the volume that the application was loaded from.
inline EFI_HANDLE boot_device(EFI_BOOT_SERVICES* boot, EFI_HANDLE image) {
    return protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(boot, image, EFI_LOADED_IMAGE_PROTOCOL_GUID)
        ->DeviceHandle;
}

} // namespace bench
