// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/kernel_file.hpp"

#include <array>

namespace baton {
namespace {

constexpr EFI_GUID kLoadedImageGuid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
constexpr EFI_GUID kFileSystemGuid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
constexpr EFI_GUID kFileInfoGuid = EFI_FILE_INFO_ID;

Result<File> open_kernel(const File& volume) {
    std::array<CHAR16, kKernelPath.size() + 1> path{};
    for (std::size_t i = 0; i < kKernelPath.size(); ++i)
        path[i] = static_cast<CHAR16>(kKernelPath[i]);
    EFI_FILE_PROTOCOL* file = nullptr;
    const EFI_STATUS status = volume->Open(volume.get(), &file, path.data(), EFI_FILE_MODE_READ, 0);
    if (status == EFI_NOT_FOUND)
        return fail(ErrorCode::kernel_not_found, {status});
    if (efi::failed(status))
        return fail(ErrorCode::kernel_unreadable, {status, 0, 0});
    return File(file);
}

/// The file's size. The information ends in the file's name, so the buffer has room for one.
Result<uint64_t> size_of(const File& file) {
    constexpr UINTN kLongestName = 256;
    alignas(efi::FileInfoFixedPart)
        std::array<std::byte, sizeof(efi::FileInfoFixedPart) + kLongestName * sizeof(CHAR16)>
            buffer;
    UINTN bytes = buffer.size();
    EFI_GUID guid = kFileInfoGuid;
    const EFI_STATUS status = file->GetInfo(file.get(), &guid, &bytes, buffer.data());
    if (efi::failed(status) || bytes < sizeof(efi::FileInfoFixedPart))
        return fail(ErrorCode::kernel_unreadable, {status, 0, 0});
    const auto info = read_at<efi::FileInfoFixedPart>(buffer, 0);
    if ((info.Attribute & EFI_FILE_DIRECTORY) != 0)
        return fail(ErrorCode::kernel_is_a_directory);
    if (info.FileSize == 0)
        return fail(ErrorCode::kernel_empty);
    return info.FileSize;
}

/// One Read for all of it; more only where the firmware gives less than it was asked for.
Result<void> read_whole(const File& file, std::span<std::byte> into) {
    std::size_t done = 0;
    while (done < into.size()) {
        UINTN count = into.size() - done;
        const EFI_STATUS status = file->Read(file.get(), &count, into.data() + done);
        if (efi::failed(status))
            return fail(ErrorCode::kernel_unreadable, {status, done, into.size()});
        if (count == 0 || count > into.size() - done)
            return fail(ErrorCode::kernel_read_short, {done, into.size()});
        done += count;
    }
    return {};
}

} // namespace

Result<File> open_boot_volume(const efi::Firmware& firmware) {
    const auto* const image =
        efi::protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image, kLoadedImageGuid);
    auto* const file_system = image == nullptr || image->DeviceHandle == nullptr
                                  ? nullptr
                                  : efi::protocol_on<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(
                                        firmware, image->DeviceHandle, kFileSystemGuid);
    if (file_system == nullptr)
        return fail(ErrorCode::boot_volume_not_found, {EFI_UNSUPPORTED});
    EFI_FILE_PROTOCOL* root = nullptr;
    const EFI_STATUS status = file_system->OpenVolume(file_system, &root);
    if (efi::failed(status))
        return fail(ErrorCode::boot_volume_unreadable, {status});
    return File(root);
}

Result<Bytes> read_kernel(const File& volume, FrameSource& frames) {
    const auto file = open_kernel(volume);
    if (!file)
        return std::unexpected(file.error());
    const auto size = size_of(*file);
    if (!size)
        return std::unexpected(size.error());
    const auto base = frames.allocate({.pages = pages_for(*size)});
    if (!base)
        return std::unexpected(base.error());
    const std::span<std::byte> bytes(frames.access(*base), *size);
    if (auto read = read_whole(*file, bytes); !read)
        return std::unexpected(read.error());
    return Bytes(bytes);
}

} // namespace baton
