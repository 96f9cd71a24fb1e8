// SPDX-License-Identifier: BSD-2-Clause
//
// The third part of a handoff: the records for the kernel and for stage 2, and the way out of the
// firmware.
#include "handoff/builder.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

uint32_t permissions_of(Access access) {
    switch (access) {
    case Access::read_only:
        return BATON_SEGMENT_READ;
    case Access::read_write:
        return BATON_SEGMENT_READ | BATON_SEGMENT_WRITE;
    default:
        return BATON_SEGMENT_READ | BATON_SEGMENT_EXECUTE;
    }
}

} // namespace

Result<void> HandoffBuilder::make_records() {
    if (auto created = create_record(); !created)
        return created;
    if (auto filled = fill_in_kernel(); !filled)
        return filled;
    log().line(Text().add("BootInfo at ").hex(record_.virtual_address().value));
    fill_in_facts();
    return {};
}

/// With room for all that will be known.
Result<void> HandoffBuilder::create_record() {
    const auto needs = given_.platform.prepare();
    if (!needs)
        return std::unexpected(needs.error());
    constexpr std::size_t kBlocksToCome = 2; // the two below are the last ones
    const uint64_t claims = needs->claims + kBlocksToCome + displays_.size();
    auto arena = allocate_arena(frames(), Arena::bytes_for<TypedRange>(claims));
    if (!arena)
        return std::unexpected(arena.error());
    const auto claim_room = arena->scratch<TypedRange>(claims);
    if (!claim_room)
        return std::unexpected(claim_room.error());
    claims_ = *claim_room;

    BootRecord::Capacity capacity{
        .segments = plan_.segments.size(),
        .framebuffers = displays_.size(),
        .video_modes = 0,
        .modules = module_count_,
        .identity_mappings = kIdentityMappings,
        .time_stamps = Log::kMaxSteps + kStage2TimeStamps,
        .claims = claims,
        .data_bytes =
            needs->fact_bytes +
            BootRecord::data_bytes({entry().command_line, entry().kernel, given_.previous.text()},
                                   {kernel_->headers(), requests_.build_id, watchdog_disarm()})};
    for (const Display& display : displays_) {
        capacity.video_modes += display.modes.size();
        capacity.data_bytes += BootRecord::data_bytes({}, {display.edid});
    }
    for (const Module& module : modules_.first(module_count_))
        capacity.data_bytes += BootRecord::data_bytes({module.path, module.string});
    const auto memory =
        allocate_block(frames(), BootRecord::bytes_needed(capacity), {.origin = "BootInfo"});
    if (!memory)
        return std::unexpected(memory.error());
    const auto record = BootRecord::create(memory->bytes, memory->base, layout_, capacity);
    if (!record)
        return std::unexpected(record.error());
    record_ = *record;
    return {};
}

Result<void> HandoffBuilder::fill_in_kernel() {
    BatonBootInfo& info = record_.info();
    if (auto set = record_.set_kernel(plan_); !set)
        return set;
    if (watchdog_) {
        info.watchdog_seconds = requests_.watchdog_seconds;
        info.watchdog_disarm = record_.add_bytes(watchdog_disarm());
        info.watchdog_disarm_count = static_cast<uint32_t>(watchdog_disarm_.size());
        info.watchdog_disarm_entry_bytes = sizeof watchdog_disarm_[0];
    }
    info.boot_path = given_.path;
    info.kernel_cr3 = page_table_root_.value;
    info.flags |= kaslr_ ? BATON_FLAG_KASLR : 0;
    info.flags |= five_level_ ? BATON_FLAG_5_LEVEL : 0;
    info.command_line = record_.add_text(entry().command_line);
    info.kernel_path = record_.add_path(entry().kernel);
    info.kernel_file_bytes = kernel_->size();
    if (whole_kernel_)
        info.kernel_file = in_direct_map(whole_kernel_->base);
    info.kernel_headers = record_.add_bytes(kernel_->headers());
    info.kernel_headers_bytes = kernel_->headers().size();
    info.build_id = record_.add_bytes(requests_.build_id);
    info.build_id_bytes = requests_.build_id.size();
    if (symbols_) {
        info.kernel_symbols = in_direct_map(symbols_->symbols.base);
        info.kernel_symbols_bytes = symbols_->symbols.bytes.size();
        info.kernel_strings = in_direct_map(symbols_->strings.base);
        info.kernel_strings_bytes = symbols_->strings.bytes.size();
    }
    for (const Module& module : modules_.first(module_count_))
        if (auto added = record_.add_module(module.contents, module.path, module.string); !added)
            return added;
    for (const Display& display : displays_)
        if (auto added = record_.add_framebuffer(display.framebuffer, display.edid, display.modes);
            !added)
            return added;
    for (const IdentityMapping& mapping : identity_mappings())
        if (auto added =
                record_.add_identity_mapping(mapping.range, permissions_of(mapping.access));
            !added)
            return added;
    return {};
}

