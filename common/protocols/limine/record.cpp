// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/limine/record.hpp"

#include "cpu/constants.hpp"
#include "memory/block.hpp"

#include <algorithm>
#include <cstring>

#ifndef BATON_VERSION
#error "the build defines BATON_VERSION"
#endif

namespace baton {
namespace {

using limine::Feature;

// EFI_MEMORY_TYPE.
constexpr uint32_t kEfiLoaderCode = 1;
constexpr uint32_t kEfiBootServicesData = 4;

// "Machine State at Entry": null, code and data of 16, 32 and 64 bits; and a task, for reports.
constexpr uint64_t kDescriptors[] = {0,
                                     0x0000'9b00'0000'ffff,
                                     0x0000'9300'0000'ffff,
                                     cpu::kDescriptorCode32,
                                     cpu::kDescriptorData,
                                     cpu::kDescriptorCode64,
                                     cpu::kDescriptorData,
                                     0,
                                     0};
constexpr uint16_t kCode = 0x28;
constexpr uint16_t kData = 0x30;
constexpr uint16_t kTask = 0x38;

// "Caching": write-back, write-through, UC-, uncacheable, write-protected, write-combining.
constexpr uint64_t kPat = 0x0007'0105'0007'0406;

// From base revision 5 on, no other bits.
constexpr uint64_t kCr0 = cpu::kCr0Pe | cpu::kCr0Et | cpu::kCr0Wp | cpu::kCr0Pg;
constexpr uint64_t kCr4 = cpu::kCr4Pae;

/// "EFI Memory Map Entry Type to Limine Memory Map Type": EfiLoaderCode to EfiBootServicesData.
/// Ranges that UEFI has not described have no attributes.
bool is_the_firmwares(const NormalisedRange& range) {
    return range.attributes != 0 && range.firmware_type >= kEfiLoaderCode &&
           range.firmware_type <= kEfiBootServicesData;
}

} // namespace

/// Makes the responses. Once memory has run out, it goes on without, and says so at the end.
class LimineRecord::Writer {
  public:
    Writer(LimineRecord& record, const BootFacts& facts, Arena& arena)
        : record_(record),
          own_(record.own_),
          facts_(facts),
          arena_(arena) {}

    Result<void> write(std::size_t ranges) {
        mark_revision();
        answer_about_loader();
        answer_about_kernel();
        answer_about_firmware();
        answer_framebuffers();
        answer_modules();
        if (is_requested(Feature::mp))
            answer_processors();
        if (is_requested(Feature::memory_map)) {
            record_.buffers_ = TRY(NormaliseBuffers::create(arena_, ranges));
            answer_memory_map();
        }
        if (error_)
            return std::unexpected(*error_);
        return {};
    }

  private:
    uint64_t address(const void* pointer) const { return record_.to_virtual(pointer).value; }
    uint64_t in_direct_map(uint64_t physical) const { return record_.direct_map_.value + physical; }
    bool is_requested(Feature feature) const { return own_.address(feature) != 0; }

    /// Empty where memory has run out.
    template<class T>
    std::span<T> array(std::size_t count) {
        const auto words = arena_.array<uint64_t>((count * sizeof(T) + 7) / 8);
        if (!words) {
            error_ = words.error();
            return {};
        }
        return {reinterpret_cast<T*>(words->data()), count};
    }
    /// The kernel's address of a copy.
    uint64_t copy(Bytes bytes) {
        const auto memory = array<std::byte>(bytes.size());
        std::copy_n(bytes.begin(), memory.size(), memory.begin());
        return address(memory.data());
    }
    uint64_t text(std::string_view text) {
        const auto memory = array<char>(text.size() + 1);
        if (!memory.empty())
            std::ranges::copy(text, memory.begin());
        return address(memory.data());
    }
    uint64_t path(std::string_view path) {
        const auto memory = array<char>(path.size() + 1);
        if (!memory.empty())
            std::ranges::replace_copy(path, memory.begin(), '\\', '/');
        return address(memory.data());
    }

