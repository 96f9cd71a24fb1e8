// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/loader_log.hpp"

#include "tools/baton/fault_log.hpp"
#include "tools/baton/known_errors.hpp"

#include <algorithm>

namespace baton::tool {
namespace {

constexpr std::size_t kLongestLine = 16384; // the loader writes no longer ones

/// From "error: NAME: " on, if it is a loader error; else empty.
std::string_view error_in(std::string_view text) {
    const std::size_t at = text.find("error: ");
    if (at == std::string_view::npos || explain_error(text.substr(at)).empty())
        return {};
    return text.substr(at);
}

/// What follows "[  1234 us] "; nothing if the line doesn't begin so.
std::optional<std::string_view> log_text(std::string_view line) {
    constexpr std::string_view kTime = " us] ";
    const std::size_t end = line.find(kTime);
    if (!line.starts_with('[') || end == std::string_view::npos ||
        line.substr(1, end - 1).find_first_not_of(" 0123456789") != std::string_view::npos)
        return {};
    return line.substr(end + kTime.size());
}

} // namespace

void LoaderLog::take(std::string_view text) {
    while (!text.empty() && !entered_ && !refusal_) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (line_.size() < kLongestLine)
            line_ += text.substr(0, end);
        if (end == text.size())
            return;
        this->end();
        text.remove_prefix(end + 1);
    }
}

void LoaderLog::end() {
    const std::string line = plain_line(line_);
    line_.clear();
    take_line(line);
}

void LoaderLog::take_line(std::string_view line) {
    if (entered_ || refusal_)
        return;
    if (const auto text = log_text(line)) {
        take_log_line(*text);
    } else if (const std::string_view error = error_in(line); !error.empty()) {
        error_ = error;
        if (error.starts_with("error: stage1_exception:"))
            refuse("the loader itself failed", error_);
    } else if (line.contains("nothing was booted: the machine stops") ||
               line.contains("back to the firmware: press a key")) {
        refuse("the loader booted nothing", error_);
    } else if (line.contains("BdsDxe: starting Boot") && line.contains("\"EFI Internal Shell\"")) {
        refuse(started_ ? "the loader booted nothing, and the firmware starts its shell"
                        : "the firmware could not start the loader",
               error_);
    } else if (line.contains("!!!! X64 Exception Type")) {
        refuse(started_ ? "an exception in the firmware or the loader"
                        : "an exception in the firmware",
               {});
    }
}

void LoaderLog::take_log_line(std::string_view text) {
    constexpr std::string_view kBooting = "booting ", kEntry = ".conf";
    started_ |= text.starts_with("Baton ") && text.contains(", stage 1 for ");
    entered_ |= text.contains("; entering the kernel at 0x");
    if (!has_entry_ || !started_ || booting_)
        return;
    const std::size_t name_end = text.find(kEntry);
    if (text.starts_with(kBooting)) {
        booting_ = text.contains(" of ") && text.ends_with(kEntry);
        if (!booting_)
            refuse("the loader boots " + std::string(text.substr(kBooting.size())) +
                       " without its boot entry",
                   {});
    } else if (name_end != std::string_view::npos && text.find(' ') > name_end) {
        const std::string_view rest = text.substr(name_end + kEntry.size());
        const std::string_view error = error_in(rest);
        if (rest.starts_with(": error: ") && !error.empty())
            refuse("the loader refuses the boot entry " +
                       std::string(text.substr(0, name_end + kEntry.size())),
                   error);
        else if (rest.starts_with(": skipped: "))
            refuse("the loader skips a boot entry: " + std::string(text), {});
    }
}

void LoaderLog::refuse(std::string sentence, std::string_view error) {
    refusal_ = {std::move(sentence), std::string(error)};
}

} // namespace baton::tool
