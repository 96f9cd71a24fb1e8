// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/pvh/pvh.hpp"

#include "protocols/note_segments.hpp"
#include "protocols/pvh/start_info_record.hpp"

namespace baton {
namespace {

constexpr std::string_view kOwner = "Xen";
constexpr uint32_t kPhys32Entry = 18; // XEN_ELFNOTE_PHYS32_ENTRY: Xen's public header elfnote.h

/// "Numeric types are either 4 or 8 bytes": elfnote.h.
Result<uint64_t> number_of(const elf::Note& note) {
    if (note.descriptor.size() == sizeof(uint32_t))
        return read_at<uint32_t>(note.descriptor, 0);
    if (note.descriptor.size() == sizeof(uint64_t))
        return read_at<uint64_t>(note.descriptor, 0);
    return fail(ErrorCode::pvh_entry_malformed, {note.descriptor.size()});
}

/// The entry point of the first such note; nothing where there is none.
Result<std::optional<uint64_t>> find_entry(const KernelFile& file) {
    NoteSegments segments(file);
    while (auto notes = TRY(segments.next()))
        while (const auto note = TRY(notes->next()))
            if (note->owner == kOwner && note->type == kPhys32Entry)
                return TRY(number_of(*note));
    return std::nullopt;
}

} // namespace

Result<std::optional<Requests>> PvhProtocol::recognise(const KernelFile& file,
                                                       Arena& /*arena*/) const {
    if (file.not_elf())
        return std::nullopt;
    const auto entry = find_entry(file);
    if (!entry && entry.error().code == ErrorCode::pvh_entry_malformed)
        return std::unexpected(entry.error());
    if (!entry || !*entry) // what else is wrong with its notes is for others to say
        return std::nullopt;
    Requests requests;
    requests.memory_below = k4GiB;
    return requests;
}

Result<KernelPlan> PvhProtocol::plan(const KernelFile& file, Requests& /*requests*/,
                                     const PlanInput& input, Arena& arena, Log& log) const {
    if (input.kaslr)
        log.line("no KASLR: a PVH kernel is where it is linked");
    const LoadRules rules{.address_bits = input.address_bits,
                          .placement = Placement::physical,
                          .without_paging = true,
                          .entry = TRY(find_entry(file))};
    return KernelPlan{.plan = TRY(plan_load(file.image(), rules, arena)), .kaslr = false};
}

Result<KernelRecord*> PvhProtocol::write(const BootFacts& facts, std::size_t ranges,
                                         FrameSource& frames) const {
    return TRY(HvmStartInfoRecord::make(facts, ranges, frames));
}

} // namespace baton
