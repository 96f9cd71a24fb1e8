// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/baton/boot_info_record.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#ifndef BATON_VERSION
#error "the build defines BATON_VERSION"
#endif

namespace baton {
namespace {

/// Copies into a field of N characters, the last of which stays NUL.
template<std::size_t N>
void copy_text(char (&field)[N], std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), N - 1), field);
}

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

/// Before stage 2 says what became of a processor that it starts.
BatonProcessorState state_of(const ListedProcessor& processor, bool is_boot_processor) {
    if (is_boot_processor)
        return BATON_PROCESSOR_ONLINE;
    if (!processor.facts.enabled)
        return BATON_PROCESSOR_DISABLED;
    return processor.is_started ? BATON_PROCESSOR_NO_ANSWER : BATON_PROCESSOR_NOT_REQUESTED;
}

} // namespace

/// Fills in a record, a group of its fields in each function.
class BootInfoRecord::Writer {
  public:
    Writer(BootInfoRecord& record, const BootFacts& facts, Arena& arena)
        : record_(record),
          info_(record.info_),
          facts_(facts),
          arena_(arena) {}

    Result<void> write(std::size_t ranges) {
        TRY(write_loader());
        TRY(write_kernel());
        TRY(write_modules());
        TRY(write_framebuffers());
        TRY(write_identity_mappings());
        TRY(write_watchdog());
        TRY(write_machine());
        TRY(write_processors());
        return reserve(ranges);
    }

  private:
    uint64_t address(const void* pointer) const { return record_.to_virtual(pointer).value; }

    /// The kernel's address of a copy of `text` that ends in NUL.
    Result<uint64_t> text(std::string_view text) {
        if (text.empty())
            return address(record_.empty_text_);
        const auto copy = TRY(arena_.array<char>(text.size() + 1));
        std::ranges::copy(text, copy.begin());
        return address(copy.data());
    }
    /// The same for a path, with slashes.
    Result<uint64_t> path(std::string_view path) {
        const auto copy = TRY(arena_.array<char>(path.size() + 1));
        std::ranges::replace_copy(path, copy.begin(), '\\', '/');
        return address(copy.data());
    }
    /// The kernel's address of a copy; 0 where there are none.
    Result<uint64_t> bytes(Bytes bytes) {
        if (bytes.empty())
            return 0;
        const auto copy = TRY(arena_.array<uint64_t>((bytes.size() + 7) / 8));
        std::memcpy(copy.data(), bytes.data(), bytes.size());
        return address(copy.data());
    }
    /// An array for a field of the record, and the two that go with it.
    template<class T>
    Result<std::span<T>> array(std::size_t count, uint64_t& field, uint32_t& entry_bytes) {
        const auto entries = TRY(arena_.array<T>(count));
        field = address(entries.data());
        entry_bytes = sizeof(T);
        return entries;
    }

    Result<void> write_loader() {
        record_.empty_text_ = TRY(arena_.array<char>(1)).data();
        info_.magic = BATON_BOOT_INFO_MAGIC;
        info_.version = BATON_BOOT_INFO_VERSION;
        info_.size = sizeof info_;
        copy_text(info_.loader_name, "Baton");
        copy_text(info_.loader_version, BATON_VERSION);
        info_.direct_map_base = facts_.layout.direct_map.base.value;
        info_.direct_map_bytes = facts_.layout.direct_map.bytes;
        info_.stack_base = facts_.layout.stack.base.value;
        info_.stack_bytes = facts_.layout.stack.bytes;
        info_.kernel_cr3 = facts_.page_table_root.value;
        info_.boot_path = facts_.path;
        info_.command_line = TRY(text(facts_.command_line));
        info_.tsc_hz = facts_.tsc_hz;
        const PreviousBoot& previous = facts_.previous;
        info_.previous_boot = {.state = previous.state,
                               .vector = previous.vector,
                               .rip = previous.rip,
                               .text = TRY(text(previous.text())),
                               .text_bytes = previous.text().size()};
        std::memcpy(info_.random_seed, facts_.random.seed.data(), sizeof info_.random_seed);
        info_.flags |= facts_.random.from_firmware ? BATON_FLAG_SEED_FROM_FIRMWARE : 0;
        info_.flags |= facts_.random.from_processor ? BATON_FLAG_SEED_FROM_PROCESSOR : 0;
        return {};
    }

