// SPDX-License-Identifier: BSD-2-Clause
//
// All that a boot leaves behind, word by word: what it says of the loader's own blocks depends on
// where they lie, so a word that points into one of them shows its name.
#include "boot/fake_boot.hpp"
#include "support/page_walker.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sstream>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kText = 0xffff'ffff'8000'0000;

class Dump {
  public:
    Dump(FakePlatform& platform, const BatonHandoff& handoff)
        : platform_(platform),
          walker_([&platform](uint64_t physical) { return platform.read(physical); },
                  handoff.page_table_root, 0x0007'0406'0007'0406),
          info_address_(handoff.boot_info),
          info_(*at<BatonBootInfo>(info_address_)) {
        words("handoff", &handoff, sizeof handoff);
        words("segments", platform.source.access({handoff.segments}),
              handoff.segment_count * sizeof(BatonHandoffSegment));
        if (handoff.processor_count != 0)
            words("started processors", platform.source.access({handoff.processors}),
                  handoff.processor_count * sizeof(BatonHandoffProcessor));
        BatonBootInfo info = info_;
        info.log = info.log_bytes = 0; // the log is below
        info.memory_map_count = 0;     // depends on the loader's own blocks
        std::memset(info.loader_version, 0, sizeof info.loader_version);
        words("BootInfo", &info, sizeof info);
        array<BatonKernelSegment>("kernel_segments", info_.kernel_segments,
                                  info_.kernel_segment_count);
        array<BatonFramebuffer>("framebuffers", info_.framebuffers, info_.framebuffer_count);
        if (info_.framebuffer_count != 0) {
            const auto& screen = *at<BatonFramebuffer>(info_.framebuffers);
            array<BatonVideoMode>("modes", screen.modes, screen.mode_count);
        }
        array<BatonProcessor>("processors", info_.processors, info_.processor_count);
        identity_mappings();
        array<BatonModule>("modules", info_.modules, info_.module_count);
        for (uint64_t i = 0; i < info_.module_count; ++i) {
            const auto& module = at<BatonModule>(info_.modules)[i];
            text("path", module.path);
            text("string", module.string);
        }
        text("command_line", info_.command_line);
        text("kernel_path", info_.kernel_path);
        text("firmware_vendor", info_.firmware_vendor);
        text("device_path", info_.boot_device.device_path);
        text("previous boot", info_.previous_boot.text);
        array<std::byte>("build_id", info_.build_id, info_.build_id_bytes);
        array<BatonRegisterWrite>("watchdog_disarm", info_.watchdog_disarm,
                                  info_.watchdog_disarm_count);
        for (uint32_t i = 0; i < info_.time_stamp_count; ++i)
            out_ << "step " << at<BatonTimeStamp>(info_.time_stamps)[i].name << '\n';
        memory_map();
    }

    std::string str() const { return out_.str(); }

  private:
    template<class T>
    const T* at(uint64_t address) {
        const auto page = walker_.translate(address);
        return page ? reinterpret_cast<const T*>(platform_.source.access({page->physical}))
                    : nullptr;
    }
    template<class T>
    void array(const char* name, uint64_t address, uint64_t count) {
        if (count != 0)
            words(name, at<T>(address), count * sizeof(T));
    }
    /// Without the sizes of stage 2's parts, which change with it.
    void identity_mappings() {
        const auto* const first = at<BatonIdentityMapping>(info_.identity_mappings);
        std::vector mappings(first, first + info_.identity_mapping_count);
        mappings[0].bytes = mappings[1].bytes = 0;
        words("identity_mappings", mappings.data(), mappings.size() * sizeof mappings[0]);
    }
    void text(const char* name, uint64_t address) {
        // Also of literals, which are no memory of the platform's.
        const char* const shown = reinterpret_cast<const char*>(&info_) + (address - info_address_);
        out_ << name << " \"" << shown << "\"\n";
    }
    void words(const char* name, const void* data, std::size_t bytes) {
        out_ << name << '\n';
        for (std::size_t offset = 0; offset < bytes; offset += sizeof(uint64_t)) {
            uint64_t word = 0;
            std::memcpy(&word, static_cast<const std::byte*>(data) + offset,
                        std::min(sizeof word, bytes - offset));
            if (word != 0)
                out_ << "  " << std::hex << offset << std::dec << ": " << shown(word) << '\n';
        }
    }
    std::string shown(uint64_t word) {
        std::ostringstream out;
        for (const uint64_t base : {uint64_t{0}, kDirectMapBase.value})
            for (const FrameBlock& block : platform_.dryable.blocks)
                if (block.range.contains({word - base})) {
                    out << (base == 0 ? "" : "direct map of ") << block.label;
                    return out.str();
                }
        out << std::hex << word;
        return out.str();
    }
    /// Usable and the loader's own memory depends on the loader's blocks: of these only how much
    /// there is of what.
    void memory_map() {
        for (uint32_t i = 0; i < info_.memory_map_count; ++i) {
            const auto& range = at<BatonMemoryRange>(info_.memory_map)[i];
            if (range.type == BATON_MEMORY_USABLE || range.type == BATON_MEMORY_LOADER_RECLAIMABLE)
                continue;
            out_ << "memory " << shown(range.base_physical) << std::hex << ' ' << range.bytes
                 << " type " << range.type << ' ' << range.firmware_type << ' ' << range.attributes
                 << std::dec;
            text("", range.origin);
        }
    }

    FakePlatform& platform_;
    PageWalker walker_;
    uint64_t info_address_;
    const BatonBootInfo& info_;
    std::ostringstream out_;
};

class RecordGoldenTest : public testing::Test, protected FakeBoot {
  protected:
    /// Compares with golden/NAME.txt; the log too, without times and addresses of memory.
    void expect_golden(const std::string& name) {
        ASSERT_EQ(try_boot(), "good");
        std::string shown = Dump(platform_, *handoff_).str() + "log\n" + lines_.all;
        shown = std::regex_replace(shown, std::regex(R"(\[ *\d+ us\])"), "[]");
        shown =
            std::regex_replace(shown, std::regex(R"(\b0x(ffff8000)?1[01][0-9a-f]{6}\b)"), "MEMORY");
        shown = std::regex_replace(shown, std::regex(R"(, \d+ [kMG]?B/s)"), "");
        const Buffer golden = read_file(BATON_GOLDEN "/" + name + ".txt");
        EXPECT_EQ(shown, std::string(reinterpret_cast<const char*>(golden.data()), golden.size()));
        if (const char* const folder = std::getenv("BATON_WRITE_GOLDEN"))
            std::ofstream(std::string(folder) + "/" + name + ".txt") << shown;
    }
    ElfBuilder elf_ =
        ElfBuilder()
            .entry(kText + 0x10)
            .load({.vaddr = kText, .memory_bytes = 0x2000, .file_bytes = 0x2000, .offset = 0})
            .load({.vaddr = kText + 0x2000,
                   .memory_bytes = 0x3000,
                   .flags = kR | kW,
                   .file_bytes = 4,
                   .offset = 0x2000});
    void request(Buffer& file, uint64_t& offset, uint32_t type, uint64_t value0, uint64_t value1) {
        const BatonRequestNote note = {6, 20, type, BATON_REQUEST_OWNER, 0, {value0, value1}};
        std::memcpy(file.data() + offset, &note, sizeof note);
        offset += sizeof note;
    }
};

TEST_F(RecordGoldenTest, OfTheLeastKernel) {
    platform_.files["\\kernel"] = elf_.build(0x3000);
    expect_golden("least");
}

TEST_F(RecordGoldenTest, OfAKernelWithAllThatThereIs) {
    elf_.add({.p_type = elf::PT_NOTE,
              .p_flags = kR,
              .p_offset = 0x2800,
              .p_vaddr = 0,
              .p_paddr = 0,
              .p_filesz = 7 * sizeof(BatonRequestNote),
              .p_memsz = 7 * sizeof(BatonRequestNote),
              .p_align = 4});
    Buffer file = elf_.build(0x3000);
    uint64_t offset = 0x2800;
    request(file, offset, BATON_REQUEST_STACK, 0x5001, 0);
    request(file, offset, BATON_REQUEST_FRAMEBUFFER, 640, 480);
    request(file, offset, BATON_REQUEST_KERNEL_FILE, 1, 0);
    request(file, offset, BATON_REQUEST_WATCHDOG, 7, 0);
    request(file, offset, BATON_REQUEST_RUNTIME_MAP, 1, 0);
    request(file, offset, BATON_REQUEST_PROCESSORS, BATON_PROCESSORS_PARKED, 0x3000);
    request(file, offset, 99, 1, 0);
    processor_.apic = {.id = 3, .registers = {0xfee0'0000}, .is_on = true};
    platform_.listed = {{.id = 2, .uid = 12, .numa_domain = 1, .enabled = true},
                        {.id = 3, .uid = 13, .numa_domain = 1, .enabled = true},
                        {.id = 9, .uid = 19, .enabled = false},
                        {.id = 4, .uid = 14, .enabled = true}};
    platform_.files["\\kernel"] = file;
    platform_.files["\\initrd"] = Buffer(5000, std::byte{3});
    platform_.files["\\boot\\font.psf"] = Buffer();
    const BootModule modules[] = {{.path = "\\initrd", .string = "root"},
                                  {.path = "\\boot\\font.psf", .string = {}}};
    entry_.modules = modules;
    entry_.command_line = "quiet debug=1";
    entry_.after_fault = {.action = AfterFault::Action::reset, .seconds = 12};
    Buffer edid(128, std::byte{0xed});
    BatonVideoMode modes[2]{};
    modes[0].width_pixels = 640;
    modes[1].width_pixels = 800;
    Display display{};
    BatonFramebuffer& screen = display.framebuffer;
    screen.base_physical = 0xc000'0000;
    screen.width_pixels = 640;
    screen.height_pixels = 480;
    screen.pitch_bytes = 640 * 4;
    screen.bytes = uint64_t{screen.pitch_bytes} * screen.height_pixels;
    screen.bits_per_pixel = 32;
    screen.red_shift = 16;
    screen.green_shift = 8;
    screen.red_bits = screen.green_bits = screen.blue_bits = 8;
    display.edid = edid;
    display.modes = modes;
    platform_.displays = {display};
    WatchdogPlan watchdog{};
    watchdog.devices.timers = {0xfed0'0000};
    watchdog.devices.io_apic.registers = {0xfec0'0000};
    watchdog.timer = 2;
    watchdog.pin = 11;
    platform_.watchdog = watchdog;
    platform_.runtime = {{{{uint64_t{5} << 40}, 0x3000}, RuntimeUse::device}};
    platform_.elsewhere = {
        {.range = {{0xfff0'0000}, 0x1000}, .type = BATON_MEMORY_RESERVED},
        {.range = {{0x8000'0000}, 0x9000}, .type = BATON_MEMORY_ACPI_NVS, .attributes = 0xf}};
    ports_.add({.address = 0xfe00'0000,
                .space = BATON_UART_MEMORY,
                .register_bytes = 4,
                .access_bytes = 4,
                .reserved = {}});
    previous_.state = BATON_PREVIOUS_BOOT_FAULT;
    previous_.vector = 14;
    previous_.rip = 0x1234;
    previous_.characters[0] = 'F';
    previous_.text_bytes = 1;
    expect_golden("everything");
}

} // namespace
} // namespace baton::test
