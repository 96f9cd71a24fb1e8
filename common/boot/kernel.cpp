// SPDX-License-Identifier: BSD-2-Clause
#include "boot/kernel.hpp"

#include "boot/memory_map.hpp"
#include "loading/relocate.hpp"
#include "plan/odd_segments.hpp"
#include "plan/write_execute.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr std::size_t kMostLines = 16; // of one kind

/// As Protocol::name() has it; empty: the file says it.
std::string_view name_of(KernelProtocol protocol) {
    constexpr std::string_view kNames[] = {"",          "baton", "limine", "multiboot2",
                                           "multiboot", "pvh",   "plain"};
    return kNames[static_cast<std::size_t>(protocol)];
}

/// What the person at the machine says overrides what the kernel requests.
void apply_entry(const BootEntry& entry, OpenKernel& kernel) {
    Requests& requests = kernel.requests;
    kernel.kaslr = entry.kaslr == Switch::unset ? requests.kaslr : entry.kaslr == Switch::on;
    if (entry.write_execute != WriteExecute::unset)
        requests.refuse_write_execute = entry.write_execute == WriteExecute::refuse;
    requests.direct_map_executable = entry.hhdm == DirectMapAccess::rwx;
    if (entry.watchdog) {
        requests.watchdog_seconds = *entry.watchdog;
        requests.watchdog_required = false;
    }
    if (entry.processors) {
        requests.processors = *entry.processors;
        requests.processors_required &= requests.processors > 1;
    }
}

/// SetVirtualAddressMap is called when nothing may fail any more.
Result<void> decide_runtime_map(const Services& with, Requests& requests) {
    if (!requests.runtime_map || with.platform.can_map_runtime_services())
        return {};
    if (requests.runtime_map_required)
        return request_not_met(BATON_REQUEST_RUNTIME_MAP, 1);
    requests.runtime_map = false;
    leave_out_request(BATON_REQUEST_RUNTIME_MAP, with.log);
    return {};
}

/// Without boot services a kernel that can be called with them gets no less than any other.
void decide_keep_firmware(const Services& with, Requests& requests) {
    if (!requests.keep_firmware)
        return;
    requests.keep_firmware = with.platform.can_stay();
    if (!requests.keep_firmware)
        with.log.line("no boot services that could stay: the kernel's other entry");
    if (requests.keep_firmware && requests.watchdog_seconds != 0) {
        requests.watchdog_seconds = 0;
        with.log.warn("no watchdog: the firmware stays");
    }
}

Result<bool> decide_five_level(const Requests& requests, Processor processor, Log& log) {
    const bool possible = processor.five_level_paging;
    if (requests.five_level == BATON_FIVE_LEVEL_REQUIRED && !possible)
        return request_not_met(BATON_REQUEST_5_LEVEL_PAGING, requests.five_level);
    if (requests.five_level == BATON_FIVE_LEVEL_IF_THERE && !possible)
        log.line("the processor has no 5-level paging: 4 levels");
    return possible && requests.five_level != BATON_FIVE_LEVEL_NEVER;
}

void describe_kernel(Log& log, const BootEntry& entry, const OpenKernel& kernel,
                     const KernelPlan& planned) {
    const LoadPlan& plan = planned.plan;
    Text text;
    text.put("kernel %v: %z, ", entry.kernel, kernel.file->size());
    text.put("%d segment%p, entry ", plan.segments.size());
    if (planned.kaslr)
        log.line(text.put("%x + slide", plan.entry.value - plan.slide));
    else
        log.line(text.hex(plan.entry.value));
    if (plan.slide != 0 || kernel.file->image().header().position_independent)
        describe_place(log, entry, planned.kaslr,
                       Text().put("slide %x%s", plan.slide, planned.kaslr ? ", at random" : ""));
    const Bytes build_id = kernel.requests.build_id;
    if (!build_id.empty()) {
        Text id;
        id.add("build id ");
        for (const std::byte byte : build_id.first(std::min<std::size_t>(build_id.size(), 20)))
            id.hex_byte(static_cast<uint8_t>(byte));
        log.line(id);
    }
}

