// SPDX-License-Identifier: BSD-2-Clause
//
// B: the BootInfo record itself, its arrays and its texts.
#include "context.hpp"
#include "own_image.hpp"
#include "processor.hpp"

namespace conformance {
namespace {

constexpr uint64_t kMHz = 1'000'000;

struct Array {
    std::string_view name;
    uint64_t address;
    uint32_t count;
    uint32_t entry_bytes;
    uint64_t least_entry_bytes;
};

void check_arrays(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    const Array arrays[] = {
        {"memory_map", info.memory_map, info.memory_map_count, info.memory_map_entry_bytes,
         sizeof(BatonMemoryRange)},
        {"kernel_segments", info.kernel_segments, info.kernel_segment_count,
         info.kernel_segment_entry_bytes, sizeof(BatonKernelSegment)},
        {"framebuffers", info.framebuffers, info.framebuffer_count, info.framebuffer_entry_bytes,
         sizeof(BatonFramebuffer)},
        {"modules", info.modules, info.module_count, info.module_entry_bytes, sizeof(BatonModule)},
        {"identity_mappings", info.identity_mappings, info.identity_mapping_count,
         info.identity_mapping_entry_bytes, sizeof(BatonIdentityMapping)},
        {"time_stamps", info.time_stamps, info.time_stamp_count, info.time_stamp_entry_bytes,
         sizeof(BatonTimeStamp)},
        {"watchdog_disarm", info.watchdog_disarm, info.watchdog_disarm_count,
         info.watchdog_disarm_entry_bytes, sizeof(BatonRegisterWrite)},
    };
    for (const Array& array : arrays) {
        if (array.count == 0)
            continue;
        verdict.expect(array.entry_bytes >= array.least_entry_bytes, array.name, array.entry_bytes);
        verdict.equal(array.name, 0, array.entry_bytes % 8);
        context.expect_record(verdict, array.name, array.address,
                              uint64_t{array.count} * array.entry_bytes);
    }
    verdict.expect(info.memory_map_count != 0, "a memory map");
    verdict.expect(info.kernel_segment_count != 0, "segments");
}

void check_texts(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    context.expect_text(verdict, "a text in command_line", info.command_line);
    context.expect_text(verdict, "a text in kernel_path", info.kernel_path);
    context.expect_text(verdict, "a text in firmware_vendor", info.firmware_vendor);
    context.expect_text(verdict, "a text in boot_device.device_path", info.boot_device.device_path);
    context.expect_text(verdict, "a text in boot_device.loader_path", info.boot_device.loader_path);
    context.expect_text(verdict, "a text in previous_boot.text", info.previous_boot.text);
    for (const BatonModule& module : context.view().modules()) {
        context.expect_text(verdict, "a text in a module's path", module.path);
        context.expect_text(verdict, "a text in a module's string", module.string);
    }
    for (const BatonMemoryRange& range : context.view().memory_map())
        context.expect_text(verdict, "a text in a range's origin", range.origin);
}

template<size_t kBytes>
bool is_named(const char (&field)[kBytes]) {
    return field[0] != '\0' && field[kBytes - 1] == '\0';
}

void check_loader_name(Verdict& verdict, const Context& context) {
    verdict.expect(is_named(context.info.loader_name), "a name with a NUL");
    verdict.expect(is_named(context.info.loader_version), "a version with a NUL");
    verdict.expect(context.view().loader_name().starts_with("Baton"), "Baton");
}

void check_flags(Verdict& verdict, const Context& context) {
    constexpr uint64_t kKnown = BATON_FLAG_WRITE_EXECUTE | BATON_FLAG_KASLR | BATON_FLAG_5_LEVEL |
                                BATON_FLAG_STACK_EXECUTABLE_WANTED | BATON_FLAG_RUNTIME_MAPPED |
                                BATON_FLAG_SEED_FROM_FIRMWARE | BATON_FLAG_SEED_FROM_PROCESSOR;
    constexpr uint64_t kCr4La57 = 1u << 12;
    if (context.info.version == BATON_BOOT_INFO_VERSION)
        verdict.equal("unknown flags", 0, context.info.flags & ~kKnown);
    verdict.equal("5_LEVEL is CR4.LA57", (context.entry.cr4 & kCr4La57) != 0,
                  context.has_flag(BATON_FLAG_5_LEVEL));
    if (context.has_flag(BATON_FLAG_KASLR))
        verdict.expect(own_image::is_position_independent(), "KASLR for ET_DYN only");
    const auto stack = own_image::segment_of_type(elf::PT_GNU_STACK);
    const bool is_wanted = stack && (stack->flags & elf::PF_X) != 0;
    verdict.equal("STACK_EXECUTABLE_WANTED", is_wanted,
                  context.has_flag(BATON_FLAG_STACK_EXECUTABLE_WANTED));
    bool is_demanded = false;
    context.tables.for_each_page([&](const Leaf& leaf) {
        is_demanded = is_demanded ||
                      (leaf.writable && leaf.executable && !context.is_runtime_page(leaf, true));
    });
    verdict.equal("WRITE_EXECUTE", is_demanded, context.has_flag(BATON_FLAG_WRITE_EXECUTE));
}

void check_reserved(Verdict& verdict, const Context& context) {
    for (const BatonKernelSegment& segment : context.view().kernel_segments())
        verdict.equal("kernel_segments", 0, segment.reserved);
    for (const BatonIdentityMapping& mapping : context.view().identity_mappings())
        verdict.equal("identity_mappings", 0, mapping.reserved);
    for (const BatonRegisterWrite& write : context.view().watchdog_disarm())
        verdict.equal("watchdog_disarm", 0, write.reserved);
    verdict.equal("firmware_state", 0, context.info.firmware_state.reserved);
}

void check_time_stamps(Verdict& verdict, const Context& context) {
    uint64_t last = 0;
    verdict.expect(context.info.time_stamp_count >= 2, "some time stamps",
                   context.info.time_stamp_count);
    for (const BatonTimeStamp& stamp : context.view().time_stamps()) {
        verdict.expect(is_named(stamp.name), "a name with a NUL", stamp.tsc);
        verdict.expect(stamp.tsc != 0 && stamp.tsc >= last, "ascending time", stamp.tsc);
        last = stamp.tsc;
    }
    verdict.expect(last <= context.entry.tsc, "the past", last);
}

void check_tsc_hz(Verdict& verdict, const Context& context) {
    const uint64_t hz = context.info.tsc_hz;
    if (hz == 0)
        return verdict.absent("tsc-hz");
    verdict.expect(hz >= 100 * kMHz && hz <= 10'000 * kMHz, "100 MHz to 10 GHz", hz);
}

/// Memory that the kernel will use, but for its own stack. The search is in words.
void check_seed_is_nowhere_else(Verdict& verdict, const Context& context) {
    constexpr size_t kWords = sizeof context.info.random_seed / sizeof(uint64_t);
    const auto* const seed = reinterpret_cast<const uint64_t*>(context.info.random_seed);
    const uint64_t stack = context.tables.translate(context.info.stack_base).physical;
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        if (range.type != BATON_MEMORY_USABLE && range.type != BATON_MEMORY_LOADER_RECLAIMABLE)
            continue;
        const auto* word =
            reinterpret_cast<const uint64_t*>(context.info.direct_map_base + range.base_physical);
        for (const uint64_t* const end = word + range.bytes / sizeof *word; word != end; ++word) {
            const uint64_t value = *word;
            bool is_found = false;
            for (size_t i = 0; i < kWords; ++i)
                is_found = is_found || value == seed[i];
            if (!is_found)
                continue;
            const auto address = reinterpret_cast<uint64_t>(word);
            const bool is_own =
                address - reinterpret_cast<uint64_t>(seed) < kWords * sizeof *seed ||
                address - context.info.direct_map_base - stack < context.info.stack_bytes;
            verdict.expect(is_own, "the seed in BootInfo alone", address);
        }
    }
}

void check_seed(Verdict& verdict, const Context& context) {
    bool is_seen[256] = {};
    unsigned distinct = 0;
    for (const uint8_t byte : context.info.random_seed) {
        distinct += is_seen[byte] ? 0 : 1;
        is_seen[byte] = true;
    }
    // 64 random bytes have 57 values on average; fewer than 32 come up once in 10^20 boots.
    verdict.expect(distinct >= 32, "bytes that differ", distinct);
    if (context.expectations.has_option("search"))
        check_seed_is_nowhere_else(verdict, context);
}

void check_clock(Verdict& verdict, const Context& context) {
    constexpr int64_t k2020 = 1'577'836'800;
    constexpr int64_t k2100 = 4'102'444'800;
    const BatonBootInfo& info = context.info;
    if (info.unix_time_seconds == 0) {
        verdict.equal("unix_time_tsc", 0, info.unix_time_tsc);
        return verdict.absent("clock");
    }
    verdict.expect(info.unix_time_seconds > k2020 && info.unix_time_seconds < k2100,
                   "a date of this century", static_cast<uint64_t>(info.unix_time_seconds));
    verdict.expect(info.unix_time_tsc != 0 && info.unix_time_tsc <= context.entry.tsc,
                   "read before the kernel began", info.unix_time_tsc);
}

void check_acknowledgement(Verdict& verdict, const Context& context) {
    verdict.equal("acknowledged", context.has_acknowledged ? BATON_ACKNOWLEDGED : 0,
                  context.info.acknowledged);
}

void check_previous_boot(Verdict& verdict, const Context& context) {
    const BatonPreviousBoot& boot = context.info.previous_boot;
    const std::string_view text = context.text_at(boot.text);
    verdict.equal("text_bytes", text.size(), boot.text_bytes);
    for (const char character : text)
        verdict.expect(character == '\n' || (character >= ' ' && character <= '~'), "text",
                       static_cast<uint8_t>(character));
    const bool has_fault = boot.state == BATON_PREVIOUS_BOOT_FAULT;
    verdict.equal("has a text", has_fault || boot.state == BATON_PREVIOUS_BOOT_FAILED,
                  !text.empty());
    if (has_fault)
        return;
    verdict.equal("vector", 0, boot.vector);
    verdict.equal("rip", 0, boot.rip);
    if (boot.state == BATON_PREVIOUS_BOOT_NONE)
        verdict.absent("previous-boot");
}

constexpr Promise kPromises[] = {
    {"B2", "arrays lie in the direct map, in loader-reclaimable memory", check_arrays},
    {"B3", "texts end in NUL, and are never null pointers", check_texts},
    {"B4", "the loader tells its name and version", check_loader_name},
    {"B5", "flags are known ones, and true", check_flags},
    {"B6", "reserved fields are 0", check_reserved},
    {"B7", "time stamps are named, ascend, and lie in the past", check_time_stamps},
    {"B8", "tsc_hz is plausible", check_tsc_hz},
    {"B9", "random_seed is filled", check_seed},
    {"B10", "the date and time are plausible", check_clock},
    {"B11", "acknowledged is 0 until the kernel acknowledges", check_acknowledgement},
    {"B12", "what is known of the previous boot agrees with its state", check_previous_boot},
};

} // namespace

std::span<const Promise> record_promises() {
    return kPromises;
}

} // namespace conformance