void HandoffBuilder::fill_in_facts() {
    BatonBootInfo& info = record_.info();
    info.tsc_hz = log().tsc_hz();
    info.previous_boot = {.state = given_.previous.state,
                          .vector = given_.previous.vector,
                          .rip = given_.previous.rip,
                          .text = record_.add_text(given_.previous.text()),
                          .text_bytes = given_.previous.text().size()};
    std::memcpy(info.random_seed, given_.random.seed.data(), sizeof info.random_seed);
    info.flags |= given_.random.from_firmware ? BATON_FLAG_SEED_FROM_FIRMWARE : 0;
    info.flags |= given_.random.from_processor ? BATON_FLAG_SEED_FROM_PROCESSOR : 0;
    given_.platform.add_facts(record_);
}

Result<void> HandoffBuilder::make_handoff_record() {
    const auto handoff =
        make_handoff(handoff_memory_.bytes, {.plan = plan_,
                                             .layout = layout_,
                                             .page_table_root = page_table_root_,
                                             .five_level = five_level_,
                                             .physical = handoff_memory_.base,
                                             .boot_info = record_.virtual_address(),
                                             .time_stamps = {}});
    if (!handoff)
        return std::unexpected(handoff.error());
    handoff_ = *handoff;
    std::ranges::copy(given_.ports.all(), handoff_->uarts);
    handoff_->debug_port = given_.ports.debug;
    handoff_->tsc_hz = log().tsc_hz();
    handoff_->watchdog_seconds = watchdog_ ? requests_.watchdog_seconds : 0;
    if (!displays_.empty())
        report_on_screen(*handoff_, displays_.front().framebuffer);
    decide_after_fault();
    // The block of the record lies in the direct map as in physical memory.
    stage2_.crash_record().acknowledgement_physical = record_.virtual_address().value +
                                                      offsetof(BatonBootInfo, acknowledged) -
                                                      layout_.direct_map.base.value;
    return {};
}

void HandoffBuilder::decide_after_fault() {
    switch (entry().after_fault.action) {
    case AfterFault::Action::reset:
        handoff_->after_fault = BATON_AFTER_FAULT_RESET;
        handoff_->reset_after_seconds = entry().after_fault.seconds;
        break;
    case AfterFault::Action::exit:
        handoff_->after_fault = BATON_AFTER_FAULT_EXIT;
        handoff_->exit_port = kExitPort;
        handoff_->exit_value = kExitFaultReported;
        break;
    case AfterFault::Action::stop:
    case AfterFault::Action::unset:
        handoff_->after_fault = BATON_AFTER_FAULT_HALT;
    }
}

Result<void> HandoffBuilder::leave_firmware() {
    const bool silent = entry().crash_record == Switch::off;
    given_.platform.prepare_to_leave(silent ? std::nullopt
                                            : std::optional(stage2_.crash_record_physical()));
    log().line(Text().add("leaving the firmware"));
    auto left = given_.platform.leave(*this);
    constexpr unsigned kTries = 4;
    for (unsigned i = 1; i < kTries; ++i) {
        if (left || left.error().code != ErrorCode::memory_map_too_long)
            break;
        log().line(Text().add("the firmware's memory map has grown: the records are made again"));
        wipe(record_.info().random_seed, sizeof record_.info().random_seed);
        if (auto made = make_records(); !made)
            return made;
        if (auto made = make_handoff_record(); !made)
            return made;
        left = given_.platform.leave(*this);
    }
    return left;
}

/// What the stage 1 says, and the framebuffers. Sorting it takes longer than all that is left to do
/// once the firmware is gone.
Result<void> HandoffBuilder::memory_is_known() {
    std::size_t count = given_.platform.claim_memory(claims_);
    const std::size_t all = count + displays_.size();
    if (all > claims_.size())
        return fail(ErrorCode::memory_map_too_long, {all, claims_.size()});
    for (const Display& display : displays_)
        claims_[count++] = {
            .range = {{display.framebuffer.base_physical}, display.framebuffer.bytes},
            .type = BATON_MEMORY_FRAMEBUFFER};
    record_.set_memory_map(claims_.first(count));
    return {};
}

/// The firmware is gone: nothing here can fail.
void HandoffBuilder::complete_records() {
    BatonBootInfo& info = record_.info();
    given_.random.forget();
    given_.platform.finish(record_, layout_, requests_.runtime_map);
    describe_place(Text().add("firmware left; entering the kernel at ").hex(plan_.entry.value));
    info.log = record_.to_virtual(log().text().data()).value;
    info.log_bytes = log().text().size();

    for (const Step& step : log().steps())
        record_.add_time_stamp(step.name, step.tsc);
    handoff_->time_stamps = record_.add_stage2_time_stamps().value;
    if (watchdog_)
        given_.platform.start_watchdog(*watchdog_);
}

} // namespace baton
