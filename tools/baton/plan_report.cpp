// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/plan_report.hpp"

#include "core/text.hpp"
#include "paging/entry.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace baton::tool {
namespace {

using namespace baton::paging;

std::string access_text(bool read, bool write, bool execute) {
    return {read ? 'r' : '-', write ? 'w' : '-', execute ? 'x' : '-'};
}

/// Reads the page tables as the processor would.
class TableReader {
  public:
    TableReader(const Rehearsal& rehearsal, PlanReport& report)
        : rehearsal_(rehearsal),
          report_(report) {}

    void read() { read_table({report_.root}, report_.levels, 0); }

  private:
    void read_table(PhysAddr table, unsigned level, uint64_t base) {
        for (std::size_t i = 0; i < kEntriesPerTable; ++i) {
            const uint64_t entry = rehearsal_.read(table + i * sizeof(uint64_t));
            uint64_t address = base + i * entry_bytes(level);
            if (level == report_.levels && i >= kEntriesPerTable / 2) // the upper half
                address |= ~uint64_t{0} << address_bits(level == kLevelsLa57);
            if ((entry & kPresent) == 0)
                continue;
            if (level > 1 && (entry & kPageSize) == 0)
                read_table({entry & kAddressMask}, level - 1, address);
            else
                add(address, entry, level);
        }
    }

    void add(uint64_t address, uint64_t entry, unsigned level) {
        const uint64_t mask = level == 1 ? kAddressMask : kLargeAddressMask;
        PageRange page{.base = address,
                       .physical = entry & mask,
                       .page_bytes = entry_bytes(level),
                       .pages = 1,
                       .access =
                           access_text(true, (entry & kWritable) != 0, (entry & kNoExecute) == 0),
                       .caching = caching(entry, level)};
        if (!report_.pages.empty()) {
            PageRange& last = report_.pages.back();
            const uint64_t bytes = last.pages * last.page_bytes;
            if (last.page_bytes == page.page_bytes && last.access == page.access &&
                last.caching == page.caching && last.base + bytes == page.base &&
                last.physical + bytes == page.physical) {
                ++last.pages;
                return;
            }
        }
        report_.pages.push_back(std::move(page));
    }

    static std::string caching(uint64_t entry, unsigned level) {
        const bool pat = (entry & (level == 1 ? kPatSmall : kPatLarge)) != 0;
        const unsigned index = (pat ? 4 : 0) + ((entry & kCacheDisable) != 0 ? 2 : 0) +
                               ((entry & kWriteThrough) != 0 ? 1 : 0);
        return index == 0                         ? "write-back"
               : index == kWriteCombiningPatIndex ? "write-combining"
                                                  : "uncacheable";
    }

