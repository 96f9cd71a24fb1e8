// SPDX-License-Identifier: BSD-2-Clause
//
// Files where the loader came from: on a volume of the firmware's, or on a TFTP server.
#pragma once

#include "core/arena.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/tftp.hpp"

#include <span>
#include <string_view>

namespace baton {

/// A file or directory, open as long as this object is there.
class File {
  public:
    explicit File(EFI_FILE_PROTOCOL* file) : file_(file) {}
    explicit File(TftpFile* file) : network_(file) {}
    ~File() {
        if (file_ != nullptr)
            file_->Close(file_);
    }
    File(File&& other) noexcept : file_(other.file_), network_(other.network_) {
        other.file_ = nullptr;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    File& operator=(File&&) = delete;

    /// The file of this path below this directory; UTF-8, as normalise_path() makes it or the
    /// plain name of a file. Memory that it needs while it is open comes from `frames`.
    /// Errors: file_not_found, file_unreadable, file_path_too_long, tftp_failed, out_of_memory.
    Result<File> open(std::string_view path, FrameSource& frames) const;

    /// Bytes of a file. Errors: file_is_a_directory, file_empty, file_unreadable.
    Result<uint64_t> size() const;

    /// Fills `into` with the file's bytes from `offset` on, in one Read where the firmware gives
    /// all that it is asked for. Errors: file_unreadable, file_read_short, tftp_failed,
    /// out_of_memory.
    Result<void> read(uint64_t offset, std::span<std::byte> into) const;

    /// Whether directories can be opened and listed, as on a volume, but not on a server.
    bool lists_directories() const { return file_ != nullptr; }
    EFI_FILE_PROTOCOL* get() const { return file_; }

  private:
    EFI_FILE_PROTOCOL* file_ = nullptr; // null: it is
    TftpFile* network_ = nullptr;
};

/// Reads into memory that the firmware's drivers may not reach: where a direct read above 4 GiB has
/// failed, the bytes go through a buffer below, and so do those of all later reads above.
class FileReader {
  public:
    /// The buffer comes from `frames`, when it is needed.
    explicit FileReader(FrameSource& frames) : frames_(frames) {}

    FrameSource& frames() const { return frames_; }

    /// Errors: those of File::read(), out_of_memory.
    Result<void> read(const File& file, uint64_t offset, std::span<std::byte> into);

  private:
    Result<void> make_buffer();
    Result<void> read_through_buffer(const File& file, uint64_t offset, std::span<std::byte> into);

    FrameSource& frames_;
    std::span<std::byte> buffer_; // empty: not needed so far
};

/// The root directory of the volume or server that this application was loaded from.
/// Errors: boot_volume_not_found, boot_volume_unreadable, boot_server_unknown, out_of_memory.
Result<File> open_boot_volume(const efi::Firmware& firmware, FrameSource& frames, Log& log);

} // namespace baton
