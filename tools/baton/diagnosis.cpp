// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/diagnosis.hpp"

#include "elf/format.hpp"
#include "tools/baton/compressed_files.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fault_log.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/program.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPlaces = 4; // of a loop that are shown

/// A program and where it was: its address less that as linked.
struct Loaded {
    std::string name;
    std::shared_ptr<Program> program;
    uint64_t slide;

    bool has_code(uint64_t address) const { return program->has(address - slide, elf::PF_X); }
};

/// The application is a PE file, of which objcopy makes what libdw can read.
Loaded loaded_stage1(const FaultLog& log, const ScratchDirectory& scratch) {
    fs::path file = data_file(log.stage1_is_for_uefi ? "BOOTX64.EFI.debug" : "baton-pvh.elf.debug");
    if (log.stage1_is_for_uefi) {
        const fs::path converted = scratch / "stage1.elf";
        run_program({"objcopy", "-O", "elf64-x86-64", file.string(), converted.string()});
        file = converted;
    }
    auto program = std::make_shared<Program>(file);
    // The application is linked at 0, with its headers before what is loaded of the ELF file.
    const uint64_t linked = log.stage1_is_for_uefi ? 0 : program->lowest();
    return {.name = "stage 1", .program = std::move(program), .slide = *log.stage1 - linked};
}

/// Where a position-independent program must be, so that what is at RIP is its code. Nothing: it
/// isn't, or several places are possible.
std::optional<uint64_t> slide_by_code(const Program& program, const StoppedCpu& cpu) {
    if (cpu.code.empty())
        return {};
    const uint64_t rip = cpu.state.value("rip");
    const auto linked = program.find_code(rip % kPageBytes, std::as_bytes(std::span(cpu.code)));
    return linked ? std::optional(rip - *linked) : std::nullopt;
}

/// Those that the log, the files or the code at RIP say the place of.
std::vector<Loaded> loaded_programs(const FaultLog& log, const std::vector<StoppedCpu>& cpus,
                                    const fs::path& kernel_file, const ScratchDirectory& scratch) {
    std::vector<Loaded> all;
    Loaded kernel{
        .name = "the kernel", .program = std::make_shared<Program>(kernel_file), .slide = 0};
    std::optional<uint64_t> slide = log.slide;
    if (!kernel.program->position_independent())
        slide = 0;
    for (const StoppedCpu& cpu : cpus) // KASLR: the log keeps it to itself
        if (!slide)
            slide = slide_by_code(*kernel.program, cpu);
    if (slide) {
        kernel.slide = *slide;
        all.push_back(std::move(kernel));
    }
    if (log.stage2)
        all.push_back({.name = "stage 2",
                       .program = std::make_shared<Program>(data_file("stage2.elf")),
                       .slide = *log.stage2});
    if (log.stage1)
        try {
            all.push_back(loaded_stage1(log, scratch));
        } catch (const Failure& failure) {
            std::cerr << "baton: no symbols of stage 1: " << failure.what() << '\n';
        }
    return all;
}

std::string label(const std::string& name) {
    constexpr std::size_t kColumns = 7; // as in a fault report
    return name + std::string(kColumns - std::min(name.size(), kColumns - 1), ' ');
}

class Diagnosis {
  public:
    Diagnosis(const Outcome& outcome, const std::vector<Loaded>& programs)
        : outcome_(outcome),
          programs_(programs) {}

    std::string write() {
        for (const StoppedCpu& cpu : outcome_.cpus)
            if (outcome_.ending == Ending::timeout)
                hang(cpu);
            else if (cpu.state.is_started() && !cpu.state.halted)
                stop(cpu);
        return std::move(text_);
    }

  private:
    const Loaded* find(uint64_t address) const {
        const auto found = std::ranges::find_if(
            programs_, [&](const Loaded& loaded) { return loaded.has_code(address); });
        return found == programs_.end() ? nullptr : &*found;
    }

    std::string where(uint64_t address) const {
        if (const Loaded* const loaded = find(address))
            return "in " + loaded->name;
        return outcome_.kernel_entered ? "in code that is not the kernel's file's"
                                       : "in the firmware, or other code that is not the loader's";
    }

    void headline(const StoppedCpu& cpu, uint64_t address, const std::string& what) {
        text_ += "CPU " + std::to_string(cpu.state.number) + "  " + where(address) + what + "\n";
    }

    void hang(const StoppedCpu& cpu) {
        std::vector<CpuState> looks;
        for (const auto& look : outcome_.looks)
            for (const CpuState& state : look)
                if (state.number == cpu.state.number)
                    looks.push_back(state);
        const CpuBehaviour behaviour = judge(looks);
        if (behaviour.kind == CpuBehaviour::Kind::not_started)
            return;
        const uint64_t place_of_most = behaviour.addresses.front();
        if (behaviour.kind == CpuBehaviour::Kind::halted && !find(place_of_most) &&
            cpu.state.number != 0) {
            headline(cpu, place_of_most, ", halted by what started it");
            return;
        }
        headline(cpu, place_of_most, ", " + behaviour_text(behaviour));
        std::string before;
        std::size_t count = 0;
        for (const uint64_t address : behaviour.addresses) {
            const std::string lines = place("rip", address, address);
            const std::string names = lines.substr(std::min(lines.size(), label("").size() + 18));
            if (names != before && count++ < kMostPlaces)
                text_ += lines;
            before = names;
        }
        stack(cpu);
    }

    void stop(const StoppedCpu& cpu) {
        const CpuState& state = cpu.state;
        std::string causes;
        if (outcome_.ending == Ending::triple_fault)
            for (const std::string& cause : causes_of_triple_fault(cpu))
                causes += (causes.empty() ? ": " : "; ") + cause;
        headline(cpu, state.value("rip"), causes);
        std::string numbers;
        for (const char* const name : {"rsp", "cr2", "cr3"})
            numbers += label(name) + hex_text(state.value(name), 16) + "  ";
        numbers.resize(numbers.size() - 2);
        text_ += numbers + "\n";
        const uint64_t rip = state.value("rip");
        const std::string lines = place("rip", rip, rip);
        text_ += lines.empty() ? label("rip") + hex_text(rip, 16) + "\n" : lines;
        stack(cpu);
    }

    void stack(const StoppedCpu& cpu) {
        // The address after a call is the caller's, but may be the next line's, or nobody's.
        for (const uint64_t word : cpu.stack)
            if (word != 0)
                text_ += place("stack", word, word - 1);
    }

    /// Empty if it isn't in code that is known.
    std::string place(const std::string& name, uint64_t address, uint64_t looked_up) const {
        const Loaded* const loaded = find(looked_up);
        return loaded
                   ? places_text(*loaded->program, label(name), address, looked_up - loaded->slide)
                   : "";
    }

    const Outcome& outcome_;
    const std::vector<Loaded>& programs_;
    std::string text_;
};

} // namespace

std::string diagnose(const Outcome& outcome, const fs::path& kernel) {
    if (outcome.cpus.empty())
        return "";
    const ScratchDirectory scratch;
    const FaultLog log = read_fault_log(outcome.console);
    const auto programs =
        loaded_programs(log, outcome.cpus, decompressed(kernel, scratch), scratch);
    return Diagnosis(outcome, programs).write();
}

} // namespace baton::tool
