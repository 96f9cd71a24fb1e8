// SPDX-License-Identifier: BSD-2-Clause
//
// Files where the loader came from: on one of the firmware's volumes, or on a TFTP server.
#pragma once

#include "core/arena.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "loading/file_reader.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/tftp.hpp"

#include <span>
#include <string_view>

namespace baton {

/// A file or directory, open as long as this object is there. It refers to the directory that it
/// was opened in, and to its path.
class File final : private DriverFile {
  public:
    /// A directory without any file.
    File() = default;
    explicit File(EFI_FILE_PROTOCOL* root) : file_(root) {}
    explicit File(TftpFile* file) : network_(file) {}
    ~File() { close(); }
    File(File&& other) noexcept
        : directory_(other.directory_),
          path_(other.path_),
          file_(other.file_),
          network_(other.network_) {
        other.file_ = nullptr;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    File& operator=(File&&) = delete;

    /// The file of this path below this directory; UTF-8, as normalise_path() makes it or the
    /// plain name of a file. Memory that it needs while it is open comes from `frames`.
    /// Errors: file_not_found, file_unreadable, file_path_too_long, tftp_failed, out_of_memory.
    Result<File> open(std::string_view path, FrameSource& frames) const;

    /// Bytes of a file; where the firmware reports too few, it is read to its end, or until it has
    /// more than `most`. Errors: file_is_a_directory, and those of FileReader::size().
    Result<uint64_t> size(FileReader& reader, uint64_t most);

    /// Fills `into` with the file's bytes from `offset` on. Errors: those of FileReader::read();
    /// tftp_failed, out_of_memory.
    Result<void> read(FileReader& reader, uint64_t offset, std::span<std::byte> into);

    /// Whether directories can be opened and listed, as on a volume, but not on a server.
    bool lists_directories() const { return network_ == nullptr; }
    EFI_FILE_PROTOCOL* get() const { return file_; }

  private:
    File(EFI_FILE_PROTOCOL* file, const File& directory, std::string_view path)
        : directory_(&directory),
          path_(path),
          file_(file) {}

    EFI_STATUS open_handle(std::string_view path, EFI_FILE_PROTOCOL*& file) const;
    void close();

    uint64_t reopen() override;
    uint64_t set_position(uint64_t position) override;
    Answer read(std::span<std::byte> into) override;

    const File* directory_ = nullptr; // null: it is a root directory
    std::string_view path_;
    EFI_FILE_PROTOCOL* file_ = nullptr; // null: it is on a server, or couldn't be opened again
    TftpFile* network_ = nullptr;
};

/// The root directory of the volume or server that this application was loaded from.
/// Errors: boot_volume_not_found, boot_volume_unreadable, boot_server_unknown, out_of_memory.
Result<File> open_boot_volume(const efi::Firmware& firmware, FrameSource& frames, Log& log);

} // namespace baton
