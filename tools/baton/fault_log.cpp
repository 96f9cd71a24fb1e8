// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/fault_log.hpp"

#include <algorithm>
#include <regex>

namespace baton::tool {
namespace {

using std::regex_search;

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(plain_line(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

uint64_t number(const std::string& digits) {
    return std::stoull(digits, nullptr, 16);
}

class Reader {
  public:
    FaultLog read(std::string_view text) {
        for (const std::string& line : lines_of(text))
            take(line);
        return std::move(log_);
    }

  private:
    FaultReport& report() { return log_.reports.back(); }

    void take(const std::string& line) {
        static const std::regex headline("baton: fault: .*");
        static const std::regex end("baton: end of report");
        std::smatch found;
        if (regex_search(line, found, headline)) {
            log_.reports.emplace_back();
            in_report_ = true;
            in_head_ = true;
            in_stack_ = false;
            take_headline(found.str());
        } else if (regex_search(line, end)) {
            in_report_ = false;
        } else if (in_report_) {
            take_report_line(line);
        } else {
            take_log_line(line);
        }
    }

    void take_headline(const std::string& line) {
        static const std::regex place("in (kernel|stage 2) \\+ 0x([0-9a-f]+)$");
        report().head.push_back(line);
        std::smatch found;
        if (!regex_search(line, found, place))
            return;
        report().code = found[1] == "kernel" ? Code::kernel : Code::stage2;
        report().offset = number(found[2]);
    }

    void take_report_line(const std::string& line) {
        static const std::regex entered("entered at 0x([0-9a-f]{1,16})");
        static const std::regex cell("\\b(r[a-z0-9]+|cs|ss|cr[0-4]|efer) +0x([0-9a-f]{16})\\b");
        static const std::regex stack("\\bstack +");
        static const std::regex word("0x([0-9a-f]{16})\\b");
        std::smatch found;
        if (in_head_ && regex_search(line, found, entered))
            report().kernel_entry = number(found[1]);
        const std::sregex_iterator none;
        in_stack_ |= regex_search(line, stack);
        if (in_stack_) {
            for (std::sregex_iterator at(line.begin(), line.end(), word); at != none; ++at)
                report().stack.push_back(number((*at)[1]));
            return;
        }
        std::sregex_iterator at(line.begin(), line.end(), cell);
        in_head_ &= at == none;
        for (; at != none; ++at)
            report().registers[(*at)[1]] = number((*at)[2]);
        if (in_head_)
            report().head.push_back(line);
    }

    void take_log_line(const std::string& line) {
        static const std::regex slide("\\bslide 0x([0-9a-f]{1,16})");
        static const std::regex stage2("\\bstage 2 at 0x([0-9a-f]{1,16})");
        static const std::regex stage1("\\bstage 1 for (.*), at 0x([0-9a-f]{1,16})");
        static const std::regex build_id("\\bbuild id ([0-9a-f]+)");
        static const std::regex error("\\berror: [a-z0-9_]+: .*");
        static const std::regex kernel("\\bkernel .*, entry 0x[0-9a-f]+");
        std::smatch found;
        if (regex_search(line, kernel)) { // of another boot, or another try
            log_.slide.reset();
            log_.build_id.clear();
        } else if (regex_search(line, found, slide)) {
            log_.slide = number(found[1]);
        } else if (regex_search(line, found, stage2)) {
            log_.stage2 = number(found[1]);
        } else if (regex_search(line, found, stage1)) {
            log_.stage1 = number(found[2]);
            log_.stage1_is_for_uefi = found[1] == "UEFI";
        } else if (regex_search(line, found, build_id)) {
            log_.build_id = found[1];
        } else if (regex_search(line, found, error)) {
            log_.errors.push_back(found.str());
        }
    }

    FaultLog log_;
    bool in_report_ = false;
    bool in_head_ = false;
    bool in_stack_ = false;
};

} // namespace

std::string plain_line(std::string_view line) {
    static const std::regex codes("\x1b\\[[0-9;=?]*[A-Za-z]|[\r\\x00]");
    return std::regex_replace(std::string(line), codes, "");
}

FaultLog read_fault_log(std::string_view text) {
    return Reader().read(text);
}

} // namespace baton::tool
