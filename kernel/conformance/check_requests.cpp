// SPDX-License-Identifier: BSD-2-Clause
//
// W: the requests of this kernel's notes, or what holds without one.
#include "context.hpp"
#include "own_image.hpp"
#include "processor.hpp"

#include <algorithm>

namespace conformance {
namespace {

constexpr uint64_t kDefaultStackBytes = uint64_t{64} * 1024;
constexpr uint64_t kDefaultBase = 0xffff'ffff'8000'0000;

/// Value 0 of a request, or its default.
uint64_t requested(BatonRequestType type, uint64_t otherwise = 0) {
    const BatonRequestNote* request = own_image::request(type);
    return request == nullptr ? otherwise : request->values[0];
}

void check_protocol(Verdict& verdict, const Context& context) {
    verdict.expect(context.info.version >= requested(BATON_REQUEST_PROTOCOL),
                   "the version requested", context.info.version);
}

void check_stack(Verdict& verdict, const Context& context) {
    const uint64_t bytes = requested(BATON_REQUEST_STACK, kDefaultStackBytes);
    verdict.equal("stack_bytes", (bytes + kPageBytes - 1) / kPageBytes * kPageBytes,
                  context.info.stack_bytes);
}

void check_framebuffer(Verdict& verdict, const Context& context) {
    const BatonRequestNote* request = own_image::request(BATON_REQUEST_FRAMEBUFFER);
    if (request == nullptr || request->values[0] == 0)
        return verdict.absent("framebuffer-request");
    const auto screens = context.view().framebuffers();
    if (screens.empty() && (request->flags & BATON_REQUEST_REQUIRED) == 0)
        return verdict.absent("framebuffer");
    verdict.expect(!screens.empty(), "a framebuffer");
    if (screens.empty())
        return;
    verdict.equal("width", request->values[0], screens[0].width_pixels);
    verdict.equal("height", request->values[1], screens[0].height_pixels);
}

void check_kaslr(Verdict& verdict, const Context& context) {
    const bool is_random = context.has_flag(BATON_FLAG_KASLR);
    if (!own_image::is_position_independent()) {
        verdict.expect(!is_random, "a fixed place");
        return verdict.absent("pie");
    }
    if (requested(BATON_REQUEST_KASLR) != 0) // the boot entry may ask for it too
        verdict.expect(is_random, "a random place", context.info.kernel_slide);
}

void check_five_level(Verdict& verdict, const Context& context) {
    const uint64_t request = requested(BATON_REQUEST_5_LEVEL_PAGING, BATON_FIVE_LEVEL_NEVER);
    verdict.equal("5-level paging", request != BATON_FIVE_LEVEL_NEVER && has_five_level_paging(),
                  context.has_flag(BATON_FLAG_5_LEVEL));
}

void check_direct_map(Verdict& verdict, const Context& context) {
    const BatonRequestNote* request = own_image::request(BATON_REQUEST_DIRECT_MAP);
    if (request == nullptr)
        return verdict.absent("direct-map-request");
    verdict.equal("direct_map_base", request->values[0], context.info.direct_map_base);
}

void check_symbols(Verdict& verdict, const Context& context) {
    verdict.equal("kernel_symbols", requested(BATON_REQUEST_SYMBOLS),
                  context.info.kernel_symbols != 0);
}

void check_module(Verdict& verdict, const Context& context) {
    const std::string_view request = own_image::requested_module();
    if (request.empty())
        return verdict.absent("module-request");
    bool is_found = false;
    for (const BatonModule& module : context.view().modules())
        is_found = is_found || context.text_at(module.path) == request;
    verdict.expect(is_found, "the module requested", context.info.module_count);
}

/// Where a position-independent kernel lies that is not placed at random.
void check_base(Verdict& verdict, const Context& context) {
    if (!own_image::is_position_independent())
        return verdict.absent("pie");
    const BatonBootInfo& info = context.info;
    if (context.has_flag(BATON_FLAG_KASLR))
        return;
    const uint64_t lowest = info.kernel_virtual_base - info.kernel_slide;
    const BatonRequestNote* request = own_image::request(BATON_REQUEST_BASE);
    if (request == nullptr)
        verdict.equal("kernel_virtual_base", kDefaultBase + lowest, info.kernel_virtual_base);
    else
        verdict.equal("its page", request->values[0],
                      info.kernel_virtual_base / kPageBytes * kPageBytes);
}

void check_write_execute(Verdict& verdict, const Context& context) {
    if (requested(BATON_REQUEST_REFUSE_WRITE_EXECUTE) == 0)
        return verdict.absent("refuse-wx-request");
    verdict.expect(!context.has_flag(BATON_FLAG_WRITE_EXECUTE), "no such page");
}

void check_runtime_map(Verdict& verdict, const Context& context) {
    verdict.equal("RUNTIME_MAPPED", requested(BATON_REQUEST_RUNTIME_MAP),
                  context.has_flag(BATON_FLAG_RUNTIME_MAPPED));
}

void check_kernel_file(Verdict& verdict, const Context& context) {
    verdict.equal("kernel_file", requested(BATON_REQUEST_KERNEL_FILE),
                  context.info.kernel_file != 0);
}

/// It may be for the boot entry to say.
void check_watchdog(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    if (info.watchdog_seconds == 0)
        return verdict.absent("watchdog");
    verdict.expect(info.watchdog_seconds <= 3600, "seconds", info.watchdog_seconds);
    verdict.expect(context.has_acknowledged == context.view().watchdog_disarm().empty(),
                   "writes until the acknowledgement", info.watchdog_disarm_count);
    for (const BatonRegisterWrite& write : context.view().watchdog_disarm()) {
        const Leaf leaf = context.tables.translate(write.address);
        verdict.expect(leaf.present && leaf.writable && leaf.physical == write.address,
                       "a register, identity-mapped", write.address);
    }
}

void check_physical(Verdict& verdict, const Context& context) {
    if (requested(BATON_REQUEST_PHYSICAL) == 0)
        return verdict.absent("physical-request");
    for (const elf::ProgramHeader& header : own_image::program_headers()) {
        if (header.p_type != elf::PT_LOAD || header.p_memsz == 0)
            continue;
        const uint64_t address = header.p_vaddr + context.info.kernel_slide;
        verdict.equal("a segment's page in memory", header.p_paddr,
                      context.tables.translate(address).physical);
        for (const BatonKernelSegment& segment : context.view().kernel_segments())
            if (segment.virtual_base == address)
                verdict.equal("base_physical", header.p_paddr, segment.base_physical);
    }
}

/// Of a page that the direct map shows, what holds there; of another one, a device's.
void check_identity_page(Verdict& verdict, const Leaf& leaf, const Leaf& direct, uint64_t page) {
    verdict.expect(leaf.present && leaf.physical == page, "virtual = physical", page);
    verdict.equal("caching", direct.present ? direct.pat_entry : kUncacheable, leaf.pat_entry);
    verdict.expect(leaf.writable || (direct.present && !direct.writable), "a page to write to",
                   page);
    verdict.expect(!leaf.writable || !direct.present || direct.writable,
                   "read-only as in the direct map", page);
    verdict.expect(!leaf.executable, "a page that is not executable", page);
}

/// The next address at which the memory map says something else.
uint64_t next_boundary(const Context& context, uint64_t page) {
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        if (range.base_physical > page)
            return range.base_physical;
        if (page - range.base_physical < range.bytes)
            return range.base_physical + range.bytes;
    }
    return UINT64_MAX;
}

void check_identity(Verdict& verdict, const Context& context) {
    const uint64_t bytes = context.identity_bytes();
    if (bytes == 0)
        return verdict.absent("identity-request");
    for (uint64_t page = kPageBytes; page < bytes;) {
        const Leaf leaf = context.tables.translate(page);
        const Leaf direct = page < context.info.direct_map_bytes
                                ? context.tables.translate(context.info.direct_map_base + page)
                                : Leaf{};
        if (own_image::page_permissions(page) == 0 && !context.is_of_the_handoff(page))
            check_identity_page(verdict, leaf, direct, page);
        const uint64_t end = (page | (leaf.bytes - 1)) + 1;
        const uint64_t end_of_direct =
            direct.present ? (page | (direct.bytes - 1)) + 1 : next_boundary(context, page);
        page = std::min(end, end_of_direct);
    }
}

/// Started by request, or by the boot entry.
void check_processors(Verdict& verdict, const Context& context) {
    const BatonRequestNote* request = own_image::request(BATON_REQUEST_PROCESSORS);
    if (request == nullptr || request->values[0] != BATON_PROCESSORS_PARKED)
        return verdict.absent("processors-request");
    const uint64_t wanted = request->values[1] != 0 ? request->values[1] : context.info.stack_bytes;
    for (const BatonProcessor& processor : context.view().processors()) {
        verdict.expect(processor.state == BATON_PROCESSOR_ONLINE ||
                           processor.state == BATON_PROCESSOR_DISABLED,
                       "a processor that is online", processor.state);
        if ((processor.flags & BATON_PROCESSOR_BOOT) == 0 &&
            processor.state == BATON_PROCESSOR_ONLINE)
            verdict.equal("stack_bytes", wanted, processor.stack_bytes);
    }
}

constexpr Promise kPromises[] = {
    {"W1", "the protocol's version is at least the one requested", check_protocol},
    {"W2", "the stack has the size requested, else 64 KiB", check_stack},
    {"W3", "the first framebuffer has the resolution requested", check_framebuffer},
    {"W4", "KASLR is on if requested", check_kaslr},
    {"W5", "5-level paging is on if requested and there", check_five_level},
    {"W6", "the direct map is at the base requested", check_direct_map},
    {"W7", "symbols are there just if requested", check_symbols},
    {"W8", "the module requested is among the modules", check_module},
    {"W9", "a position-independent kernel is at the base requested, else at -2 GiB", check_base},
    {"W10", "no page is writable and executable if that is requested", check_write_execute},
    {"W11", "SetVirtualAddressMap was called just if requested", check_runtime_map},
    {"W12", "the whole file is there just if requested", check_kernel_file},
    {"W13", "the watchdog can be disarmed", check_watchdog},
    {"W14", "each segment is at its p_paddr if that is requested", check_physical},
    {"W15", "lower memory is at virtual = physical as far as requested", check_identity},
    {"W16", "the other processors are online if requested", check_processors},
};

} // namespace

std::span<const Promise> request_promises() {
    return kPromises;
}

} // namespace conformance