    Result<void> write_kernel() {
        const Kernel& kernel = facts_.kernel;
        const LoadPlan& plan = kernel.plan;
        const auto segments = TRY(array<BatonKernelSegment>(
            plan.segments.size(), info_.kernel_segments, info_.kernel_segment_entry_bytes));
        std::ranges::transform(plan.segments, segments.begin(), [&](const Segment& segment) {
            return BatonKernelSegment{.virtual_base = segment.memory.base.value,
                                      .base_physical = plan.physical(segment.memory.base).value,
                                      .bytes = segment.memory.bytes,
                                      .file_bytes = segment.file_bytes,
                                      .permissions =
                                          segment.flags & (elf::PF_R | elf::PF_W | elf::PF_X),
                                      .reserved = 0};
        });
        info_.kernel_segment_count = static_cast<uint32_t>(segments.size());
        info_.kernel_entry = plan.entry.value;
        info_.kernel_virtual_base = plan.segments.front().memory.base.value;
        info_.kernel_slide = plan.slide;
        info_.tls = plan.tls;
        info_.flags |= plan.write_execute_runs != 0 ? BATON_FLAG_WRITE_EXECUTE : 0;
        info_.flags |= plan.wants_executable_stack ? BATON_FLAG_STACK_EXECUTABLE_WANTED : 0;
        info_.flags |= kernel.kaslr ? BATON_FLAG_KASLR : 0;
        info_.flags |= kernel.five_level ? BATON_FLAG_5_LEVEL : 0;
        info_.kernel_path = TRY(path(kernel.path));
        info_.kernel_file_bytes = kernel.file->size();
        info_.kernel_headers = TRY(bytes(kernel.file->headers()));
        info_.kernel_headers_bytes = kernel.file->headers().size();
        info_.build_id = TRY(bytes(kernel.requests.build_id));
        info_.build_id_bytes = kernel.requests.build_id.size();
        if (kernel.whole_file)
            info_.kernel_file = info_.direct_map_base + kernel.whole_file->base.value;
        if (kernel.symbols) {
            info_.kernel_symbols = info_.direct_map_base + kernel.symbols->symbols.base.value;
            info_.kernel_symbols_bytes = kernel.symbols->symbols.bytes.size();
            info_.kernel_strings = info_.direct_map_base + kernel.symbols->strings.base.value;
            info_.kernel_strings_bytes = kernel.symbols->strings.bytes.size();
        }
        return {};
    }

    Result<void> write_modules() {
        const auto modules =
            TRY(array<BatonModule>(facts_.modules.size(), info_.modules, info_.module_entry_bytes));
        for (const Module& module : facts_.modules)
            modules[info_.module_count++] = {.address =
                                                 info_.direct_map_base + module.contents.base.value,
                                             .base_physical = module.contents.base.value,
                                             .bytes = module.contents.bytes,
                                             .path = TRY(path(module.path)),
                                             .string = TRY(text(module.string))};
        return {};
    }

    Result<void> write_framebuffers() {
        const auto framebuffers = TRY(array<BatonFramebuffer>(
            facts_.displays.size(), info_.framebuffers, info_.framebuffer_entry_bytes));
        for (const Display& display : facts_.displays) {
            BatonFramebuffer& framebuffer = framebuffers[info_.framebuffer_count++];
            framebuffer = display.framebuffer;
            framebuffer.address = info_.direct_map_base + framebuffer.base_physical;
            framebuffer.edid = TRY(bytes(display.edid));
            framebuffer.edid_bytes = static_cast<uint32_t>(display.edid.size());
            const auto modes = TRY(array<BatonVideoMode>(display.modes.size(), framebuffer.modes,
                                                         framebuffer.mode_entry_bytes));
            std::ranges::copy(display.modes, modes.begin());
            framebuffer.mode_count = static_cast<uint32_t>(modes.size());
        }
        return {};
    }

    Result<void> write_identity_mappings() {
        const auto mappings = TRY(array<BatonIdentityMapping>(
            facts_.identity.size(), info_.identity_mappings, info_.identity_mapping_entry_bytes));
        std::ranges::transform(
            facts_.identity, mappings.begin(), [](const IdentityMapping& mapping) {
                return BatonIdentityMapping{.base = mapping.range.base.value,
                                            .bytes = mapping.range.bytes,
                                            .permissions = permissions_of(mapping.access),
                                            .reserved = 0};
            });
        info_.identity_mapping_count = static_cast<uint32_t>(mappings.size());
        return {};
    }

