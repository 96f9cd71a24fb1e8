// SPDX-License-Identifier: BSD-2-Clause
#include "tpm.hpp"

#include "faults.hpp"
#include "firmware.hpp"

namespace shim {
namespace {

constexpr EFI_GUID kTcg2Guid = {
    0x607f766c, 0x7455, 0x42be, {0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f}};

/// EFI_TCG2_BOOT_SERVICE_CAPABILITY and EFI_TCG2_PROTOCOL, TCG EFI Protocol Specification
/// section 6.
struct Capability {
    UINT8 Size;
    UINT8 StructureVersion[2], ProtocolVersion[2];
    UINT32 HashAlgorithmBitmap, SupportedEventLogs;
    BOOLEAN TPMPresentFlag;
    UINT16 MaxCommandSize, MaxResponseSize;
    UINT32 ManufacturerID, NumberOfPcrBanks, ActivePcrBanks;
};
struct Tcg2 {
    EFI_STATUS(EFIAPI* GetCapability)(Tcg2* self, Capability* capability);
    EFI_STATUS(EFIAPI* GetEventLog)(Tcg2* self, UINT32 format, EFI_PHYSICAL_ADDRESS* log,
                                    EFI_PHYSICAL_ADDRESS* last_entry, BOOLEAN* truncated);
    EFI_STATUS(EFIAPI* HashLogExtendEvent)(Tcg2* self, UINT64 flags, EFI_PHYSICAL_ADDRESS data,
                                           UINT64 bytes, const void* event);
    void* others[4];
};

EFI_STATUS EFIAPI get_capability(Tcg2* /*self*/, Capability* capability) {
    if (capability->Size < sizeof *capability)
        return EFI_BUFFER_TOO_SMALL;
    *capability = {};
    capability->Size = sizeof *capability;
    capability->TPMPresentFlag = 1;
    return EFI_SUCCESS;
}

EFI_STATUS EFIAPI get_event_log(Tcg2* /*self*/, UINT32 /*format*/, EFI_PHYSICAL_ADDRESS* log,
                                EFI_PHYSICAL_ADDRESS* last_entry, BOOLEAN* truncated) {
    *log = EFI_PHYSICAL_ADDRESS{1} << 20;
    *last_entry = *log - 1;
    *truncated = 0;
    return EFI_SUCCESS;
}

EFI_STATUS EFIAPI hash_log_extend_event(Tcg2* /*self*/, UINT64 /*flags*/,
                                        EFI_PHYSICAL_ADDRESS /*data*/, UINT64 /*bytes*/,
                                        const void* /*event*/) {
    return EFI_SUCCESS;
}

Tcg2 protocol = {.GetCapability = get_capability,
                 .GetEventLog = get_event_log,
                 .HashLogExtendEvent = hash_log_extend_event,
                 .others = {}};

} // namespace

void add_tpm() {
    hook<Call::GetCapability>(protocol.GetCapability);
    hook<Call::GetEventLog>(protocol.GetEventLog);
    hook<Call::HashLogExtendEvent>(protocol.HashLogExtendEvent);
    EFI_HANDLE handle = nullptr;
    install(handle, kTcg2Guid, &protocol, "a TPM");
}

} // namespace shim
