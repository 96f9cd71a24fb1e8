// SPDX-License-Identifier: BSD-2-Clause
//
// EFI_TCG2_PROTOCOL and the final events table: TCG EFI Protocol Specification, family 2.0.
#pragma once

#include "stage1-efi/efi.hpp"

#include <cstddef>

namespace baton::efi {

/// EFI_TCG2_BOOT_SERVICE_CAPABILITY, section 6.4.
struct Tcg2Capability {
    UINT8 Size;
    UINT8 StructureVersion[2]; // major, minor
    UINT8 ProtocolVersion[2];
    UINT32 HashAlgorithmBitmap;
    UINT32 SupportedEventLogs;
    BOOLEAN TPMPresentFlag;
    UINT16 MaxCommandSize;
    UINT16 MaxResponseSize;
    UINT32 ManufacturerID;
    UINT32 NumberOfPcrBanks;
    UINT32 ActivePcrBanks;
};
static_assert(sizeof(Tcg2Capability) == 36 && offsetof(Tcg2Capability, TPMPresentFlag) == 16);

/// EFI_TCG2_EVENT without the event that follows it, section 6.6.
struct [[gnu::packed]] Tcg2EventHeader {
    UINT32 Size; // with the event
    UINT32 HeaderSize;
    UINT16 HeaderVersion;
    UINT32 PCRIndex;
    UINT32 EventType;
};
static_assert(sizeof(Tcg2EventHeader) == 18);
inline constexpr UINT32 kTcg2HeaderBytes = 14; // HeaderSize
inline constexpr UINT16 kTcg2HeaderVersion = 1;

struct Tcg2Protocol {
    EFI_STATUS(EFIAPI* GetCapability)(Tcg2Protocol* self, Tcg2Capability* capability);
    EFI_STATUS(EFIAPI* GetEventLog)(Tcg2Protocol* self, UINT32 format, EFI_PHYSICAL_ADDRESS* log,
                                    EFI_PHYSICAL_ADDRESS* last_entry, BOOLEAN* truncated);
    EFI_STATUS(EFIAPI* HashLogExtendEvent)(Tcg2Protocol* self, UINT64 flags,
                                           EFI_PHYSICAL_ADDRESS data, UINT64 bytes,
                                           const Tcg2EventHeader* event);
    void* SubmitCommand;
    void* GetActivePcrBanks;
    void* SetActivePcrBanks;
    void* GetResultOfSetActivePcrBanks;
};
inline constexpr EFI_GUID kTcg2Guid = {
    0x607f766c, 0x7455, 0x42be, {0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f}};

/// EFI_TCG2_FINAL_EVENTS_TABLE without its events, section 7.
struct Tcg2FinalEvents {
    UINT64 Version; // 1
    UINT64 NumberOfEvents;
};
inline constexpr EFI_GUID kTcg2FinalEventsGuid = {
    0x1e2ed096, 0x30e2, 0x4254, {0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25}};

} // namespace baton::efi