    Result<void> write_watchdog() {
        if (facts_.watchdog_disarm.empty())
            return {};
        info_.watchdog_seconds = facts_.kernel.requests.watchdog_seconds;
        info_.watchdog_disarm = TRY(bytes(std::as_bytes(facts_.watchdog_disarm)));
        info_.watchdog_disarm_count = static_cast<uint32_t>(facts_.watchdog_disarm.size());
        info_.watchdog_disarm_entry_bytes = sizeof(BatonRegisterWrite);
        return {};
    }

    Result<void> write_machine() {
        const MachineFacts& machine = facts_.machine;
        info_.firmware_cr3 = machine.firmware_cr3;
        info_.rsdp_physical = machine.rsdp;
        info_.smbios_physical = machine.smbios;
        info_.smbios3_physical = machine.smbios3;
        info_.efi_system_table_physical = machine.efi_system_table;
        info_.firmware_revision = machine.firmware_revision;
        info_.uefi_revision = machine.uefi_revision;
        info_.secure_boot = machine.secure_boot;
        info_.trust_flags = machine.trust_flags;
        info_.verified_by = machine.verified_by;
        info_.unix_time_seconds = machine.unix_time_seconds;
        info_.unix_time_tsc = machine.unix_time_tsc;
        info_.firmware_state = machine.firmware_state;
        info_.virtualization = machine.virtualization;
        info_.boot_device = machine.boot_device;
        info_.boot_device.device_path = TRY(text(machine.device_path));
        info_.boot_device.loader_path = TRY(text(machine.loader_path));
        info_.firmware_vendor = TRY(text(machine.firmware_vendor));
        return {};
    }

    Result<void> write_processors() {
        record_.processors_ = TRY(array<BatonProcessor>(facts_.processors.size(), info_.processors,
                                                        info_.processor_entry_bytes));
        for (const ListedProcessor& processor : facts_.processors) {
            const bool is_boot_processor = info_.processor_count == 0;
            record_.processors_[info_.processor_count] = {
                .go = 0,
                .argument = 0,
                .apic_id = processor.facts.id,
                .acpi_uid = processor.facts.uid,
                .flags = is_boot_processor ? BATON_PROCESSOR_BOOT : 0,
                .state = state_of(processor, is_boot_processor),
                .numa_domain = processor.facts.numa_domain,
                .number = info_.processor_count,
                .stack_base = processor.stack.base.value,
                .stack_bytes = processor.stack.bytes,
                .parked_tsc = 0};
            ++info_.processor_count;
        }
        info_.processor_flags = facts_.x2apic ? BATON_PROCESSORS_X2APIC : 0;
        return {};
    }

    /// What is filled in once nothing can be allocated any more.
    Result<void> reserve(std::size_t ranges) {
        record_.time_stamps_ = TRY(array<BatonTimeStamp>(
            Log::kMaxSteps + kStage2TimeStamps, info_.time_stamps, info_.time_stamp_entry_bytes));
        record_.buffers_ = TRY(NormaliseBuffers::create(arena_, ranges));
        record_.memory_map_ = TRY(array<BatonMemoryRange>(
            record_.buffers_.result.size(), info_.memory_map, info_.memory_map_entry_bytes));
        return reserve_copies();
    }

    /// Of texts that lie where stage 2 will move the kernel: the log, and names in the memory map,
    /// which are stage 1's or those of modules.
    Result<void> reserve_copies() {
        constexpr std::size_t kBytesOfNames = 1024;
        constexpr std::size_t kMostOfModule = 8; // "module ", NUL
        record_.regions_ = facts_.kernel.plan.regions;
        if (std::ranges::none_of(record_.regions_, &Region::is_moved))
            return {};
        std::size_t bytes = kBytesOfNames;
        for (const Module& module : facts_.modules)
            bytes += module.path.size() + kMostOfModule;
        record_.texts_ = TRY(arena_.array<char>(bytes));
        record_.log_ = TRY(arena_.array<char>(facts_.log_memory.size()));
        return {};
    }

    BootInfoRecord& record_;
    BatonBootInfo& info_;
    const BootFacts& facts_;
    Arena& arena_;
};