    const Rehearsal& rehearsal_;
    PlanReport& report_;
};

/// Where the page tables say that an address is.
uint64_t translate(const PlanReport& report, uint64_t address) {
    for (const PageRange& range : report.pages)
        if (address - range.base < range.pages * range.page_bytes)
            return range.physical + (address - range.base);
    return 0;
}

void add_kernel(const LoadPlan& plan, std::vector<VirtualPart>& parts) {
    for (const Segment& segment : plan.segments) {
        Text what;
        what.add("kernel, segment ").decimal(segment.program_header);
        if (segment.memory.contains(plan.entry))
            what.add(", entry");
        parts.push_back({.base = segment.memory.base.value,
                         .bytes = segment.memory.bytes,
                         .access = access_text((segment.flags & elf::PF_R) != 0,
                                               (segment.flags & elf::PF_W) != 0,
                                               (segment.flags & elf::PF_X) != 0),
                         .what = string_of(what)});
    }
}

/// Each with the guard page between it and the next one.
void add_processor_stacks(const ProcessorPlan& processors, std::vector<VirtualPart>& parts) {
    for (const ListedProcessor& processor : processors.all) {
        if (!processor.is_started)
            continue;
        const uint64_t base = processor.stack.base.value;
        parts.push_back(
            {.base = processors.guard_bytes != 0 ? base - kPageBytes : base + processor.stack.bytes,
             .bytes = kPageBytes,
             .access = "---",
             .what = "guard page"});
        parts.push_back({.base = base,
                         .bytes = processor.stack.bytes,
                         .access = "rw-",
                         .what = "another processor's stack"});
    }
}

const char* identity_name(const PreparedBoot& boot, PhysAddr base) {
    const Stage2Block& stage2 = boot.stage2.block;
    if (base == stage2.code().base)
        return "stage 2, code";
    if (base == stage2.data().base)
        return "stage 2, data";
    if (base == boot.processors.trampoline)
        return "processor trampoline";
    if (base == boot.processors.areas)
        return "processor areas";
    if (base == boot.processors.local_apic)
        return "local APIC's registers";
    const bool is_device = base.value >= 0xfec0'0000 && base.value < 0xff00'0000;
    return is_device ? "watchdog's registers" : "handoff record";
}

void add_surroundings(const Rehearsal& rehearsal, std::vector<VirtualPart>& parts) {
    const Layout& layout = rehearsal.boot().memory.layout;
    parts.push_back({.base = layout.direct_map.base.value,
                     .bytes = layout.direct_map.bytes,
                     .access = "rw-",
                     .what = "direct map of all memory"});
    const uint64_t stack = layout.stack.base.value;
    for (const uint64_t guard : {stack - kPageBytes, stack + layout.stack.bytes})
        parts.push_back(
            {.base = guard, .bytes = kPageBytes, .access = "---", .what = "guard page"});
    parts.push_back(
        {.base = stack, .bytes = layout.stack.bytes, .access = "rw-", .what = "kernel stack"});
    add_processor_stacks(rehearsal.boot().processors, parts);
    for (const IdentityMapping& mapping : rehearsal.boot().tables.identity)
        parts.push_back({.base = mapping.range.base.value,
                         .bytes = mapping.range.bytes,
                         .access = access_text(true, mapping.access == Access::read_write,
                                               mapping.access == Access::read_execute),
                         .what = identity_name(rehearsal.boot(), mapping.range.base)});
}

std::string type_name(uint32_t type) {
    switch (type) {
    case BATON_MEMORY_USABLE:
        return "usable";
    case BATON_MEMORY_LOADER_RECLAIMABLE:
        return "loader, reclaimable";
    case BATON_MEMORY_KERNEL_AND_MODULES:
        return "kernel and modules";
    case BATON_MEMORY_ACPI_RECLAIMABLE:
        return "ACPI, reclaimable";
    case BATON_MEMORY_ACPI_NVS:
        return "ACPI NVS";
    case BATON_MEMORY_FRAMEBUFFER:
        return "framebuffer";
    case BATON_MEMORY_PERSISTENT:
        return "persistent";
    case BATON_MEMORY_BAD:
        return "bad";
    default:
        return "reserved";
    }
}

std::string padded(std::string text, std::size_t columns) {
    text.resize(std::max(columns, text.size()), ' ');
    return text;
}

/// "0x… - 0x…  SIZE", the last address included.
std::string range_text(uint64_t base, uint64_t bytes, unsigned digits) {
    Text text;
    text.hex(base, digits).add(" - ").hex(base + (bytes - 1), digits);
    return string_of(text) + "  " + padded(size_text(bytes), 10);
}

} // namespace

PlanReport report_on(const Rehearsal& rehearsal) {
    const PreparedBoot& boot = rehearsal.boot();
    const LoadPlan& plan = boot.kernel.plan;
    PlanReport report{.kernel = std::string(boot.kernel.path),
                      .protocol = std::string(boot.kernel.protocol->name()),
                      .is_32_bit = boot.record->entry_state().is_32_bit,
                      .entry = plan.entry.value,
                      .slide = plan.slide,
                      .root = boot.tables.root.value,
                      .levels = boot.kernel.five_level ? kLevelsLa57 : kLevels,
                      .table_frames = boot.tables.frames};
    TableReader(rehearsal, report).read();
    add_kernel(plan, report.parts);
    add_surroundings(rehearsal, report.parts);
    for (VirtualPart& part : report.parts)
        if (part.access != "---")
            part.physical = translate(report, part.base);
    std::ranges::sort(report.parts, {}, &VirtualPart::base);
    for (const Region& region : plan.regions)
        if (region.is_moved())
            report.moves.push_back(
                {region.loaded.value, region.physical.value, region.pages.bytes});
    for (const NormalisedRange& range : rehearsal.memory_map())
        report.physical.push_back({.base = range.range.base.value,
                                   .bytes = range.range.bytes,
                                   .type = type_name(range.type),
                                   .what = range.origin != nullptr ? range.origin : ""});
    return report;
}

