// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/random_source.hpp"

#include "stage1/random.hpp"

namespace baton {
namespace {

/// EFI_RNG_PROTOCOL, UEFI 2.10 section 37.5.
struct Rng {
    void* GetInfo;
    EFI_STATUS(EFIAPI* GetRNG)(Rng* self, EFI_GUID* algorithm, UINTN bytes, UINT8* value);
};
constexpr EFI_GUID kRngGuid = {
    0x3152bca5, 0xeade, 0x433d, {0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44}};

} // namespace

void draw_random_numbers(const efi::Firmware& firmware, RandomNumbers& numbers) {
    RandomWords words{};
    auto* const rng = efi::locate_protocol<Rng>(firmware, kRngGuid);
    const bool has_any =
        rng != nullptr && !efi::failed(rng->GetRNG(rng, nullptr, sizeof words,
                                                   reinterpret_cast<UINT8*>(words.data())));
    draw_random_numbers(words, has_any, numbers);
}

} // namespace baton
