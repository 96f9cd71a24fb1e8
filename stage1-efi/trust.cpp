// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/trust.hpp"

#include "stage1-efi/firmware_facts.hpp"
#include "stage1-efi/step_limit.hpp"
#include "uefi/device_path.hpp"

extern "C" const std::byte __image_base__[]; // NOLINT(readability-identifier-naming): the linker's

namespace baton {
namespace {

/// The protocol that shim has while it verifies: SHIM_LOCK of its sources.
constexpr EFI_GUID kShimGuid = {
    0x605dab50, 0xe046, 0x4300, {0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23}};

/// An image as the firmware has loaded it; empty where it doesn't say.
Bytes image_of(const efi::Firmware& firmware, EFI_HANDLE handle) {
    const auto* const image =
        efi::protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware, handle, efi::kLoadedImageGuid);
    if (image == nullptr)
        return {};
    return {static_cast<const std::byte*>(image->ImageBase), image->ImageSize};
}

} // namespace

Result<void> Trust::find(const efi::Firmware& firmware) {
    secure_boot = find_secure_boot(firmware);
    if (secure_boot == BATON_SECURE_BOOT_ON)
        verifier = efi::locate_protocol<void>(firmware, kShimGuid) != nullptr
                       ? BATON_VERIFIED_BY_SHIM
                       : BATON_VERIFIED_BY_FIRMWARE;
    const Bytes image = image_of(firmware, firmware.image);
    if (image.empty())
        return {};
    return bundle.open({__image_base__, image.size()}, Bundle::Form::loaded);
}

void Trust::describe(Log& log) const {
    if (enforced || bundle.has_content())
        log.line("Secure Boot: %s; %s is used",
                 verifier == BATON_VERIFIED_BY_NOBODY     ? "off"
                 : verifier == BATON_VERIFIED_BY_FIRMWARE ? "on, by the firmware"
                                                          : "on, by shim",
                 enforced ? "only what is signed" : "what is found");
}

/// The path is that of no file: what LoadImage() gets is in memory.
Result<BundleFile> load_container(const efi::Firmware& firmware, Bytes file, EFI_HANDLE& image) {
    DevicePathHeader path = kDevicePathEnd;
    renew_step_limit(file.size());
    const EFI_STATUS status =
        firmware.boot()->LoadImage(0, firmware.image, reinterpret_cast<EFI_DEVICE_PATH*>(&path),
                                   const_cast<std::byte*>(file.data()), // NOLINT(*-const-cast)
                                   file.size(), &image);
    if (efi::failed(status))
        return fail(ErrorCode::container_refused, {status});
    Bundle bundle;
    TRY(bundle.open(image_of(firmware, image), Bundle::Form::loaded));
    std::string_view rest = bundle.index();
    const auto content = bundle.next_file(rest);
    if (!content || !rest.empty() || bundle.has_entry())
        return fail(ErrorCode::not_signed);
    if (bundle.section(".sbat").bytes.empty())
        return fail(ErrorCode::container_without_sbat);
    return *content;
}

} // namespace baton
