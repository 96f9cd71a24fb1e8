// SPDX-License-Identifier: BSD-2-Clause
#include "network.hpp"

#include "faults.hpp"
#include "files.hpp"

#include <algorithm>
#include <array>

namespace shim {
namespace {

constexpr EFI_GUID kPxeGuid = EFI_PXE_BASE_CODE_PROTOCOL_GUID;

EFI_PXE_BASE_CODE_MODE mode;
EFI_PXE_BASE_CODE_PROTOCOL pxe;

// NOLINTBEGIN(readability-non-const-parameter): the protocol has the name so.
EFI_STATUS EFIAPI mtftp(EFI_PXE_BASE_CODE_PROTOCOL*, EFI_PXE_BASE_CODE_TFTP_OPCODE operation,
                        void* into, BOOLEAN, UINT64* bytes, UINTN*, EFI_IP_ADDRESS*, UINT8* name,
                        EFI_PXE_BASE_CODE_MTFTP_INFO*, BOOLEAN) {
    // NOLINTEND(readability-non-const-parameter)
    if (const auto failure = planned_failure(Call::Mtftp, __builtin_return_address(0)))
        return *failure;
    constexpr UINT64 kEnd = ~UINT64{0};
    std::array<CHAR16, 64> path{};
    for (UINTN i = 0; name[i] != 0 && i + 1 < path.size(); ++i)
        path[i] = name[i] == '/' ? u'\\' : name[i];
    EFI_FILE_PROTOCOL* const root = open_boot_volume();
    EFI_FILE_PROTOCOL* file = nullptr;
    EFI_STATUS status = root->Open(root, &file, path.data(), EFI_FILE_MODE_READ, 0);
    root->Close(root);
    mode.TftpErrorReceived = failed(status) ? 1 : 0;
    if (failed(status)) {
        constexpr std::string_view kWords = "not\nhere";
        std::copy(kWords.begin(), kWords.end(), mode.TftpError.ErrorString);
        return EFI_TFTP_ERROR;
    }
    if (operation == EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE) {
        file->SetPosition(file, kEnd);
        status = file->GetPosition(file, bytes);
    } else {
        status = file->Read(file, bytes, into);
    }
    file->Close(file);
    return status;
}

} // namespace

EFI_HANDLE add_network(std::string_view arguments) {
    const std::string_view kind = take_word(arguments);
    constexpr UINT8 kServer[] = {10, 1, 2, 3};
    constexpr std::string_view kFile = "loader.efi";
    EFI_PXE_BASE_CODE_DHCPV4_PACKET& reply = mode.DhcpAck.Dhcpv4;
    std::copy(std::begin(kServer), std::end(kServer), reply.BootpSiAddr);
    std::copy(kFile.begin(), kFile.end(), reply.BootpBootFile);
    reply.DhcpMagik = 0x63538263;
    mode.Started = 1;
    mode.DhcpAckReceived = kind != "no-reply" ? 1 : 0;
    mode.UsingIpv6 = kind == "ipv6" ? 1 : 0;
    pxe.Mtftp = mtftp;
    pxe.Mode = &mode;
    EFI_HANDLE handle = nullptr;
    install(handle, kPxeGuid, &pxe, "a network");
    return handle;
}

} // namespace shim
