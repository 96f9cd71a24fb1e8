// SPDX-License-Identifier: BSD-2-Clause
//
// Files on the TFTP server that the firmware got the loader from (PXE): UEFI 2.10 section 24.3.
#pragma once

#include "core/error.hpp"
#include "log/log.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"
#include "uefi/boot_server.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// The protocol by which the firmware boots from the network on `device`; null: there is none.
EFI_PXE_BASE_CODE_PROTOCOL* find_pxe(const efi::Firmware& firmware, EFI_HANDLE device);

/// The server that `pxe` got the loader from, as views into the packets that it keeps. No value:
/// none of these packets names one.
std::optional<BootServer> find_boot_server(const EFI_PXE_BASE_CODE_PROTOCOL& pxe);

/// A server, and how to get at it.
struct TftpServer {
    EFI_PXE_BASE_CODE_PROTOCOL* pxe;
    BootServer boot;
    Log* log; // gets a line for each file that is fetched, and for what goes wrong
};

/// A file on a server, or the directory BootServer::root() there. TFTP can neither list a directory
/// nor read a part of a file: the first read of a part fetches the whole. Objects, and what they
/// fetch, lie in memory from a FrameSource, and go with it.
class TftpFile {
  public:
    /// The directory. Error: out_of_memory.
    static Result<TftpFile*> root(const TftpServer& server, FrameSource& frames);

    /// The file of this path below the directory; `path` as normalise_path() makes it.
    /// Errors: file_not_found, tftp_failed, out_of_memory.
    Result<TftpFile*> open(std::string_view path, FrameSource& frames) const;

    uint64_t size() const { return size_; }

    /// Fills `into` with the file's bytes from `offset` on.
    /// Errors: tftp_failed, file_read_short, out_of_memory.
    Result<void> read(uint64_t offset, std::span<std::byte> into);

  private:
    TftpFile(const TftpServer& server, FrameSource& frames) : server_(server), frames_(frames) {}

    static Result<TftpFile*> create(const TftpServer& server, std::string_view path,
                                    FrameSource& frames);
    char* name() { return reinterpret_cast<char*>(this + 1); } // lies after the object
    EFI_STATUS transfer(EFI_PXE_BASE_CODE_TFTP_OPCODE operation, void* into, uint64_t& bytes);
    Result<void> fetch();
    std::unexpected<Error> failure(EFI_STATUS status);

    TftpServer server_;
    FrameSource& frames_;
    uint64_t size_ = 0;
    std::byte* contents_ = nullptr; // null: not fetched yet
};

} // namespace baton
