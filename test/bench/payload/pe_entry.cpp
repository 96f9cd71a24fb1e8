// SPDX-License-Identifier: BSD-2-Clause
//
// The payload as a UEFI application leaves the firmware by itself.
#include "../application.hpp"

extern "C" void EFIAPI leave_firmware(EFI_HANDLE image, EFI_SYSTEM_TABLE* system) {
    using bench::require;
    EFI_BOOT_SERVICES* const boot = system->BootServices;
    constexpr UINTN kMapBytes = 16384;
    void* map = nullptr;
    require(boot->AllocatePool(EfiLoaderData, kMapBytes, &map), "AllocatePool");
    UINTN bytes = kMapBytes, key = 0, descriptor_bytes = 0;
    UINT32 version = 0;
    require(boot->GetMemoryMap(&bytes, static_cast<EFI_MEMORY_DESCRIPTOR*>(map), &key,
                               &descriptor_bytes, &version),
            "GetMemoryMap");
    require(boot->ExitBootServices(image, key), "ExitBootServices");
}
