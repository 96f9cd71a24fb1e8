// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/random_source.hpp"

#include "stage1-efi/cpu.hpp"

namespace baton {
namespace {

/// EFI_RNG_PROTOCOL, UEFI 2.10 section 37.5.
struct Rng {
    void* GetInfo;
    EFI_STATUS(EFIAPI* GetRNG)(Rng* self, EFI_GUID* algorithm, UINTN bytes, UINT8* value);
};
constexpr EFI_GUID kRngGuid = {
    0x3152bca5, 0xeade, 0x433d, {0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44}};

/// Spreads each bit of the counter over the word: the finaliser of MurmurHash3, which is a
/// bijection.
uint64_t scramble(uint64_t value) {
    value = (value ^ value >> 33) * 0xff51'afd7'ed55'8ccd;
    value = (value ^ value >> 33) * 0xc4ce'b9fe'1a85'ec53;
    return value ^ value >> 33;
}

} // namespace

RandomNumbers draw_random_numbers(const efi::Firmware& firmware) {
    std::array<uint64_t, 9> words{};
    auto* const rng = efi::locate_protocol<Rng>(firmware, kRngGuid);
    const bool from_firmware =
        rng != nullptr && !efi::failed(rng->GetRNG(rng, nullptr, sizeof words,
                                                   reinterpret_cast<UINT8*>(words.data())));
    bool from_processor = cpu::has_rdrand();
    uint64_t previous = 0;
    for (uint64_t& word : words) {
        const uint64_t random = from_processor ? cpu::rdrand() : 0;
        // A broken one gives the same number again and again (0 and all ones have been seen).
        from_processor = from_processor && random != 0 && random != previous;
        previous = random;
        word ^= random ^ scramble(cpu::read_tsc());
    }
    RandomNumbers numbers{.seed = {},
                          .slide = words[8],
                          .from_firmware = from_firmware,
                          .from_processor = from_processor};
    for (std::size_t i = 0; i < numbers.seed.size(); ++i)
        numbers.seed[i] = words[i];
    return numbers;
}

} // namespace baton
