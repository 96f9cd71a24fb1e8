// SPDX-License-Identifier: BSD-2-Clause
//
// Virtual machines whose memory is encrypted against their host.
#pragma once

#include <cstdint>

namespace baton {

struct CpuidLeaf {
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};
using ReadCpuid = CpuidLeaf (*)(uint32_t leaf, uint32_t subleaf);
using ReadMsr = uint64_t (*)(uint32_t index);

/// What encrypts the memory of the guest that this is: "AMD SEV", "AMD SEV-ES", "AMD SEV-SNP",
/// "Intel TDX"; null where nothing does. `read_msr` is called only for a register that is there.
/// AMD APM 2 section 15.34.1 and APM 3, Fn8000_001F; Intel TDX Module ABI, CPUID leaf 21h.
const char* encrypted_guest(ReadCpuid read_cpuid, ReadMsr read_msr);

} // namespace baton
