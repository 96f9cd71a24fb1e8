// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/trust.hpp"

#include "boot/entry_finder.hpp"
#include "config/path.hpp"
#include "stage1-efi/firmware_facts.hpp"
#include "stage1-efi/step_limit.hpp"
#include "uefi/device_path.hpp"

#include <algorithm>
#include <array>
#include <cstring>

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

BatonVerifiedBy find_verifier(const efi::Firmware& firmware) {
    if (find_secure_boot(firmware) != BATON_SECURE_BOOT_ON)
        return BATON_VERIFIED_BY_NOBODY;
    return efi::locate_protocol<void>(firmware, kShimGuid) != nullptr ? BATON_VERIFIED_BY_SHIM
                                                                      : BATON_VERIFIED_BY_FIRMWARE;
}

/// A path of UEFI 2.10 section 10.3.5.4, for the firmware's log of what it has verified.
class FilePath {
  public:
    /// `path` has at most kMaxPathBytes.
    explicit FilePath(std::string_view path) {
        constexpr uint8_t kMedia = 4, kFilePath = 4;
        Arena arena(std::span<std::byte>(bytes_).subspan(sizeof(DevicePathHeader)));
        const std::size_t bytes =
            sizeof(DevicePathHeader) + (to_utf16(path, arena).value_or(u"").size() + 1) * 2;
        put(0, {.type = kMedia,
                .sub_type = kFilePath,
                .length = {static_cast<uint8_t>(bytes), static_cast<uint8_t>(bytes >> 8)}});
        put(bytes, kDevicePathEnd);
    }
    EFI_DEVICE_PATH* get() { return reinterpret_cast<EFI_DEVICE_PATH*>(bytes_.data()); }

  private:
    void put(std::size_t at, const DevicePathHeader& header) {
        std::memcpy(bytes_.data() + at, &header, sizeof header);
    }
    alignas(8) std::array<std::byte, 2 * kMaxPathBytes + 2 + 2 * sizeof(DevicePathHeader)> bytes_;
};

} // namespace

Result<Trust> find_trust(const efi::Firmware& firmware, FrameSource& frames, Tpm& tpm, Log& log) {
    Trust trust{.verifier = find_verifier(firmware), .bundle = {}, .enforced = false};
    const Bytes image = image_of(firmware, firmware.image);
    if (!image.empty())
        trust.bundle = TRY(Bundle::read({__image_base__, image.size()}, Bundle::Form::loaded));
    if (trust.bundle.has_content())
        tpm.measure(trust.bundle);
    trust.enforced = trust.verifier != BATON_VERIFIED_BY_NOBODY || enforces(trust.bundle, frames);
    constexpr const char* kVerifiers[] = {"off", "on, by the firmware", "on, by shim"};
    if (trust.enforced || trust.bundle.has_content())
        log.line("Secure Boot: %s; %s is used", kVerifiers[trust.verifier],
                 trust.enforced ? "only what is signed" : "what is found");
    return trust;
}

Result<Container> Container::open(const efi::Firmware& firmware, std::string_view path,
                                  Bytes file) {
    FilePath device_path(path);
    EFI_HANDLE image = nullptr;
    renew_step_limit(file.size());
    const EFI_STATUS status =
        firmware.boot()->LoadImage(0, firmware.image, device_path.get(),
                                   const_cast<std::byte*>(file.data()), // NOLINT(*-const-cast)
                                   file.size(), &image);
    Container container(image);
    auto content = efi::failed(status) ? fail(ErrorCode::container_refused, {status})
                                       : read(image_of(firmware, image));
    if (!content) {
        if (image != nullptr) // EFI_SECURITY_VIOLATION may leave one: UEFI 2.10 section 7.4.1
            container.unload(firmware);
        return std::unexpected(content.error());
    }
    container.content_ = *content;
    return container;
}

Result<BundleFile> Container::read(Bytes image) {
    const Bundle bundle = TRY(Bundle::read(image, Bundle::Form::loaded));
    std::string_view rest = bundle.index();
    const auto content = bundle.next_file(rest);
    if (!content || !rest.empty() || bundle.has_entry())
        return fail(ErrorCode::not_signed);
    if (bundle.section(".sbat").value_or(Bytes()).empty())
        return fail(ErrorCode::container_without_sbat);
    return *content;
}

} // namespace baton