    /// A request, or the tag, in the loaded kernel.
    template<class T>
    T* loaded(uint64_t linked) const {
        const LoadPlan& plan = facts_.kernel.plan;
        return reinterpret_cast<T*>(record_.frames_.access(plan.loaded({linked + plan.slide})));
    }
    /// A response of revision 0, or what its first word says; its address. Nothing where there is
    /// no request.
    uint64_t answer(Feature feature, std::initializer_list<uint64_t> words) {
        if (!is_requested(feature))
            return 0;
        const uint64_t response = copy(std::as_bytes(std::span(words)));
        loaded<limine::Request>(own_.address(feature))->response = response;
        return response;
    }

    void mark_revision() const {
        if (own_.tag == 0)
            return;
        auto* const tag = loaded<limine::RevisionTag>(own_.tag);
        tag->magic[1] = own_.revision;
        tag->revision = 0;
    }

    void answer_about_loader() {
        answer(Feature::bootloader_info, {0, text("Baton"), text(BATON_VERSION)});
        answer(Feature::hhdm, {0, record_.direct_map_.value});
        answer(Feature::paging_mode, {0, facts_.kernel.five_level ? limine::kPagingFiveLevels
                                                                  : limine::kPagingFourLevels});
        for (const Feature feature :
             {Feature::stack_size, Feature::entry_point, Feature::keep_iommu})
            answer(feature, {0});
        if (facts_.tsc_hz != 0)
            record_.performance_ = answer(Feature::bootloader_performance, {0, 0, 0, 0});
    }

    void answer_about_kernel() {
        const Kernel& kernel = facts_.kernel;
        const VirtAddr base = kernel.plan.regions.front().pages.base;
        answer(Feature::executable_address, {0, kernel.plan.physical(base).value, base.value});
        const uint64_t command_line = text(facts_.command_line);
        answer(Feature::executable_cmdline, {0, command_line});
        if (kernel.whole_file)
            answer(Feature::executable_file,
                   {0, file({kernel.whole_file->base, kernel.whole_file->bytes.size()}, kernel.path,
                            command_line)});
    }

    void answer_modules() {
        const auto pointers = array<uint64_t>(facts_.modules.size());
        for (std::size_t i = 0; i < pointers.size(); ++i) {
            const Module& module = facts_.modules[i];
            pointers[i] = file(module.contents, module.path, text(module.string));
        }
        constexpr uint64_t kInternalAndCompressed = 2;
        if (!pointers.empty())
            answer(Feature::modules,
                   {kInternalAndCompressed, pointers.size(), address(pointers.data())});
    }

    /// The address of its record.
    uint64_t file(PhysRange contents, std::string_view file_path, uint64_t string) {
        const BatonBootDevice& device = facts_.machine.boot_device;
        limine::File file{};
        file.address = in_direct_map(contents.base.value);
        file.bytes = contents.bytes;
        file.path = path(file_path);
        file.string = string;
        file.partition_index = device.partition_number;
        file.mbr_disk_id = device.mbr_signature;
        std::memcpy(&file.gpt_disk, &device.disk_guid, sizeof file.gpt_disk);
        std::memcpy(&file.gpt_partition, &device.partition_guid, sizeof file.gpt_partition);
        if (device.kind == BATON_BOOT_DEVICE_NETWORK) {
            constexpr uint32_t kTftpPort = 69;
            file.media_type = limine::kMediaTftp;
            file.tftp_port = kTftpPort;
            if (device.server_address_bytes == sizeof file.tftp_ip)
                std::memcpy(&file.tftp_ip, device.server_address, sizeof file.tftp_ip);
        }
        return copy(std::as_bytes(std::span(&file, 1)));
    }

    void answer_about_firmware() {
        const MachineFacts& machine = facts_.machine;
        const uint64_t system_table = machine.efi_system_table;
        const bool only_3 = own_.revision == 3;
        const bool only_3_and_4 = only_3 || own_.revision == 4;
        const auto pointer = [&](uint64_t physical, bool stays_physical) {
            return physical == 0 || stays_physical ? physical : in_direct_map(physical);
        };
        answer(Feature::firmware_type,
               {0, system_table != 0 ? limine::kFirmwareEfi64 : limine::kFirmwareBios});
        if (machine.rsdp != 0)
            answer(Feature::rsdp, {0, pointer(machine.rsdp, only_3)});
        if (system_table != 0)
            answer(Feature::efi_system_table, {0, pointer(system_table, only_3_and_4)});
        if (machine.unix_time_seconds != 0)
            answer(Feature::date_at_boot, {0, static_cast<uint64_t>(machine.unix_time_seconds)});
        if ((machine.smbios | machine.smbios3) != 0)
            answer(Feature::smbios, {0, pointer(machine.smbios, only_3_and_4),
                                     pointer(machine.smbios3, only_3_and_4)});
        if (is_requested(Feature::efi_memory_map)) {
            auto* const request = loaded<limine::Request>(own_.address(Feature::efi_memory_map));
            const uint64_t untouched = request->response;
            record_.efi_map_ = answer(Feature::efi_memory_map, {0, 0, 0, 0, 0});
            request->response = untouched; // until there is a map
            record_.efi_map_request_ = request;
        }
    }

