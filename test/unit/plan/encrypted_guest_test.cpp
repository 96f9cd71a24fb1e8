// SPDX-License-Identifier: BSD-2-Clause
//
// What the error guest_memory_encrypted names.
#include "plan/encrypted_guest.hpp"

#include <gtest/gtest.h>
#include <map>
#include <string>

namespace baton::test {
namespace {

constexpr uint32_t kHypervisor = 1u << 31;

std::map<uint32_t, CpuidLeaf> leaves;
uint64_t sev_status;
int msr_reads;

std::string guest() {
    msr_reads = 0;
    const char* const name = encrypted_guest(
        [](uint32_t leaf, uint32_t) {
            // As Intel's processors do, for a leaf beyond the last: what the last one says.
            const auto found = leaves.find(leaf);
            return found != leaves.end() ? found->second : CpuidLeaf{~0u, ~0u, ~0u, ~0u};
        },
        [](uint32_t index) {
            EXPECT_EQ(index, 0xc001'0131);
            ++msr_reads;
            return sev_status;
        });
    return name == nullptr ? "none" : name;
}

void use_amd(uint32_t hypervisor, uint32_t features, uint64_t status) {
    leaves = {{0, {.eax = 0x10}},
              {1, {.ecx = hypervisor}},
              {0x8000'0000, {.eax = 0x8000'0021}},
              {0x8000'001f, {.eax = features}}};
    sev_status = status;
}

TEST(EncryptedGuest, OfAmdIsNamedByItsStatus) {
    const struct {
        uint64_t status;
        const char* name;
    } cases[] = {{0, "none"},        {1, "AMD SEV"},        {3, "AMD SEV-ES"},
                 {7, "AMD SEV-SNP"}, {0xff, "AMD SEV-SNP"}, {0xf8, "none"}};
    for (const auto& [status, name] : cases) {
        use_amd(kHypervisor, 2, status);
        EXPECT_EQ(guest(), name) << status;
    }
}

TEST(EncryptedGuest, TheStatusIsReadOnlyWhereItIs) {
    use_amd(0, 2, 7); // the host itself
    EXPECT_EQ(guest(), "none");
    EXPECT_EQ(msr_reads, 0);
    use_amd(kHypervisor, 1, 7); // memory encryption of the host's own, no SEV
    EXPECT_EQ(guest(), "none");
    EXPECT_EQ(msr_reads, 0);
    use_amd(kHypervisor, 2, 7);
    leaves[0x8000'0000].eax = 0x8000'001e;
    EXPECT_EQ(guest(), "none");
    EXPECT_EQ(msr_reads, 0);
}

void use_intel(uint32_t last_leaf, const CpuidLeaf& tdx) {
    leaves = {{0, {.eax = last_leaf}},
              {1, {.ecx = kHypervisor}},
              {0x21, tdx},
              {0x8000'0000, {.eax = 0x8000'0008}}};
}

TEST(EncryptedGuest, OfIntelIsNamedByItsLeaf) {
    constexpr CpuidLeaf kTdx = {.eax = 0, .ebx = 0x65746e49, .ecx = 0x20202020, .edx = 0x5844546c};
    use_intel(0x21, kTdx);
    EXPECT_EQ(guest(), "Intel TDX");
    use_intel(0x20, kTdx);
    EXPECT_EQ(guest(), "none");
    use_intel(0x21, {});
    EXPECT_EQ(guest(), "none");
    use_intel(0x21, {.eax = 0, .ebx = 0x65746e49, .ecx = 0x20202020, .edx = 0x5844546d});
    EXPECT_EQ(guest(), "none");
    EXPECT_EQ(msr_reads, 0);
}

} // namespace
} // namespace baton::test