Result<BootInfoRecord*> BootInfoRecord::make(const BootFacts& facts, std::size_t ranges,
                                             FrameSource& frames) {
    FrameArena arena(frames, MemoryUse::boot_info);
    BatonBootInfo* const info = TRY(arena.make<BatonBootInfo>());
    BootInfoRecord* const record =
        TRY(arena.make<BootInfoRecord>(*info, frames, facts.layout.direct_map.base));
    TRY(Writer(*record, facts, arena).write(ranges));
    return record;
}

/// Whether the kernel will be there.
bool BootInfoRecord::is_overwritten(const char* text) const {
    const PhysAddr address = frames_.address_of(text);
    return std::ranges::any_of(regions_, [&](const Region& region) {
        return region.is_moved() && region.frames().contains(address);
    });
}

/// The text, or a copy of it where the kernel can read it.
const char* BootInfoRecord::kept(const char* text) {
    if (text == nullptr)
        return empty_text_;
    if (!is_overwritten(text))
        return text;
    const std::string_view wanted(text);
    for (std::size_t at = 0; at < texts_used_; at += std::strlen(&texts_[at]) + 1)
        if (wanted == &texts_[at])
            return &texts_[at];
    if (wanted.size() >= texts_.size() - texts_used_)
        return empty_text_;
    char* const copy = &texts_[texts_used_];
    std::ranges::copy(wanted, copy); // the next byte is NUL
    texts_used_ += wanted.size() + 1;
    return copy;
}

ProcessorWords BootInfoRecord::processor(std::size_t index) const {
    const BatonProcessor& processor = processors_[index];
    return {.record = to_virtual(&processor),
            .go = to_virtual(&processor.go),
            .outcome = to_virtual(&processor.state),
            .parked_tsc = to_virtual(&processor.parked_tsc)};
}

void BootInfoRecord::set_memory_map(std::span<const TypedRange> ranges) {
    const auto map = normalise(ranges, buffers_);
    for (std::size_t i = 0; i < map.size(); ++i) {
        const NormalisedRange& range = map[i];
        memory_map_[i] = {.base_physical = range.range.base.value,
                          .bytes = range.range.bytes,
                          .type = range.type,
                          .firmware_type = range.firmware_type,
                          .attributes = range.attributes,
                          .origin = to_virtual(kept(range.origin)).value};
    }
    info_.memory_map_count = static_cast<uint32_t>(map.size());
}

void BootInfoRecord::add_time_stamp(std::string_view name, uint64_t tsc) {
    BatonTimeStamp& stamp = time_stamps_[info_.time_stamp_count++];
    stamp = {.tsc = tsc, .name = {}};
    copy_text(stamp.name, name);
}

void BootInfoRecord::complete(const LastFacts& facts) {
    info_.firmware_memory_map =
        facts.firmware_map.bytes.empty() ? 0 : to_virtual(facts.firmware_map.bytes.data()).value;
    info_.firmware_memory_map_bytes = facts.firmware_map.bytes.size();
    info_.firmware_descriptor_bytes = facts.firmware_map.descriptor_bytes;
    info_.firmware_descriptor_version = facts.firmware_map.descriptor_version;
    const EventLog& events = facts.event_log;
    info_.event_log = events.log == nullptr ? 0 : to_virtual(events.log).value;
    info_.event_log_bytes = events.bytes;
    info_.event_log_format = events.format;
    info_.event_log_flags = events.truncated ? BATON_EVENT_LOG_TRUNCATED : 0;
    info_.flags |= facts.runtime_mapped ? BATON_FLAG_RUNTIME_MAPPED : 0;
    const char* log = facts.log.data();
    if (facts.log.size() <= log_.size()) {
        std::ranges::copy(facts.log, log_.begin());
        log = log_.data();
    }
    info_.log = to_virtual(log).value;
    info_.log_bytes = facts.log.size();
    for (const Step& step : facts.steps)
        add_time_stamp(step.name, step.tsc);
    stage2_time_stamps_ = to_virtual(&time_stamps_[info_.time_stamp_count]);
    for (const std::string_view name :
         {"stage 2 entered", "page tables loaded", "segments in place", "kernel entered"})
        add_time_stamp(name, 0);
}

void BootInfoRecord::wipe_secrets() {
    wipe(info_.random_seed, sizeof info_.random_seed);
}

} // namespace baton
