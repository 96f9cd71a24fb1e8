// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/baton/baton.hpp"

#include "plan/slide.hpp"
#include "protocols/baton/boot_info_record.hpp"
#include "protocols/baton/notes.hpp"
#include "protocols/note_segments.hpp"

namespace baton {
namespace {

struct Slide {
    uint64_t bytes;
    bool is_random;
};

/// Of a kernel that is where it is linked.
Result<Slide> no_slide(const ImageExtent& extent, Requests& requests, bool kaslr, Log& log) {
    if (kaslr && requests.kaslr_required)
        return request_not_met(BATON_REQUEST_KASLR, 1);
    if (kaslr)
        log.line("the kernel isn't position independent: no KASLR");
    if (requests.base && *requests.base != extent.lowest) {
        if (requests.base_required)
            return request_not_met(BATON_REQUEST_BASE, requests.base->value);
        leave_out_request(BATON_REQUEST_BASE, log);
    }
    return Slide{0, false};
}

Result<Slide> choose_slide(const ImageExtent& extent, Requests& requests, const PlanInput& input,
                           Log& log) {
    bool kaslr = input.kaslr;
    if (kaslr && !input.random.are_secret()) {
        if (requests.kaslr_required)
            return fail(ErrorCode::random_numbers_missing);
        log.warn("no KASLR: neither the firmware nor the processor has random numbers");
        kaslr = false;
    }
    if (kaslr)
        return Slide{TRY(random_slide(extent, input.random.slide)), true};
    const auto slide = slide_to(extent, requests.base);
    if (slide || !requests.base || requests.base_required)
        return Slide{TRY(slide), false};
    leave_out_request(BATON_REQUEST_BASE, log);
    return Slide{TRY(slide_to(extent, {})), false};
}

/// Whether it is wrong of Placement::physical alone.
bool is_about_placement(const Error& error) {
    return error.code == ErrorCode::segment_bad_physical_address ||
           error.code == ErrorCode::segments_share_page ||
           error.code == ErrorCode::segments_overlap;
}

/// What all notes of a file say.
Result<void> read_notes(const KernelFile& file, Arena& arena, Requests& requests) {
    requests.modules = TRY(arena.array<RequestedModule>(kMaxRequestedModules));
    NoteSegments segments(file);
    while (const auto notes = TRY(segments.next()))
        TRY(take_notes(*notes, requests));
    return {};
}

} // namespace

Result<std::optional<Requests>> BatonProtocol::recognise(const KernelFile& file,
                                                         Arena& arena) const {
    if (file.not_elf() || file.image().header().is_32_bit)
        return std::nullopt;
    Requests requests;
    const auto read = read_notes(file, arena, requests);
    if (!requests.any)
        return std::nullopt;
    TRY(read);
    return requests;
}

Result<std::optional<Requests>> PlainProtocol::recognise(const KernelFile& file,
                                                         Arena& arena) const {
    if (file.not_elf())
        return std::nullopt;
    if (file.image().header().is_32_bit)
        return fail(ErrorCode::elf_not_64_bit, {elf::ELFCLASS32});
    Requests notes;
    TRY(read_notes(file, arena, notes));
    Requests requests;
    requests.build_id = notes.build_id;
    return requests;
}

Result<KernelPlan> plan_paged(const elf::Image& image, Requests& requests, const PlanInput& input,
                              LoadRules rules, Arena& arena, Log& log) {
    const ImageExtent extent = TRY(measure(image));
    const Slide slide =
        TRY(image.header().position_independent ? choose_slide(extent, requests, input, log)
                                                : no_slide(extent, requests, input.kaslr, log));
    rules.slide = slide.bytes;
    rules.address_bits = input.address_bits;
    return KernelPlan{TRY(plan_load(image, rules, arena)), slide.is_random};
}

Result<KernelPlan> BootInfoProtocol::plan(const KernelFile& file, Requests& requests,
                                          const PlanInput& input, Arena& arena, Log& log) const {
    if (requests.physical) {
        const auto plan = plan_paged(file.image(), requests, input,
                                     {.placement = Placement::physical}, arena, log);
        if (plan || requests.physical_required || !is_about_placement(plan.error()))
            return plan;
        log.warn("segments aren't put at p_paddr: %e", plan.error());
        requests.physical = false;
    }
    return plan_paged(file.image(), requests, input, {}, arena, log);
}

Result<KernelRecord*> BootInfoProtocol::write(const BootFacts& facts, std::size_t ranges,
                                              FrameSource& frames) const {
    return TRY(BootInfoRecord::make(facts, ranges, frames));
}

} // namespace baton