void describe_segments(Log& log, const BootEntry& entry, const KernelPlan& planned) {
    const LoadPlan& plan = planned.plan;
    for (const Segment& segment : plan.segments.first(std::min(plan.segments.size(), kMostLines))) {
        describe_place(log, entry, planned.kaslr,
                       Text().put("segment %d: %16x%s%c%s%z at %x", segment.program_header,
                                  segment.memory.base.value,
                                  (segment.flags & elf::PF_R) != 0 ? " r" : " -",
                                  (segment.flags & elf::PF_W) != 0 ? 'w' : '-',
                                  (segment.flags & elf::PF_X) != 0 ? "x " : "- ",
                                  segment.memory.bytes, plan.physical(segment.memory.base).value));
    }
    if (plan.segments.size() > kMostLines)
        log.line("and %d more segment%p", plan.segments.size() - kMostLines);
}

void warn_of_odd_segments(Log& log, const LoadPlan& plan) {
    std::size_t shown = 0;
    for (const Segment& segment : plan.segments) {
        Text text;
        if (describe_odd_segment(segment, text) && ++shown <= kMostLines)
            log.warn(text);
    }
    if (shown > kMostLines)
        log.warn("%d more segment%p of that kind", shown - kMostLines);
}

void warn_of_write_execute(Log& log, const LoadPlan& plan) {
    std::size_t shown = 0;
    for (auto found = next_write_execute(plan); found;
         found = next_write_execute(plan, found->pages)) {
        if (++shown > kMostLines)
            return log.warn("and more pages are writable and executable at once");
        Text text;
        WriteExecutePages linked = *found; // without the slide, as in errors
        linked.pages.base.value -= plan.slide;
        describe_write_execute(linked, text);
        log.warn(text);
    }
}

Result<std::optional<KernelFile::Symbols>> load_symbols(Log& log, const KernelFile& file,
                                                        const Requests& requests) {
    if (!requests.symbols)
        return std::nullopt;
    auto symbols = file.read_symbols();
    if (requests.symbols_required && symbols && !*symbols)
        return request_not_met(BATON_REQUEST_SYMBOLS, 1);
    if (requests.symbols_required || (symbols && *symbols))
        return symbols;
    if (symbols)
        leave_out_request(BATON_REQUEST_SYMBOLS, log);
    else
        log.warn("the symbol table isn't loaded: %e", symbols.error());
    return std::nullopt;
}

Result<std::optional<Block>> load_whole_file(Log& log, const BootEntry& entry,
                                             const KernelFile& file, const Requests& requests) {
    if (!requests.kernel_file)
        return std::nullopt;
    const uint64_t start = log.now();
    const auto whole = file.read_whole();
    if (!whole && requests.kernel_file_required)
        return std::unexpected(whole.error().about(entry.kernel));
    if (!whole) {
        log.warn("the kernel's file isn't loaded: %e", whole.error());
        return std::nullopt;
    }
    log.rate("kernel's file: ", whole->bytes.size(), start);
    return *whole;
}

/// What is in the way where memory must be free now.
std::unexpected<Error> not_free_now(const Region& region, std::span<const NormalisedRange> map) {
    for (const NormalisedRange& part : map)
        if (part.range.overlaps(region.frames()) && part.type != BATON_MEMORY_USABLE)
            return fail(ErrorCode::destination_not_free,
                        {part.range.base.value, part.range.bytes, part.type});
    return fail(ErrorCode::destination_not_free,
                {region.physical.value, region.pages.bytes, BATON_MEMORY_USABLE});
}

/// Stage 2 may write to where the kernel goes: free memory, once the firmware is gone.
Result<void> check_destination(const Region& region, std::span<const NormalisedRange> map) {
    PhysRange rest = region.frames();
    for (const NormalisedRange& part : map) {
        if (!part.range.overlaps(rest))
            continue;
        if (part.range.base > rest.base)
            break; // no memory
        const uint64_t bytes = std::min(part.range.end(), rest.end()) - rest.base;
        if (part.type != BATON_MEMORY_USABLE && part.type != BATON_MEMORY_LOADER_RECLAIMABLE &&
            part.type != BATON_MEMORY_KERNEL_AND_MODULES)
            return fail(ErrorCode::destination_not_free, {rest.base.value, bytes, part.type});
        rest = {rest.base + bytes, rest.bytes - bytes};
    }
    if (!rest.empty())
        return fail(ErrorCode::destination_not_free, {rest.base.value, rest.bytes, 0});
    return {};
}

Result<void> check_moves(const Services& with, const LoadPlan& plan, bool keep_firmware) {
    if (std::ranges::none_of(plan.regions, &Region::is_moved))
        return {};
    FrameArena scratch(with.frames());
    const auto map = TRY(memory_map_of(with.platform, scratch));
    for (const Region& region : plan.regions) {
        if (!region.is_moved())
            continue;
        if (keep_firmware)
            return not_free_now(region, map);
        TRY(check_destination(region, map));
        with.log.line("stage 2 will move %z from %x to %x", region.pages.bytes, region.loaded.value,
                      region.physical.value);
    }
    return {};
}

} // namespace

