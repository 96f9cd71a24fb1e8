// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/volume.hpp"

#include "config/path.hpp"
#include "config/unicode.hpp"
#include "stage1-efi/firmware_frames.hpp"
#include "stage1-efi/step_limit.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

constexpr EFI_GUID kFileSystemGuid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
constexpr EFI_GUID kFileInfoGuid = EFI_FILE_INFO_ID;

// A path with more characters is opened one component at a time: some firmware has small buffers.
constexpr std::size_t kMostAtOnce = 96;
// EDK II's FAT driver refuses files whose whole path has more than 257 characters, however they are
// opened.
constexpr std::size_t kMostForAll = 257;
constexpr std::size_t kLongestName = 255; // UEFI 2.10 section 13.3

bool has_long_name(std::string_view path) {
    std::size_t length = 0;
    for (const char character : path) {
        length = character == '\\' ? 0 : length + 1;
        if (length > kLongestName)
            return true;
    }
    return false;
}

[[gnu::noinline]] EFI_STATUS open_in(EFI_FILE_PROTOCOL* directory, char16_t* name,
                                     EFI_FILE_PROTOCOL*& file) {
    renew_step_limit();
    // CHAR16 and char16_t are both UTF-16.
    return directory->Open(directory, &file, reinterpret_cast<CHAR16*>(name), EFI_FILE_MODE_READ,
                           0);
}

/// Opens `path`, which ends in a NUL, from `root` on.
EFI_STATUS open_by_component(EFI_FILE_PROTOCOL* root, char16_t* path, EFI_FILE_PROTOCOL*& file) {
    EFI_FILE_PROTOCOL* directory = root;
    while (true) {
        while (*path == u'\\')
            ++path;
        char16_t* end = path;
        while (*end != 0 && *end != u'\\')
            ++end;
        const bool is_last = *end == 0;
        *end = 0;
        EFI_FILE_PROTOCOL* next = nullptr;
        const EFI_STATUS status = open_in(directory, path, next);
        if (directory != root)
            directory->Close(directory);
        if (efi::failed(status) || is_last) {
            file = next;
            return status;
        }
        directory = next;
        path = end + 1;
    }
}

/// The files of the server that the firmware got the loader from by way of `device`.
Result<File> open_server(const efi::Firmware& firmware, EFI_HANDLE device, FrameSource& frames,
                         Log& log) {
    auto* const pxe = device == nullptr ? nullptr : find_pxe(firmware, device);
    if (pxe == nullptr)
        return fail(ErrorCode::boot_volume_not_found, {EFI_UNSUPPORTED});
    const auto server = find_boot_server(*pxe);
    if (!server)
        return fail(ErrorCode::boot_server_unknown, {pxe->Mode->Started, pxe->Mode->UsingIpv6});
    Text text;
    text.add("files from tftp://");
    for (uint32_t i = 0; i < 4; ++i)
        text.put("%d%c", server->address >> 8 * i & 0xff, i < 3 ? '.' : '/');
    log.line(text.add(server->root()));
    const auto root = TRY(TftpFile::root({pxe, *server, &log}, frames));
    return File(root);
}

} // namespace

Result<File> File::open(std::string_view path, FrameSource& frames) const {
    if (network_ != nullptr) {
        const auto file = TRY(network_->open(path, frames));
        return File(file);
    }
    if (path.size() > kMaxPathBytes)
        return fail(ErrorCode::file_path_too_long, {path.size(), kMaxPathBytes});
    EFI_FILE_PROTOCOL* file = nullptr;
    const EFI_STATUS status = file_ == nullptr ? EFI_NOT_FOUND : open_handle(path, file);
    if (status == EFI_INVALID_PARAMETER && path.size() > kMostForAll && !has_long_name(path))
        return std::unexpected(
            Error(ErrorCode::file_path_too_long, {path.size(), kMostForAll}).about(path));
    // A name that no file of the volume can have is an invalid parameter to some.
    if (status == EFI_NOT_FOUND || status == EFI_INVALID_PARAMETER)
        return std::unexpected(Error(ErrorCode::file_not_found, {status}).about(path));
    if (efi::failed(status))
        return std::unexpected(Error(ErrorCode::file_unreadable, {status}).about(path));
    return File(file, *this, path);
}