    void answer_framebuffers() {
        const auto pointers = array<uint64_t>(facts_.displays.size());
        for (std::size_t i = 0; i < pointers.size(); ++i)
            pointers[i] = framebuffer(facts_.displays[i]);
        constexpr uint64_t kWithModes = 1;
        if (!pointers.empty())
            answer(Feature::framebuffer, {kWithModes, pointers.size(), address(pointers.data())});
    }

    /// Of a framebuffer or a mode, which have the same fields.
    template<class To, class From>
    static void set_format(To& to, const From& from) {
        to.width = from.width_pixels;
        to.height = from.height_pixels;
        to.pitch = from.pitch_bytes;
        to.bits_per_pixel = from.bits_per_pixel;
        to.memory_model = limine::kRgb;
        to.red_bits = from.red_bits;
        to.red_shift = from.red_shift;
        to.green_bits = from.green_bits;
        to.green_shift = from.green_shift;
        to.blue_bits = from.blue_bits;
        to.blue_shift = from.blue_shift;
    }

    uint64_t framebuffer(const Display& display) {
        limine::Framebuffer screen{};
        set_format(screen, display.framebuffer);
        screen.address = in_direct_map(display.framebuffer.base_physical);
        screen.edid_bytes = display.edid.size();
        screen.edid = display.edid.empty() ? 0 : copy(display.edid);
        const auto pointers = array<uint64_t>(display.modes.size());
        for (std::size_t i = 0; i < pointers.size(); ++i) {
            if (display.modes[i].linear == 0)
                continue;
            limine::VideoMode mode{};
            set_format(mode, display.modes[i]);
            pointers[screen.mode_count++] = copy(std::as_bytes(std::span(&mode, 1)));
        }
        screen.modes = address(pointers.data());
        return copy(std::as_bytes(std::span(&screen, 1)));
    }

    /// That of the kernel, and those that stage 2 starts.
    void answer_processors() {
        const auto all = facts_.processors;
        record_.processors_ = array<limine::Processor>(all.size());
        const auto pointers = array<uint64_t>(all.size());
        uint64_t count = 0;
        for (std::size_t i = 0; i < pointers.size(); ++i) {
            limine::Processor& processor = record_.processors_[i];
            processor = {.uid = all[i].facts.uid,
                         .id = all[i].facts.id,
                         .reserved = 0,
                         .go = 0,
                         .argument = 0};
            if (i == 0 || all[i].is_started)
                pointers[count++] = address(&processor);
        }
        const uint64_t flags = facts_.x2apic ? limine::kX2apic : 0;
        answer(Feature::mp,
               {0, flags | uint64_t{all.front().facts.id} << 32, count, address(pointers.data())});
    }

    /// Which is filled in once nothing can be allocated any more.
    void answer_memory_map() {
        // One more, where page 0 becomes an entry of its own.
        record_.entries_ = array<limine::MemoryEntry>(record_.buffers_.result.size() + 1);
        const auto pointers = array<uint64_t>(record_.entries_.size());
        for (std::size_t i = 0; i < pointers.size(); ++i)
            pointers[i] = address(&record_.entries_[i]);
        record_.memory_map_ = answer(Feature::memory_map, {0, 0, address(pointers.data())});
    }

