// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/check_limine.hpp"

#include "config/entry_file.hpp"
#include "config/limine_conf.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/heap_arena.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>
#include <ranges>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::array kProtocols = {"auto",      "baton", "limine", "multiboot2",
                                   "multiboot", "pvh",   "plain"};

/// Prints remarks as the loader would log them.
class Printer final : public RemarkSink {
  public:
    Printer(std::string_view file, bool quiet) : file_(file), quiet_(quiet) {}
    void remark(const Remark& remark) override {
        if (quiet_)
            return;
        Text text;
        text.add(file_).add(':').decimal(remark.position.line).add(": ");
        describe(remark, text);
        std::cout << text.view() << '\n';
    }

  private:
    std::string_view file_;
    bool quiet_;
};

std::string with_slashes(std::string_view path) {
    std::string text(path);
    std::ranges::replace(text, '\\', '/');
    return text;
}

/// The root of the volume, where a configuration that is found by one of the loader's names for it
/// has a kernel of this path; if it is in none, by the longest of these names. (A volume may be
/// mounted at /boot, or have a folder of that name.)
std::string root_of(const fs::path& file, std::string_view kernel) {
    const std::string path = fs::absolute(file).lexically_normal().generic_string();
    std::optional<std::string> longest;
    for (const auto place : std::views::split(kLimineConfs, ' ')) {
        const std::string end = with_slashes(std::string_view(place));
        if (!ends_with_ignoring_case(path, end))
            continue;
        std::string root = path.substr(0, path.size() - end.size());
        if (fs::is_regular_file(root + with_slashes(kernel)))
            return root;
        if (!longest || root.size() < longest->size())
            longest = std::move(root);
    }
    return longest.value_or("");
}

/// Of one entry; a path on its volume is one below `root`.
Rehearsal::Given given_by(const BootEntry& entry, const Rehearsal::Given& machine,
                          const std::string& root) {
    Rehearsal::Given given{.kernel = root + with_slashes(entry.kernel),
                           .modules = {},
                           .command_line = std::string(entry.command_line),
                           .settings = machine.settings,
                           .memory = machine.memory};
    for (const BootModule& module : entry.modules) {
        const fs::path file = root + with_slashes(module.path);
        given.modules.push_back({.file = file,
                                 .name = file.filename().string(),
                                 .string = std::string(module.string),
                                 .is_verbatim = module.is_verbatim});
    }
    given.settings.push_back({"protocol", kProtocols.at(static_cast<std::size_t>(entry.protocol))});
    if (entry.kaslr != Switch::unset)
        given.settings.push_back({"kaslr", entry.kaslr == Switch::on ? "on" : "off"});
    return given;
}

/// The error of the first file that isn't there.
std::optional<Error> missing_file(const Rehearsal::Given& given) {
    if (!fs::is_regular_file(given.kernel))
        return Error(ErrorCode::kernel_not_found).about(given.kernel.native());
    for (const Module& module : given.modules)
        if (!fs::is_regular_file(module.file))
            return Error(ErrorCode::file_not_found).about(module.file.native());
    return std::nullopt;
}

/// Whether the entry can be booted.
bool check_entry(const BootEntry& entry, const Rehearsal::Given& machine,
                 const CheckOptions& options) {
    std::cout << entry.title << ": " << entry.kernel << '\n';
    const Rehearsal::Given given = given_by(entry, machine, root_of(machine.kernel, entry.kernel));
    if (const auto missing = missing_file(given)) {
        std::cout << error_with_fix(*missing);
        return false;
    }
    return check(given, options) == 0;
}

} // namespace

bool is_limine_conf(const fs::path& file) {
    return is_one_of(file.filename().native(), "limine.conf limine.cfg", Case::is_ignored);
}

int check_limine_conf(const Rehearsal::Given& machine, const CheckOptions& options) {
    if (options.json)
        throw Failure("--json is for one kernel, not for a configuration");
    const std::string name = machine.kernel.filename().string();
    const auto bytes = read_file(machine.kernel);
    HeapArena arena;
    Printer printer(name, options.quiet);
    LimineConf conf;
    const auto opened = conf.open(
        {.text = {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, .path = name}, arena,
        printer);
    if (!opened) {
        std::cout << error_with_fix(opened.error());
        return 1;
    }
    bool is_any_good = false;
    for (LimineEntry entry; conf.next(entry);) {
        const auto parsed = conf.parse(entry, arena, printer);
        if (parsed)
            is_any_good |= check_entry(*parsed, machine, options);
        else if (is_entry_for_others(parsed.error()))
            std::cout << entry.title << ": skipped: " << string_of(Text().error(parsed.error()))
                      << '\n';
        else
            std::cout << entry.title << ": " << error_with_fix(parsed.error());
    }
    std::cout << name << (is_any_good ? ": can be booted\n" : ": no entry can be booted\n");
    return is_any_good ? 0 : 1;
}

} // namespace baton::tool
