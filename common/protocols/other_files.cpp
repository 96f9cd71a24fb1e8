// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/other_files.hpp"

namespace baton {

bool is_linux_image(Bytes head) {
    constexpr uint64_t kBootFlag = 0x1fe;
    constexpr uint64_t kHeader = 0x202;
    return fits(kLinuxBootProtocolVersion, sizeof(uint16_t), head.size()) &&
           read_at<uint16_t>(head, kBootFlag) == 0xaa55 &&
           read_at<uint32_t>(head, kHeader) == 0x5372'6448; // "HdrS"
}

bool is_efi_program(Bytes head) {
    constexpr uint64_t kSignatureOffset = 0x3c;
    if (!fits(kSignatureOffset, sizeof(uint32_t), head.size()) ||
        read_at<uint16_t>(head, 0) != 0x5a4d) // "MZ"
        return false;
    const auto signature = read_at<uint32_t>(head, kSignatureOffset);
    return fits(signature, sizeof(uint32_t), head.size()) &&
           read_at<uint32_t>(head, signature) == 0x4550; // "PE"
}

} // namespace baton
