// SPDX-License-Identifier: BSD-2-Clause
//
// Loads a file by each boot protocol, from recognising it to the record that the kernel reads.
//
// The input is the protocol that the boot entry names, and the file. Each step does what it
// promises or refuses the file with a named error; the kernel's bytes are where its plan says; and
// nothing that is needed lies where stage 2 moves it to.
#include "boot/fake_platform.hpp"
#include "boot/kernel.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"

#include <algorithm>
#include <array>

namespace baton::fuzz {
namespace {

class NoLines final : public LineSink {
  public:
    void write_line(std::string_view /*text*/) override {}
};

/// Its memory aside, the firmware has all from 64 KiB to 16 MiB, but for the usual hole.
void prepare(test::FakePlatform& platform, const Buffer& file) {
    platform.files["\\kernel"] = file;
    platform.restart();
    platform.elsewhere = {
        {.range = {{0x1'0000}, 0x9'0000}, .type = BATON_MEMORY_USABLE},
        {.range = {{0xa'0000}, 0x6'0000}, .type = BATON_MEMORY_RESERVED},
        {.range = {{0x10'0000}, 0xf0'0000}, .type = BATON_MEMORY_LOADER_RECLAIMABLE}};
}

class ProtocolBoot {
  public:
    ProtocolBoot(test::FakePlatform& platform, KernelProtocol protocol)
        : platform_(platform),
          arena_(platform.frames()) {
        entry_.kernel = "\\kernel";
        entry_.protocol = protocol;
    }

    Result<void> run() {
        const Services with{.platform = platform_, .log = log_, .arena = arena_};
        auto opened =
            TRY(open_kernel(with, entry_, {.huge_pages = true, .five_level_paging = true}));
        require(opened.protocol != nullptr, "a protocol is recognised");
        const RandomNumbers random{
            .seed = {}, .slide = 9, .from_firmware = true, .from_processor = true};
        const KernelPlan planned = TRY(plan_kernel(with, entry_, opened, random));
        const Kernel kernel = TRY(baton::load_kernel(with, entry_, opened, planned));
        check_plan(kernel.plan);
        check_contents(kernel);
        return write_record(kernel, random);
    }

  private:
    Result<void> write_record(const Kernel& kernel, const RandomNumbers& random) {
        const Layout layout{.direct_map = {kDirectMapBase, k4GiB.value},
                            .stack = {kDirectMapBase + 2 * k4GiB.value, kStackBytes}};
        const PreviousBoot previous{};
        constexpr std::size_t kMostRanges = 64;
        KernelRecord& record = *TRY(kernel.protocol->write({.kernel = kernel,
                                                            .modules = {},
                                                            .layout = layout,
                                                            .page_table_root = {0x1000},
                                                            .displays = {},
                                                            .identity = {},
                                                            .watchdog_disarm = {},
                                                            .machine = {},
                                                            .random = random,
                                                            .previous = previous,
                                                            .command_line = "words",
                                                            .path = BATON_BOOT_PATH_UEFI,
                                                            .tsc_hz = 0},
                                                           kMostRanges, platform_.frames()));
        std::array<TypedRange, kMostRanges> buffer{};
        const auto map = TRY(platform_.read_memory_map(buffer));
        record.set_memory_map(map);
        record.complete({.firmware_map = {}, .runtime_mapped = false, .log = {}, .steps = {}});
        const EntryState state = record.entry_state();
        require(state.is_32_bit == kernel.plan.without_paging,
                "32-bit code is what runs without paging");
        require(record.address().value != 0, "a record has an address");
        require(!state.is_32_bit || record.address().value < k4GiB.value,
                "what 32-bit code reads is below 4 GiB");
        check_destinations(kernel.plan);
        return {};
    }

    static void check_plan(const LoadPlan& plan) {
        const auto holds_entry = [&](const Segment& segment) {
            return plan.entry - segment.memory.base < segment.file_bytes;
        };
        require(std::ranges::any_of(plan.segments, holds_entry), "the entry is in a file's bytes");
        for (const Region& region : plan.regions) {
            require(!region.is_moved() || plan.placement == Placement::physical,
                    "only what goes to p_paddr is moved");
            require(!plan.without_paging || region.frames().end() <= k4GiB,
                    "32-bit code is below 4 GiB");
        }
    }

    /// Position-independent ones aside, whose relocations are another target's.
    void check_contents(const Kernel& kernel) {
        if (kernel.plan.dynamic)
            return;
        const Bytes file = platform_.files["\\kernel"];
        for (const Segment& segment : kernel.plan.segments) {
            const Bytes wanted = file.subspan(segment.file_offset, segment.file_bytes);
            const std::byte* const found =
                platform_.source.access(kernel.plan.loaded(segment.memory.base));
            require(std::equal(wanted.begin(), wanted.end(), found),
                    "a segment has the file's bytes");
        }
    }

    void check_destinations(const LoadPlan& plan) {
        for (const Region& region : plan.regions)
            for (const FrameBlock& block : platform_.dryable.blocks)
                require(!region.is_moved() || !block.range.overlaps(region.frames()),
                        "nothing is where stage 2 moves the kernel to");
    }

    test::FakePlatform& platform_;
    FrameArena arena_;
    BootEntry entry_{};
    NoLines lines_;
    std::array<char, 4096> log_memory_{};
    Log log_{lines_, {.read = [] { return uint64_t{0}; }, .start = 0, .hz = 0}, log_memory_};
};

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    constexpr uint64_t kMemoryBytes = uint64_t{2} << 20;
    constexpr unsigned kProtocols = static_cast<unsigned>(KernelProtocol::plain) + 1;
    static test::FakePlatform platform(kMemoryBytes);
    fuzz::Input input(data, size);
    const auto protocol = static_cast<KernelProtocol>(input.take<uint8_t>() % kProtocols);
    fuzz::prepare(platform, input.rest());
    fuzz::require_named(fuzz::ProtocolBoot(platform, protocol).run());
    return 0;
}
