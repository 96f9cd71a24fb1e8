// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/tftp.hpp"

#include "cpu/instructions.hpp"
#include "memory/memory_range.hpp"
#include "stage1-efi/step_limit.hpp"

#include <algorithm>
#include <new>

namespace baton {
namespace {

constexpr EFI_GUID kPxeGuid = EFI_PXE_BASE_CODE_PROTOCOL_GUID;

// What fits into an Ethernet frame after the longest IPv4 header: RFC 2348.
constexpr UINTN kBlockBytes = 1428;

} // namespace

EFI_PXE_BASE_CODE_PROTOCOL* find_pxe(const efi::Firmware& firmware, EFI_HANDLE device) {
    return efi::protocol_on<EFI_PXE_BASE_CODE_PROTOCOL>(firmware, device, kPxeGuid);
}

/// A boot server's own reply overrides the offer of a proxy, and that overrides the DHCP server's.
std::optional<BootServer> find_boot_server(const EFI_PXE_BASE_CODE_PROTOCOL& pxe) {
    const EFI_PXE_BASE_CODE_MODE& mode = *pxe.Mode;
    const struct {
        BOOLEAN received;
        const EFI_PXE_BASE_CODE_PACKET& packet;
    } replies[] = {{mode.PxeReplyReceived, mode.PxeReply},
                   {mode.ProxyOfferReceived, mode.ProxyOffer},
                   {mode.DhcpAckReceived, mode.DhcpAck}};
    for (const auto& reply : replies)
        if (reply.received != 0 && mode.UsingIpv6 == 0)
            if (const auto server = parse_dhcp_reply(std::as_bytes(std::span(reply.packet.Raw))))
                return server;
    return std::nullopt;
}

EFI_STATUS TftpFile::transfer(EFI_PXE_BASE_CODE_TFTP_OPCODE operation, void* into,
                              uint64_t& bytes) {
    renew_step_limit(bytes);
    EFI_IP_ADDRESS address{};
    address.Addr[0] = server_.boot.address;
    UINTN block_bytes = kBlockBytes;
    EFI_PXE_BASE_CODE_PROTOCOL* const pxe = server_.pxe;
    return pxe->Mtftp(pxe, operation, into, 0, &bytes, &block_bytes, &address,
                      reinterpret_cast<UINT8*>(name()), nullptr, 0);
}

/// Logs what the server said: EDK II keeps its words, but of its error code only a 0.
std::unexpected<Error> TftpFile::failure(EFI_STATUS status) {
    const EFI_PXE_BASE_CODE_MODE& mode = *server_.pxe->Mode;
    Text text;
    text.put("TFTP server: %s: ", name());
    for (const CHAR8 character : mode.TftpError.ErrorString) {
        if (character == 0)
            break;
        text.add(character < ' ' || character > '~' ? '?' : static_cast<char>(character));
    }
    if (status == EFI_TFTP_ERROR && mode.TftpErrorReceived != 0)
        server_.log->line(text);
    return std::unexpected(Error(ErrorCode::tftp_failed, {status}).about(name()));
}

/// The whole file, into frames; again, into more of them, as long as it turns out larger.
Result<void> TftpFile::fetch() {
    constexpr unsigned kTries = 24;
    const uint64_t start = cpu::read_tsc();
    EFI_STATUS status = EFI_BUFFER_TOO_SMALL;
    for (unsigned i = 0; i < kTries && status == EFI_BUFFER_TOO_SMALL; ++i) {
        const uint64_t pages = std::max<uint64_t>(pages_for(size_), 1);
        const PhysAddr base =
            TRY(frames_.allocate({.pages = pages, .use = MemoryUse::fetched_file}));
        uint64_t bytes = pages * kPageBytes;
        status = transfer(EFI_PXE_BASE_CODE_TFTP_READ_FILE, frames_.access(base), bytes);
        if (!efi::failed(status) && bytes > pages * kPageBytes)
            return fail(ErrorCode::file_read_short, {0, pages * kPageBytes});
        if (!efi::failed(status)) {
            contents_ = frames_.access(base);
            size_ = bytes;
            server_.log->rate(Text().put("fetched %s: ", name()).view(), bytes, start);
            return {};
        }
        // The firmware may say how large the file is.
        size_ = std::max(bytes > kPhysicalAddressEnd ? 0 : bytes, 2 * pages * kPageBytes);
    }
    return failure(status);
}

Result<TftpFile*> TftpFile::root(const TftpServer& server, FrameSource& frames) {
    return create(server, "\\", frames);
}

/// `path` begins with a '\', which the server's root replaces; the others become the
/// separator that the server was asked with.
Result<TftpFile*> TftpFile::create(const TftpServer& server, std::string_view path,
                                   FrameSource& frames) {
    const std::string_view root = server.boot.root();
    const uint64_t bytes = sizeof(TftpFile) + root.size() + path.size(); // and a NUL
    const PhysAddr memory =
        TRY(frames.allocate({.pages = pages_for(bytes), .use = MemoryUse::file_name}));
    auto* const file = new (frames.access(memory)) TftpFile(server, frames);
    char* const rest = std::copy(root.begin(), root.end(), file->name());
    *std::replace_copy(path.begin() + 1, path.end(), rest, '\\', server.boot.separator()) = '\0';
    return file;
}

Result<TftpFile*> TftpFile::open(std::string_view path, FrameSource& frames) const {
    TftpFile& file = *TRY(create(server_, path, frames));
    const EFI_STATUS status =
        file.transfer(EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, nullptr, file.size_);
    Result<void> found;
    if (status == EFI_TFTP_ERROR) {
        found = file.failure(status);
    } else if (efi::failed(status) || file.size_ == 0 || file.size_ > kPhysicalAddressEnd) {
        // A server without the option tsize (RFC 2349) may have the file all the same; and not all
        // that say 0 have an empty one.
        file.size_ = uint64_t{256} << 10;
        found = file.fetch();
    }
    if (found)
        return &file;
    if (found.error().numbers()[0] ==
        EFI_TFTP_ERROR) // the server's own answer: it has no such file
        found.error().code = ErrorCode::file_not_found;
    return std::unexpected(found.error());
}

Result<void> TftpFile::read(uint64_t offset, std::span<std::byte> into) {
    uint64_t bytes = size_;
    if (contents_ == nullptr && into.size() == size_) { // no detour
        const EFI_STATUS status = transfer(EFI_PXE_BASE_CODE_TFTP_READ_FILE, into.data(), bytes);
        if (efi::failed(status))
            return failure(status);
    } else if (contents_ == nullptr) {
        TRY(fetch());
        bytes = size_;
    }
    if (!fits(offset, into.size(), bytes))
        return fail(ErrorCode::file_read_short, {bytes, offset + into.size() - bytes});
    if (contents_ != nullptr)
        std::copy_n(contents_ + offset, into.size(), into.data());
    return {};
}

} // namespace baton