/// `path` has at most kMaxPathBytes. Firmware that can't open it at once may do so by component.
EFI_STATUS File::open_handle(std::string_view path, EFI_FILE_PROTOCOL*& file) const {
    std::array<char16_t, kMaxPathBytes + 1> memory;
    Arena arena(std::as_writable_bytes(std::span(memory)));
    const auto wide = to_utf16(path, arena);
    if (!wide)
        return EFI_OUT_OF_RESOURCES;                        // never: a unit for each byte
    auto* const name = const_cast<char16_t*>(wide->data()); // NOLINT(*const-cast): in `memory`
    if (wide->size() <= kMostAtOnce) {
        const EFI_STATUS status = open_in(file_, name, file);
        if (!efi::failed(status) || status == EFI_NOT_FOUND)
            return status;
    }
    return open_by_component(file_, name, file);
}

void File::close() {
    if (file_ != nullptr)
        file_->Close(file_);
    file_ = nullptr;
}

uint64_t File::reopen() {
    close();
    return directory_ == nullptr ? EFI_INVALID_PARAMETER : directory_->open_handle(path_, file_);
}

uint64_t File::set_position(uint64_t position) {
    return file_ == nullptr ? EFI_DEVICE_ERROR : file_->SetPosition(file_, position);
}

DriverFile::Answer File::read(std::span<std::byte> into) {
    renew_step_limit(into.size());
    UINTN bytes = into.size();
    const EFI_STATUS status =
        file_ == nullptr ? EFI_DEVICE_ERROR : file_->Read(file_, &bytes, into.data());
    return {status, bytes};
}

/// The information ends in the file's name, so the buffer can hold one.
Result<uint64_t> File::size(FileReader& reader, uint64_t most) {
    if (network_ != nullptr)
        return network_->size();
    alignas(efi::FileInfoFixedPart)
        std::array<std::byte, sizeof(efi::FileInfoFixedPart) + (kLongestName + 1) * sizeof(CHAR16)>
            buffer;
    UINTN bytes = buffer.size();
    EFI_GUID guid = kFileInfoGuid;
    const EFI_STATUS status = file_->GetInfo(file_, &guid, &bytes, buffer.data());
    if (efi::failed(status) || bytes < sizeof(efi::FileInfoFixedPart))
        return fail(ErrorCode::file_unreadable, {status});
    const auto info = read_at<efi::FileInfoFixedPart>(buffer, 0);
    if ((info.Attribute & EFI_FILE_DIRECTORY) != 0)
        return fail(ErrorCode::file_is_a_directory);
    return reader.size(*this, info.FileSize, most);
}

Result<void> File::read(FileReader& reader, uint64_t offset, std::span<std::byte> into) {
    return network_ != nullptr ? network_->read(offset, into) : reader.read(*this, offset, into);
}

Result<File> open_boot_volume(const efi::Firmware& firmware, FrameSource& frames, Log& log) {
    const auto* const image = efi::protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image,
                                                                          efi::kLoadedImageGuid);
    auto* const device = image == nullptr ? nullptr : image->DeviceHandle;
    auto* const file_system =
        device == nullptr
            ? nullptr
            : efi::protocol_on<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(firmware, device, kFileSystemGuid);
    if (file_system == nullptr)
        return open_server(firmware, device, frames, log);
    EFI_FILE_PROTOCOL* root = nullptr;
    renew_step_limit();
    const EFI_STATUS status = file_system->OpenVolume(file_system, &root);
    if (efi::failed(status))
        return fail(ErrorCode::boot_volume_unreadable, {status});
    return File(root);
}

} // namespace baton
