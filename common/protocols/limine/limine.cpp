// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/limine/limine.hpp"

#include "protocols/limine/record.hpp"
#include "protocols/limine/requests.hpp"

namespace baton {
namespace {

constexpr uint32_t bits(std::initializer_list<BatonMemoryType> types) {
    uint32_t all = 0;
    for (const BatonMemoryType type : types)
        all |= uint32_t{1} << type;
    return all;
}

// "Base Revision Changes Summary". Framebuffers are in it in each revision.
constexpr uint32_t kSinceRevision3 =
    bits({BATON_MEMORY_USABLE, BATON_MEMORY_LOADER_RECLAIMABLE, BATON_MEMORY_KERNEL_AND_MODULES});
constexpr uint32_t kAcpi = bits({BATON_MEMORY_ACPI_RECLAIMABLE, BATON_MEMORY_ACPI_NVS});
constexpr uint32_t kRevision4 = kSinceRevision3 | kAcpi | bits({BATON_MEMORY_RESERVED});
constexpr uint32_t kRevision5 = kRevision4 | bits({BATON_MEMORY_RUNTIME_SERVICES});

/// "x86-64 machine state": what interrupts a kernel of a base revision.
void ask_for_interrupts(const LimineRequests& own, Requests& requests) {
    requests.mask_interrupts = true;
    requests.local_apic = own.revision >= 5;
    requests.stop_iommus = own.address(limine::Feature::keep_iommu) == 0;
}

/// The address space of a base revision.
void ask_for_address_space(uint64_t revision, Requests& requests) {
    requests.stack_in_direct_map = true;
    requests.direct_map_4_gib = revision <= 2;
    requests.direct_map_reserved = revision == 0;
    requests.identity_bytes = revision == 0 ? uint64_t{1} << 47 : 0;
    if (revision >= 5)
        requests.direct_map_types = kRevision5;
    else if (revision == 4)
        requests.direct_map_types = kRevision4;
    else if (revision != 0)
        requests.direct_map_types = revision == 3 ? kSinceRevision3 : kSinceRevision3 | kAcpi;
}

} // namespace

Result<std::optional<Requests>> LimineProtocol::recognise(const KernelFile& file,
                                                          Arena& arena) const {
    Requests requests;
    const LimineRequests* const found = TRY(find_limine_requests(file, arena, requests));
    if (found == nullptr)
        return std::nullopt;
    requests.own = found;
    ask_for_address_space(found->revision, requests);
    ask_for_interrupts(*found, requests);
    return requests;
}

Result<KernelPlan> LimineProtocol::plan(const KernelFile& file, Requests& requests,
                                        const PlanInput& input, Arena& arena, Log& log) const {
    const auto& own = *static_cast<const LimineRequests*>(requests.own);
    log.line("Limine's protocol, base revision %d", own.revision);
    return plan_paged(file.image(), requests, input,
                      {.placement = Placement::one_block, .entry = own.entry}, arena, log);
}

Result<KernelRecord*> LimineProtocol::write(const BootFacts& facts, std::size_t ranges,
                                            FrameSource& frames) const {
    return TRY(LimineRecord::make(facts, ranges, frames));
}

} // namespace baton
