// SPDX-License-Identifier: BSD-2-Clause
//
// A UEFI application that starts another one with load options, as a firmware's boot entry does:
// \chain\loader.efi with the text of \chain\options.txt, as UTF-16.
extern "C" {
#include <efi.h>
}

#include <array>
#include <cstddef>
#include <string_view>

namespace {

constexpr EFI_GUID kLoadedImageGuid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
constexpr EFI_GUID kFileSystemGuid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
constexpr UINTN kLargestLoader = UINTN{1} << 20;
constexpr UINTN kLongestOptions = 4096;

template<class T>
T* protocol_on(EFI_BOOT_SERVICES* boot, EFI_HANDLE handle, EFI_GUID guid) {
    void* interface = nullptr;
    boot->HandleProtocol(handle, &guid, &interface);
    return static_cast<T*>(interface);
}

/// Bytes read; 0 where there is no such file.
UINTN read_file(EFI_FILE_PROTOCOL* root, std::u16string_view path, void* into, UINTN room) {
    std::array<CHAR16, 64> name{};
    for (std::size_t i = 0; i < path.size(); ++i)
        name[i] = path[i];
    EFI_FILE_PROTOCOL* file = nullptr;
    if (root->Open(root, &file, name.data(), EFI_FILE_MODE_READ, 0) != EFI_SUCCESS)
        return 0;
    UINTN bytes = room;
    const EFI_STATUS status = file->Read(file, &bytes, into);
    file->Close(file);
    return status == EFI_SUCCESS ? bytes : 0;
}

} // namespace

extern "C" EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE* system) {
    EFI_BOOT_SERVICES* const boot = system->BootServices;
    const auto* const own = protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(boot, image, kLoadedImageGuid);
    auto* const volume =
        protocol_on<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(boot, own->DeviceHandle, kFileSystemGuid);
    EFI_FILE_PROTOCOL* root = nullptr;
    void* loader = nullptr;
    void* text = nullptr;
    void* options = nullptr;
    if (volume->OpenVolume(volume, &root) != EFI_SUCCESS ||
        boot->AllocatePool(EfiLoaderData, kLargestLoader, &loader) != EFI_SUCCESS ||
        boot->AllocatePool(EfiLoaderData, kLongestOptions, &text) != EFI_SUCCESS ||
        boot->AllocatePool(EfiLoaderData, kLongestOptions * sizeof(CHAR16), &options) !=
            EFI_SUCCESS)
        return EFI_OUT_OF_RESOURCES;
    const UINTN loader_bytes = read_file(root, u"\\chain\\loader.efi", loader, kLargestLoader);
    const UINTN text_bytes = read_file(root, u"\\chain\\options.txt", text, kLongestOptions);
    for (UINTN i = 0; i < text_bytes; ++i)
        static_cast<CHAR16*>(options)[i] = static_cast<const UINT8*>(text)[i];

    EFI_HANDLE started = nullptr;
    const EFI_STATUS status =
        boot->LoadImage(0, image, own->FilePath, loader, loader_bytes, &started);
    if (status != EFI_SUCCESS)
        return status;
    auto* const loaded = protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(boot, started, kLoadedImageGuid);
    loaded->DeviceHandle = own->DeviceHandle;
    loaded->LoadOptions = options;
    loaded->LoadOptionsSize = static_cast<UINT32>(text_bytes * sizeof(CHAR16));
    return boot->StartImage(started, nullptr, nullptr);
}
