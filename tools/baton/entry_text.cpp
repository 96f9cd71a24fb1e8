// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/entry_text.hpp"

#include "compression/compression.hpp"
#include "config/entry_file.hpp"
#include "config/start_line.hpp"
#include "start_info/start_info.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fat_name.hpp"
#include "tools/baton/heap_arena.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>

namespace baton::tool {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw Failure("the loader would boot this differently: " + why);
}

std::string as_text(const Error& error) {
    return string_of(Text().error(error));
}

/// What the parser ignores would be missing.
class Refusal final : public RemarkSink {
  public:
    void remark(const Remark& remark) override {
        refuse("it ignores \"" + std::string(remark.key) + "\"");
    }
};

/// A key and its value, line by line.
using Lines = std::vector<Setting>;

/// The command line in as few lines as it fits into: the loader joins them with a blank, so that
/// they are parted at a single one.
void add_options(std::string_view rest, Lines& lines) {
    constexpr std::size_t kMaxValue = kMaxConfigLineBytes - std::string_view("options ").size();
    while (rest.size() > kMaxValue) {
        std::size_t end = rest.rfind(' ', kMaxValue);
        while (end != std::string_view::npos && end != 0 &&
               (is_blank(rest[end - 1]) || is_blank(rest[end + 1])))
            end = rest.rfind(' ', end - 1);
        if (end == std::string_view::npos || end == 0)
            break; // which the parser is to say
        lines.push_back({"options", std::string(rest.substr(0, end))});
        rest.remove_prefix(end + 1);
    }
    if (!rest.empty())
        lines.push_back({"options", std::string(rest)});
}

Lines entry_lines(const BootFiles& files) {
    Lines lines{{"title", std::string(trim(printable(files.title)))},
                {"kernel", kernel_path(files)}};
    lines.insert(lines.end(), files.settings.begin(), files.settings.end());
    add_options(files.command_line, lines);
    for (std::size_t i = 0; i < files.modules.size(); ++i) {
        std::string value = "\"" + module_path(files.modules[i], i) + "\"";
        if (!files.modules[i].string.empty())
            value += " " + files.modules[i].string;
        lines.push_back({"module", std::move(value)});
    }
    return lines;
}

/// Each line says what it is meant to say.
void check_lines(std::string_view text, const Lines& meant) {
    KeyLines lines(text);
    KeyLine line{};
    for (const Setting& one : meant)
        if (!lines.next(line) || line.key != one.key || line.value != one.value)
            refuse("it reads another line than \"" + one.key + " " + one.value + "\"");
    if (lines.next(line))
        refuse("its boot entry has unexpected lines");
}

void check_entry(const BootEntry& entry, const BootFiles& files) {
    if (entry.kernel != with_backslashes(kernel_path(files)))
        refuse("the kernel is another one");
    if (entry.command_line != files.command_line)
        refuse("the command line arrives as \"" + std::string(entry.command_line) + "\"");
    if (entry.modules.size() != files.modules.size())
        refuse("the number of modules is another one");
    for (std::size_t i = 0; i < files.modules.size(); ++i)
        if (entry.modules[i].path != with_backslashes(module_path(files.modules[i], i)) ||
            entry.modules[i].string != files.modules[i].string)
            refuse("a module arrives as \"" + std::string(entry.modules[i].path) + "\", \"" +
                   std::string(entry.modules[i].string) + "\"");
}

} // namespace

std::string with_backslashes(std::string path) {
    std::ranges::replace(path, '/', '\\');
    return path;
}

std::string kernel_path(const BootFiles& files) {
    // A compressed one keeps the suffix that says so.
    const std::string name = files.kernel.filename().string();
    return "/baton/boot/kernel.elf" + name.substr(without_compression_suffix(name).size());
}

std::string module_path(const Module& module, std::size_t number) {
    if (!module.path.empty())
        return module.path;
    // A folder for each, since two files may have the same name.
    return "/baton/" + std::to_string(number) + "/" + fat_name(module.name);
}

std::string entry_text(const BootFiles& files) {
    const Lines lines = entry_lines(files);
    std::string text;
    for (const Setting& line : lines)
        text += line.key + " " + line.value + "\n";
    HeapArena arena;
    Refusal refusal;
    const auto entry = parse_entry("baton.conf", text, arena, refusal);
    if (!entry)
        refuse("its boot entry: " + as_text(entry.error()));
    check_lines(text, lines);
    check_entry(*entry, files);
    return text;
}

std::string start_line(const BootFiles& files) {
    std::string line;
    for (const Setting& setting : files.settings)
        line += setting.key + "=" + setting.value + " ";
    line += "--";
    if (!files.command_line.empty())
        line += " " + files.command_line;
    if (line.size() >= kLongestStartText)
        refuse("its command line has " + std::to_string(line.size()) +
               " bytes with the settings before it, and at most " +
               std::to_string(kLongestStartText - 1) + " can be handed over");
    HeapArena arena;
    Refusal refusal;
    const auto entry = parse_start_line(line, arena, refusal);
    if (!entry)
        refuse("its command line: " + as_text(entry.error()));
    if (entry->command_line != files.command_line)
        refuse("the command line arrives as \"" + std::string(entry->command_line) + "\"");
    return line;
}

} // namespace baton::tool
