// SPDX-License-Identifier: BSD-2-Clause
//
// Finds and reads the kernel.
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"

#include <span>
#include <string_view>

namespace baton {

/// Where the kernel is, on the volume that the loader came from.
inline constexpr std::u16string_view kKernelPath = u"\\baton\\kernel.elf";

/// An open EFI_FILE_PROTOCOL, closed when it goes.
class File {
  public:
    explicit File(EFI_FILE_PROTOCOL* file) : file_(file) {}
    ~File() {
        if (file_ != nullptr)
            file_->Close(file_);
    }
    File(File&& other) noexcept : file_(other.file_) { other.file_ = nullptr; }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    File& operator=(File&&) = delete;

    EFI_FILE_PROTOCOL* operator->() const { return file_; }
    EFI_FILE_PROTOCOL* get() const { return file_; }

  private:
    EFI_FILE_PROTOCOL* file_;
};

/// The root directory of the volume that this application was loaded from.
/// Errors: boot_volume_not_found, boot_volume_unreadable.
Result<File> open_boot_volume(const efi::Firmware& firmware);

/// The kernel file, whole, in frames from `frames`: one contiguous block at the bytes' address.
/// Errors: kernel_*, out_of_memory.
Result<Bytes> read_kernel(const File& volume, FrameSource& frames);

} // namespace baton
