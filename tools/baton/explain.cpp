// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/explain.hpp"

#include "tools/baton/code_mode.hpp"
#include "tools/baton/compressed_files.hpp"
#include "tools/baton/fault_log.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/known_errors.hpp"
#include "tools/baton/program.hpp"
#include "tools/baton/text.hpp"

#include <optional>

namespace baton::tool {
namespace {

/// Looks the addresses of one report up.
class Explanation {
  public:
    Explanation(const FaultLog& log, const FaultReport& report, const Program& kernel,
                const Program& stage2)
        : log_(log),
          report_(report),
          kernel_(kernel),
          stage2_(stage2) {
        const auto rip = report.registers.find("rip");
        if (rip != report.registers.end())
            rip_ = rip->second;
        find_slides();
    }

    std::string write() {
        for (const std::string& line : report_.head)
            text_ += line + "\n";
        if (is_another_kernel())
            text_ += "note   " + kernel_.file().string() + " is not the kernel that faulted\n";
        if (rip_)
            places("rip", *rip_, *rip_);
        if (kernel_slide_)
            if (const std::string sign = sign_of_32_bit_code(kernel_, *kernel_slide_, report_);
                !sign.empty())
                text_ += label("note") + "this looks like 32-bit code run in 64-bit mode: " + sign +
                         "\n";
        pointers();
        // The address after a call is the caller's, but may be the next line's, or nobody's.
        for (const uint64_t word : report_.stack)
            if (word != 0)
                places("stack", word, word - 1);
        return std::move(text_);
    }

  private:
    /// Address as it was less that as linked. What the report says itself overrides the log,
    /// which may be another boot's.
    void find_slides() {
        if (report_.code == Code::kernel && rip_)
            kernel_slide_ = *rip_ - report_.offset - kernel_.lowest();
        else if (report_.kernel_entry)
            kernel_slide_ = *report_.kernel_entry - kernel_.entry();
        else
            kernel_slide_ = log_.slide                       ? log_.slide
                            : kernel_.position_independent() ? std::nullopt
                                                             : std::optional<uint64_t>(0);
        if (report_.code == Code::stage2 && rip_)
            stage2_slide_ = *rip_ - report_.offset;
        else
            stage2_slide_ = log_.stage2;
    }

    bool is_another_kernel() const {
        const std::string id = kernel_.build_id();
        return (!log_.build_id.empty() && !id.empty() && id != log_.build_id) ||
               (kernel_slide_.value_or(0) != 0 && !kernel_.position_independent());
    }

    /// A line for each place of `looked_up`, if it is in code.
    void places(const std::string& what, uint64_t address, uint64_t looked_up) {
        if (const auto linked = linked_without_paging(looked_up)) {
            text_ += places_text(kernel_, label(what), address, *linked);
            return;
        }
        for (const auto& [program, slide] :
             {std::pair(&kernel_, kernel_slide_), std::pair(&stage2_, stage2_slide_)}) {
            if (!slide || !program->has(looked_up - *slide, elf::PF_X))
                continue;
            text_ += places_text(*program, label(what), address, looked_up - *slide);
            return;
        }
    }

    /// Of code that runs at its physical addresses; nothing: it doesn't.
    std::optional<uint64_t> linked_without_paging(uint64_t address) const {
        constexpr uint64_t kPaging = uint64_t{1} << 31;
        const auto cr0 = report_.registers.find("cr0");
        if (cr0 == report_.registers.end() || (cr0->second & kPaging) != 0)
            return {};
        const auto linked = kernel_.linked(address);
        return linked && kernel_.has(*linked, elf::PF_R | elf::PF_X) ? linked : std::nullopt;
    }

    /// The registers that point to something with a name in the kernel.
    void pointers() {
        for (const auto& [name, value] : report_.registers) {
            if (name == "rip" || !kernel_slide_ || value == 0 ||
                !kernel_.has(value - *kernel_slide_, elf::PF_R | elf::PF_W | elf::PF_X))
                continue;
            const std::string symbol = kernel_.debug_info().symbol(value - *kernel_slide_);
            if (!symbol.empty())
                text_ += label(name) + hex_text(value, 16) + "  " + symbol + "\n";
        }
    }

    static std::string label(const std::string& name) {
        constexpr std::size_t kColumns = 7; // as in the report
        return name + std::string(kColumns - std::min(name.size(), kColumns - 1), ' ');
    }

    const FaultLog& log_;
    const FaultReport& report_;
    const Program& kernel_;
    const Program& stage2_;
    std::optional<uint64_t> rip_;
    std::optional<uint64_t> kernel_slide_;
    std::optional<uint64_t> stage2_slide_;
    std::string text_;
};

} // namespace

std::string explain(std::string_view log_text, const std::filesystem::path& kernel_file) {
    const FaultLog log = read_fault_log(log_text);
    std::string text;
    for (const std::string& error : log.errors)
        if (const std::string known = explain_error(error); !known.empty())
            text.append(known).append("\n");
    if (log.reports.empty())
        return text;
    const ScratchDirectory scratch;
    const Program kernel(decompressed(kernel_file, scratch));
    const Program stage2(data_file("stage2.elf"));
    for (const FaultReport& report : log.reports)
        text += Explanation(log, report, kernel, stage2).write() + "\n";
    return text;
}

} // namespace baton::tool