Result<OpenKernel> open_kernel(const Services& with, const BootEntry& entry, Processor processor) {
    FileSource* const source = TRY(with.platform.open_kernel(entry.kernel));
    const uint64_t start = with.log.now();
    const KernelFile opened = TRY(KernelFile::open(*source, with.frames(), with.arena));
    const KernelFile* const file = TRY(with.arena.make<KernelFile>(opened));
    if (file->decompressed() != nullptr)
        describe_decompression(with.log, entry.kernel, *file->decompressed(), file->size(), start);
    const Recognised recognised = TRY(recognise(*file, name_of(entry.protocol), with.arena));
    OpenKernel kernel{.file = file,
                      .protocol = recognised.protocol,
                      .requests = recognised.requests,
                      .kaslr = false,
                      .five_level = false};
    Requests& requests = kernel.requests;
    apply_entry(entry, kernel);
    if (requests.unknown_count != 0)
        with.log.line("this version doesn't know what the kernel requests in %d note%p",
                      requests.unknown_count);
    for (uint32_t type = 0; type < 32; ++type)
        if ((requests.left_out >> type & 1) != 0)
            leave_out_request(type, with.log);
    TRY(decide_runtime_map(with, requests));
    decide_keep_firmware(with, requests);
    kernel.five_level = TRY(decide_five_level(requests, processor, with.log));
    return kernel;
}

Result<KernelPlan> plan_kernel(const Services& with, const BootEntry& entry, OpenKernel& kernel,
                               const RandomNumbers& random) {
    const KernelPlan planned = TRY(kernel.protocol->plan(
        *kernel.file, kernel.requests,
        {.address_bits = address_bits(kernel.five_level), .random = random, .kaslr = kernel.kaslr},
        with.arena, with.log));
    describe_kernel(with.log, entry, kernel, planned);
    if (const auto found = next_write_execute(planned.plan);
        found && kernel.requests.refuse_write_execute)
        return fail(ErrorCode::write_execute_refused,
                    {found->pages.base.value - planned.plan.slide, found->pages.bytes,
                     found->writable, found->executable});
    return planned;
}

Result<Kernel> load_kernel(const Services& with, const BootEntry& entry, const OpenKernel& kernel,
                           const KernelPlan& planned) {
    Log& log = with.log;
    LoadPlan plan = planned.plan;
    TRY(place(plan, with.frames()));
    TRY(check_moves(with, plan, kernel.requests.keep_firmware));
    describe_segments(log, entry, {plan, planned.kaslr});
    warn_of_odd_segments(log, plan);
    warn_of_write_execute(log, plan);
    const uint64_t start = log.now();
    const auto bytes = kernel.file->read_segments(plan);
    if (!bytes)
        return std::unexpected(bytes.error().about(entry.kernel));
    log.rate("kernel read: ", *bytes, start);
    const RelocationCounts relocations = TRY(relocate(plan, with.frames()));
    if (relocations.rela + relocations.relr != 0)
        log.line("relocations: %d RELA, %d RELR", relocations.rela, relocations.relr);
    const auto symbols = TRY(load_symbols(log, *kernel.file, kernel.requests));
    const auto whole_file = TRY(load_whole_file(log, entry, *kernel.file, kernel.requests));
    return Kernel{.path = entry.kernel,
                  .protocol = kernel.protocol,
                  .file = kernel.file,
                  .requests = kernel.requests,
                  .kaslr = planned.kaslr,
                  .five_level = kernel.five_level,
                  .plan = plan,
                  .symbols = symbols,
                  .whole_file = whole_file};
}

void describe_place(Log& log, const BootEntry& entry, bool kaslr, const TextWriter& text) {
    const bool is_requested =
        entry.log == LogTo::ports || entry.log == LogTo::screen || entry.debug == Debug::wait;
    if (kaslr && !is_requested)
        log.private_line(text);
    else
        log.line(text);
}

void describe_decompression(Log& log, std::string_view path, const DecompressedFile& file,
                            uint64_t bytes, uint64_t start) {
    Text text;
    text.put("%v: %z of ", path, file.compressed_bytes());
    text.put("%v, read and decompressed: ", name_of(file.compression()));
    log.rate(text.view(), bytes, start);
}

} // namespace baton
