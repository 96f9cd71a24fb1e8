// SPDX-License-Identifier: BSD-2-Clause
//
// All that a boot is given, on the fake platform.
#pragma once

#include "abi/boot_info.h"
#include "boot/fake_platform.hpp"
#include "support/elf_builder.hpp"
#include "support/errors.hpp"
#include "support/files.hpp"

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace baton::test {

class Lines final : public LineSink {
  public:
    void write_line(std::string_view text) override {
        all += text;
        all += '\n';
    }
    void write_private_line(std::string_view text) override {
        only_for_debugging += text;
        only_for_debugging += '\n';
    }
    std::string all;
    std::string only_for_debugging;
};

/// The file of a kernel with a request, at an offset that its segments leave free.
inline Buffer with_note(ElfBuilder elf, const BatonRequestNote& note) {
    constexpr uint64_t kOffset = 0x2800;
    elf.add({.p_type = elf::PT_NOTE,
             .p_flags = kR,
             .p_offset = kOffset,
             .p_vaddr = 0,
             .p_paddr = 0,
             .p_filesz = sizeof note,
             .p_memsz = sizeof note,
             .p_align = 4});
    Buffer file = elf.build(0x3000);
    std::memcpy(file.data() + kOffset, &note, sizeof note);
    return file;
}

/// Boots the file "\kernel" of its platform.
class FakeBoot {
  protected:
    explicit FakeBoot(uint64_t memory_bytes = FakePlatform::kMemory.bytes)
        : platform_(memory_bytes) {
        entry_.kernel = "\\kernel";
    }

    /// From the entry to where stage 2 would be called: "good", or the error.
    std::string try_boot() {
        lines_ = {};
        log_.emplace(lines_, Clock{.read = ticks, .start = 0, .hz = 1'000'000'000}, log_memory_);
        const BootInput input{.platform = platform_,
                              .entry = entry_,
                              .log = *log_,
                              .stage2 = stage2_,
                              .processor = processor_,
                              .random = random_,
                              .ports = ports_,
                              .previous = previous_,
                              .path = BATON_BOOT_PATH_UEFI};
        FrameArena arena(platform_.frames());
        handoff_ = nullptr;
        const auto prepared = prepare_boot(input, arena);
        if (!prepared)
            return outcome(prepared);
        boot_ = *prepared;
        const auto finished = finish_boot(input, *boot_);
        handoff_ = finished ? boot_->stage2.handoff.record : nullptr;
        return outcome(finished);
    }

    FakePlatform platform_;
    BootEntry entry_;
    RandomNumbers random_{.seed = {1, 2, 3, 4, 5, 6, 7, 8},
                          .slide = 9,
                          .from_firmware = false,
                          .from_processor = true};
    ReportPorts ports_{.uarts = {uart_at_port(kCom1)}, .debug = 0xe9, .uart_count = 1};
    Processor processor_{.huge_pages = true, .five_level_paging = false};
    Lines lines_;
    std::array<char, 8192> log_memory_{};
    std::optional<Log> log_;
    Buffer stage2_ = read_file(BATON_STAGE2_BIN);
    PreviousBoot previous_;
    std::optional<PreparedBoot> boot_;      // as far as it came
    const BatonHandoff* handoff_ = nullptr; // of the last boot; null: it failed

  private:
    static uint64_t ticks() {
        static uint64_t now = 0;
        return now += 1000;
    }
};

} // namespace baton::test