    LimineRecord& record_;
    const LimineRequests& own_;
    const BootFacts& facts_;
    Arena& arena_;
    std::optional<Error> error_;
};

Result<LimineRecord*> LimineRecord::make(const BootFacts& facts, std::size_t ranges,
                                         FrameSource& frames) {
    FrameArena arena(frames, MemoryUse::boot_info);
    const auto segments = TRY(arena.array<uint64_t>(std::size(kDescriptors)));
    std::ranges::copy(kDescriptors, segments.begin());
    LimineRecord* const record = TRY(arena.make<LimineRecord>(facts, frames));
    record->segments_ = segments;
    TRY(Writer(*record, facts, arena).write(ranges));
    return record;
}

EntryState LimineRecord::entry_state() const {
    EntryState state{.pat = kPat,
                     .segments = {.table = address(),
                                  .bytes = sizeof kDescriptors,
                                  .code = kCode,
                                  .data = kData,
                                  .task = kTask}};
    if (own_.revision >= 5) {
        state.cr0 = kCr0;
        state.cr4 = kCr4;
    }
    return state;
}

ProcessorWords LimineRecord::processor(std::size_t index) const {
    const limine::Processor& processor = processors_[index];
    return {.record = to_virtual(&processor), .go = to_virtual(&processor.go)};
}

limine::MemoryType LimineRecord::type_of(const NormalisedRange& range) const {
    switch (range.type) {
    case BATON_MEMORY_USABLE:
        return is_the_firmwares(range) ? limine::kBootloaderReclaimable : limine::kUsable;
    case BATON_MEMORY_LOADER_RECLAIMABLE:
        return range.has_tables && own_.revision >= 4 ? limine::kReservedMapped
                                                      : limine::kBootloaderReclaimable;
    case BATON_MEMORY_KERNEL_AND_MODULES:
        return limine::kExecutableAndModules;
    case BATON_MEMORY_ACPI_RECLAIMABLE:
        return limine::kAcpiReclaimable;
    case BATON_MEMORY_ACPI_NVS:
        return limine::kAcpiNvs;
    case BATON_MEMORY_RUNTIME_SERVICES:
        return own_.revision >= 5 ? limine::kReservedMapped : limine::kReserved;
    case BATON_MEMORY_FRAMEBUFFER:
        return limine::kFramebuffer;
    case BATON_MEMORY_BAD:
        return limine::kBadMemory;
    default:
        return range.has_tables && own_.revision >= 4 ? limine::kReservedMapped : limine::kReserved;
    }
}

void LimineRecord::set_memory_map(std::span<const TypedRange> ranges) {
    if (memory_map_ == 0)
        return;
    std::size_t count = 0;
    const auto add = [&](PhysRange range, limine::MemoryType type) {
        limine::MemoryEntry* const last = count == 0 ? nullptr : &entries_[count - 1];
        if (last != nullptr && last->type == type && last->base + last->length == range.base.value)
            last->length += range.bytes;
        else if (!range.empty())
            entries_[count++] = {range.base.value, range.bytes, type};
    };
    for (const NormalisedRange& normalised : normalise(ranges, buffers_)) {
        PhysRange range = normalised.range;
        const limine::MemoryType type = type_of(normalised);
        if (range.base.value == 0 && type == limine::kUsable && own_.revision <= 2) {
            add({{0}, kPageBytes}, limine::kReserved);
            range = {{kPageBytes}, range.bytes - kPageBytes};
        }
        add(range, type);
    }
    at<limine::List>(memory_map_)->count = count;
}

void LimineRecord::complete(const LastFacts& facts) {
    if (efi_map_ != 0 && !facts.firmware_map.bytes.empty()) {
        *at<limine::EfiMemoryMap>(efi_map_) = {
            .revision = 0,
            .map = to_virtual(facts.firmware_map.bytes.data()).value,
            .bytes = facts.firmware_map.bytes.size(),
            .descriptor_bytes = facts.firmware_map.descriptor_bytes,
            .descriptor_version = facts.firmware_map.descriptor_version};
        efi_map_request_->response = efi_map_;
    }
    if (performance_ != 0 && !facts.steps.empty()) {
        // The TSC counts from the reset on.
        const uint64_t ticks_per_us = std::max<uint64_t>(tsc_hz_ / 1'000'000, 1);
        *at<limine::Performance>(performance_) = {.revision = 0,
                                                  .reset = 0,
                                                  .init = facts.steps.front().tsc / ticks_per_us,
                                                  .exec = facts.steps.back().tsc / ticks_per_us};
    }
}

} // namespace baton
