// SPDX-License-Identifier: BSD-2-Clause
#include "plan/encrypted_guest.hpp"

#include <cstring>
#include <string_view>

namespace baton {
namespace {

constexpr uint32_t kTdxLeaf = 0x21, kEncryptionLeaf = 0x8000'001f, kMsrSevStatus = 0xc001'0131;

constexpr bool bit(uint64_t value, unsigned number) {
    return (value >> number & 1) != 0;
}

bool is_tdx(ReadCpuid read_cpuid) {
    if (read_cpuid(0, 0).eax < kTdxLeaf)
        return false;
    const CpuidLeaf leaf = read_cpuid(kTdxLeaf, 0);
    const uint32_t parts[] = {leaf.ebx, leaf.edx, leaf.ecx};
    char name[sizeof parts];
    std::memcpy(name, parts, sizeof parts);
    return std::string_view(name, sizeof name) == "IntelTDX    ";
}

} // namespace

const char* encrypted_guest(ReadCpuid read_cpuid, ReadMsr read_msr) {
    if (!bit(read_cpuid(1, 0).ecx, 31)) // no hypervisor
        return nullptr;
    if (is_tdx(read_cpuid))
        return "Intel TDX";
    if (read_cpuid(0x8000'0000, 0).eax < kEncryptionLeaf ||
        !bit(read_cpuid(kEncryptionLeaf, 0).eax, 1)) // a processor without SEV
        return nullptr;
    const uint64_t status = read_msr(kMsrSevStatus);
    return bit(status, 2)   ? "AMD SEV-SNP"
           : bit(status, 1) ? "AMD SEV-ES"
           : bit(status, 0) ? "AMD SEV"
                            : nullptr;
}

} // namespace baton
