// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/volume.hpp"

#include "config/path.hpp"
#include "config/unicode.hpp"
#include "stage1-efi/firmware_frames.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

constexpr EFI_GUID kLoadedImageGuid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
constexpr EFI_GUID kFileSystemGuid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
constexpr EFI_GUID kFileInfoGuid = EFI_FILE_INFO_ID;

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
        text.decimal(server->address >> 8 * i & 0xff).add(i < 3 ? '.' : '/');
    log.line(text.add(server->root()));
    const auto root = TftpFile::root({pxe, *server, &log}, frames);
    if (!root)
        return std::unexpected(root.error());
    return File(*root);
}

} // namespace

Result<File> File::open(std::string_view path, FrameSource& frames) const {
    if (file_ == nullptr) {
        const auto file = network_->open(path, frames);
        if (!file)
            return std::unexpected(file.error());
        return File(*file);
    }
    if (path.size() > kMaxPathBytes)
        return fail(ErrorCode::file_path_too_long, {path.size(), kMaxPathBytes});
    alignas(char16_t) std::array<std::byte, utf16_arena_bytes(kMaxPathBytes)> memory;
    Arena arena(memory);
    const auto wide = to_utf16(path, arena);
    if (!wide)
        return std::unexpected(wide.error());
    // CHAR16 and char16_t are both UTF-16; firmware takes the path as not const.
    auto* const name =
        reinterpret_cast<CHAR16*>(const_cast<char16_t*>(wide->data())); // NOLINT(*const-cast)
    EFI_FILE_PROTOCOL* file = nullptr;
    const EFI_STATUS status = file_->Open(file_, &file, name, EFI_FILE_MODE_READ, 0);
    // A name that no file of the volume can have is an invalid parameter to some.
    if (status == EFI_NOT_FOUND || status == EFI_INVALID_PARAMETER)
        return std::unexpected(Error(ErrorCode::file_not_found, {status}).about(path));
    if (efi::failed(status))
        return std::unexpected(Error(ErrorCode::file_unreadable, {status}).about(path));
    return File(file);
}

/// The information ends in the file's name, so the buffer has room for one.
Result<uint64_t> File::size() const {
    if (file_ == nullptr)
        return network_->size();
    constexpr UINTN kLongestName = 256;
    alignas(efi::FileInfoFixedPart)
        std::array<std::byte, sizeof(efi::FileInfoFixedPart) + kLongestName * sizeof(CHAR16)>
            buffer;
    UINTN bytes = buffer.size();
    EFI_GUID guid = kFileInfoGuid;
    const EFI_STATUS status = file_->GetInfo(file_, &guid, &bytes, buffer.data());
    if (efi::failed(status) || bytes < sizeof(efi::FileInfoFixedPart))
        return fail(ErrorCode::file_unreadable, {status});
    const auto info = read_at<efi::FileInfoFixedPart>(buffer, 0);
    if ((info.Attribute & EFI_FILE_DIRECTORY) != 0)
        return fail(ErrorCode::file_is_a_directory);
    return info.FileSize;
}

Result<void> File::read(uint64_t offset, std::span<std::byte> into) const {
    if (file_ == nullptr)
        return network_->read(offset, into);
    EFI_STATUS status = file_->SetPosition(file_, offset);
    std::size_t done = 0;
    while (!efi::failed(status) && done < into.size()) {
        UINTN count = into.size() - done;
        status = file_->Read(file_, &count, into.data() + done);
        if (!efi::failed(status) && (count == 0 || count > into.size() - done))
            return fail(ErrorCode::file_read_short, {offset + done, into.size() - done});
        done += count;
    }
    if (efi::failed(status))
        return fail(ErrorCode::file_unreadable, {status, offset + done});
    return {};
}

Result<void> FileReader::read(const File& file, uint64_t offset, std::span<std::byte> into) {
    const bool is_high = reinterpret_cast<uint64_t>(into.data()) + into.size() > k4GiB.value;
    if (is_high && !buffer_.empty())
        return read_through_buffer(file, offset, into);
    const auto direct = file.read(offset, into);
    if (direct || !is_high)
        return direct;
    if (auto made = make_buffer(); !made)
        return made;
    return read_through_buffer(file, offset, into);
}

/// As large as memory allows, up to a size that makes the number of Reads nothing.
Result<void> FileReader::make_buffer() {
    uint64_t pages = 2048; // 8 MiB
    auto base = frames_.allocate({.pages = pages, .below = k4GiB, .origin = "read buffer"});
    while (!base && pages != 1) {
        pages /= 2;
        base = frames_.allocate({.pages = pages, .below = k4GiB, .origin = "read buffer"});
    }
    if (!base)
        return std::unexpected(base.error());
    buffer_ = {frames_.access(*base), pages * kPageBytes};
    return {};
}

Result<void> FileReader::read_through_buffer(const File& file, uint64_t offset,
                                             std::span<std::byte> into) {
    while (!into.empty()) {
        const auto part = buffer_.first(std::min(buffer_.size(), into.size()));
        if (auto read = file.read(offset, part); !read)
            return read;
        std::copy(part.begin(), part.end(), into.begin());
        into = into.subspan(part.size());
        offset += part.size();
    }
    return {};
}

Result<File> open_boot_volume(const efi::Firmware& firmware, FrameSource& frames, Log& log) {
    const auto* const image =
        efi::protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image, kLoadedImageGuid);
    auto* const device = image == nullptr ? nullptr : image->DeviceHandle;
    auto* const file_system =
        device == nullptr
            ? nullptr
            : efi::protocol_on<EFI_SIMPLE_FILE_SYSTEM_PROTOCOL>(firmware, device, kFileSystemGuid);
    if (file_system == nullptr)
        return open_server(firmware, device, frames, log);
    EFI_FILE_PROTOCOL* root = nullptr;
    const EFI_STATUS status = file_system->OpenVolume(file_system, &root);
    if (efi::failed(status))
        return fail(ErrorCode::boot_volume_unreadable, {status});
    return File(root);
}

} // namespace baton
