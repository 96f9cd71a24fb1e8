// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/baton/baton.hpp"

#include "plan/slide.hpp"
#include "protocols/baton/boot_info_record.hpp"
#include "protocols/baton/notes.hpp"

namespace baton {
namespace {

constexpr uint64_t kLargestNotes = uint64_t{64} << 10;
constexpr uint64_t kMostNotesBytes = uint64_t{1} << 20; // of all segments, in whole pages

struct Slide {
    uint64_t bytes;
    bool is_random;
};

/// Of a kernel that is where it is linked.
Result<Slide> no_slide(const ImageExtent& extent, Requests& requests, bool kaslr, Log& log) {
    if (kaslr && requests.kaslr_required)
        return request_not_met(BATON_REQUEST_KASLR, 1);
    if (kaslr)
        log.line(Text().add("the kernel isn't position independent: no KASLR"));
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
        log.warn(Text().add("no KASLR: neither the firmware nor the processor has random numbers"));
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

/// What all notes of a file say.
Result<void> read_notes(const KernelFile& file, Arena& arena, Requests& requests) {
    requests.modules = TRY(arena.array<RequestedModule>(kMaxRequestedModules));
    const elf::Image& image = file.image();
    uint64_t total = 0;
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image.program_header(i);
        if (header.p_type != elf::PT_NOTE || header.p_filesz == 0)
            continue;
        if (header.p_filesz > kLargestNotes)
            return fail(ErrorCode::notes_too_large, {i, header.p_filesz, kLargestNotes});
        if (!fits(header.p_offset, header.p_filesz, file.size()))
            return fail(ErrorCode::segment_outside_file,
                        {i, header.p_offset, header.p_filesz, file.size()});
        total += pages_for(header.p_filesz) * kPageBytes;
        if (total > kMostNotesBytes)
            return fail(ErrorCode::notes_too_many, {i, total, kMostNotesBytes});
        const Bytes segment = TRY(file.bytes(header.p_offset, header.p_filesz));
        TRY(take_notes({segment, header.p_align, i}, requests));
    }
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

Result<KernelPlan> BootInfoProtocol::plan(const KernelFile& file, Requests& requests,
                                          const PlanInput& input, Arena& arena, Log& log) const {
    const elf::Image& image = file.image();
    const ImageExtent extent = TRY(measure(image));
    const Slide slide =
        TRY(image.header().position_independent ? choose_slide(extent, requests, input, log)
                                                : no_slide(extent, requests, input.kaslr, log));
    const LoadPlan plan =
        TRY(plan_load(image, {.slide = slide.bytes, .address_bits = input.address_bits}, arena));
    return KernelPlan{plan, slide.is_random};
}

Result<KernelRecord*> BootInfoProtocol::write(const BootFacts& facts, std::size_t ranges,
                                              FrameSource& frames) const {
    return TRY(BootInfoRecord::make(facts, ranges, frames));
}

} // namespace baton