std::string as_table(const PlanReport& report) {
    Text head;
    head.add(report.kernel).add(": protocol ").add(report.protocol).add(", entry ");
    head.hex(report.entry).add(report.is_32_bit ? " in 32-bit mode without paging" : "");
    head.add(", slide ").hex(report.slide);
    head.add("; page tables at ").hex(report.root).add(", ").decimal(report.levels);
    head.add(" levels, ").count(report.table_frames, "frame");
    std::string text = string_of(head) + "\n";
    for (const Move& move : report.moves)
        text += "stage 2 moves " + size_text(move.bytes) + " from " + hex_text(move.from) + " to " +
                hex_text(move.to) + "\n";
    text += report.is_32_bit ? "\nVirtual addresses, of stage 2\n" : "\nVirtual addresses\n";
    for (const VirtualPart& part : report.parts) {
        text +=
            "  " + range_text(part.base, part.bytes, 16) + "  " + part.access + "  " + part.what;
        if (part.access != "---")
            text += "  at " + hex_text(part.physical);
        text += "\n";
    }
    text += "\nPages\n";
    for (const PageRange& range : report.pages)
        text += "  " + range_text(range.base, range.pages * range.page_bytes, 16) + "  " +
                range.access + "  " +
                padded(std::to_string(range.pages) + " x " + size_text(range.page_bytes), 14) +
                "  at " + hex_text(range.physical) + "  " + range.caching + "\n";
    text += "\nPhysical memory\n";
    for (const PhysicalPart& part : report.physical)
        text += "  " + range_text(part.base, part.bytes, 12) + "  " +
                padded(part.type, part.what.empty() ? 0 : 20) + (part.what.empty() ? "" : "  ") +
                part.what + "\n";
    return text;
}

std::string as_json(const PlanReport& report) {
    using Json = nlohmann::ordered_json;
    Json parts = Json::array();
    for (const VirtualPart& part : report.parts) {
        parts.push_back({{"base", hex_text(part.base)},
                         {"bytes", part.bytes},
                         {"access", part.access},
                         {"what", part.what}});
        if (part.access != "---")
            parts.back()["physical"] = hex_text(part.physical);
    }
    Json pages = Json::array();
    for (const PageRange& range : report.pages)
        pages.push_back({{"base", hex_text(range.base)},
                         {"physical", hex_text(range.physical)},
                         {"page_bytes", range.page_bytes},
                         {"pages", range.pages},
                         {"access", range.access},
                         {"caching", range.caching}});
    Json moves = Json::array();
    for (const Move& move : report.moves)
        moves.push_back(
            {{"from", hex_text(move.from)}, {"to", hex_text(move.to)}, {"bytes", move.bytes}});
    Json physical = Json::array();
    for (const PhysicalPart& part : report.physical)
        physical.push_back({{"base", hex_text(part.base)},
                            {"bytes", part.bytes},
                            {"type", part.type},
                            {"what", part.what}});
    const Json all = {{"kernel", report.kernel},
                      {"protocol", report.protocol},
                      {"mode", report.is_32_bit ? "32-bit, no paging" : "64-bit"},
                      {"entry", hex_text(report.entry)},
                      {"moves", moves},
                      {"slide", hex_text(report.slide)},
                      {"page_tables",
                       {{"root", hex_text(report.root)},
                        {"levels", report.levels},
                        {"frames", report.table_frames},
                        {"ranges", pages}}},
                      {"virtual", parts},
                      {"physical", physical}};
    return all.dump(2) + "\n";
}

} // namespace baton::tool
