// SPDX-License-Identifier: BSD-2-Clause
//
// baton: what somebody who writes a kernel needs of Baton, on the machine where it is written.
#include "config/lines.hpp"
#include "config/path.hpp"
#include "tools/baton/boot_path.hpp"
#include "tools/baton/bundle.hpp"
#include "tools/baton/check.hpp"
#include "tools/baton/check_limine.hpp"
#include "tools/baton/command_line.hpp"
#include "tools/baton/debug.hpp"
#include "tools/baton/default_machine.hpp"
#include "tools/baton/diagnosis.hpp"
#include "tools/baton/entry_text.hpp"
#include "tools/baton/explain.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/heap_arena.hpp"
#include "tools/baton/known_errors.hpp"
#include "tools/baton/measure.hpp"
#include "tools/baton/memory_map.hpp"
#include "tools/baton/new_project.hpp"
#include "tools/baton/output_file.hpp"
#include "tools/baton/plan_report.hpp"
#include "tools/baton/text.hpp"
#include "tools/baton/watchdog.hpp"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <iterator>
#include <span>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr int kWrongCall = 2;

void say(const std::string& line) {
    std::cerr << "baton: " << line << '\n';
}

int misuse(const std::string& what, const Arguments& arguments) {
    say(what + "; `" + arguments.program + " help` explains");
    return kWrongCall;
}

BootFiles boot_files(const Arguments& arguments) {
    BootFiles files{.kernel = arguments.kernel,
                    .modules = {},
                    .command_line = {},
                    .title = arguments.kernel.filename().string(),
                    .settings = {}};
    for (const std::string& module : arguments.modules)
        files.modules.push_back(parse_module(module));
    for (const std::string& setting : arguments.settings)
        files.settings.push_back(parse_setting(setting));
    for (const std::string& text : arguments.command_line) {
        const std::string_view part = trim(text);
        files.command_line += files.command_line.empty() || part.empty() ? "" : " ";
        files.command_line += part;
    }
    return files;
}

Rehearsal::Given rehearse(const Arguments& arguments) {
    const BootFiles files = boot_files(arguments);
    entry_text(files); // the loader would refuse it before it reads the kernel
    Rehearsal::Given given{.kernel = files.kernel,
                           .modules = files.modules,
                           .command_line = files.command_line,
                           .settings = files.settings,
                           .memory = {}};
    std::error_code is_no_file;
    if (fs::exists(arguments.memory, is_no_file)) {
        const auto bytes = read_file(arguments.memory);
        given.memory = parse_memory_map({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                        arguments.memory);
    } else {
        given.memory = q35_memory_map(std::stoull(arguments.memory));
    }
    return given;
}

int plan(const Arguments& arguments) {
    const Rehearsal rehearsal(rehearse(arguments));
    if (rehearsal.error()) {
        std::cerr << error_with_fix(*rehearsal.error());
        return 1;
    }
    const PlanReport report = report_on(rehearsal);
    write_output(arguments.output.empty() ? "-" : arguments.output, arguments.json ? as_json(report)
                                                                    : arguments.svg
                                                                        ? as_svg(report)
                                                                        : as_table(report));
    return 0;
}

int image(const Arguments& arguments) {
    const ImageOptions options{.medium = arguments.iso ? Medium::iso : Medium::disk,
                               .sector_bytes = arguments.sector_bytes};
    if (arguments.kernel.empty() == arguments.loader.empty())
        return misuse("either KERNEL or --bundle is required", arguments);
    if (!arguments.loader.empty()) {
        make_bundle_image(arguments.loader, options, arguments.output);
        return 0;
    }
    const ScratchDirectory scratch;
    BootFiles files = boot_files(arguments);
    if (!arguments.compression.compression.empty())
        compress(files, arguments.compression, scratch);
    make_boot_image(files, options, arguments.output);
    return 0;
}

/// In a bundle, what is after a module's = is its path if it begins like one, else its string.
void find_path(Module& module) {
    if (!module.string.starts_with('/') && !module.string.starts_with('\\'))
        return;
    HeapArena arena;
    const auto path = normalise_path(module.string, {}, arena);
    if (!path)
        throw Failure(string_of(Text().error(path.error())));
    module.path = *path;
    std::ranges::replace(module.path, '\\', '/');
    module.string.clear();
}

/// By the settings and the command line of the first entry that is given, the loader boots it.
void check_kernel(const Arguments& arguments) {
    Rehearsal::Given given = rehearse(arguments);
    if (!arguments.bundle.entries.empty()) {
        const auto bytes = read_file(arguments.bundle.entries.front());
        KeyLines lines({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        for (KeyLine line{}; lines.next(line);)
            if (setting_named(line.key))
                given.settings.push_back({std::string(line.key), std::string(line.value)});
    }
    if (const Rehearsal rehearsal(given); rehearsal.error())
        throw Failure("the loader would not boot it: " + error_with_fix(*rehearsal.error()));
}

int bundle(const Arguments& arguments) {
    const BundleOptions& options = arguments.bundle;
    if (!options.shown.empty()) {
        show_bundle(options.shown, arguments.json);
        return 0;
    }
    if (arguments.kernel.empty() || arguments.output.empty())
        return misuse(arguments.kernel.empty() ? "KERNEL is required" : "--output is required",
                      arguments);
    if (options.container) {
        make_container(arguments.kernel, options, arguments.output);
        return 0;
    }
    BootFiles files = boot_files(arguments);
    std::ranges::for_each(files.modules, find_path);
    check_kernel(arguments);
    make_bundle(files, options, arguments.output);
    return 0;
}

int measure(const Arguments& arguments) {
    show_measurements(boot_files(arguments), arguments.containers, arguments.json);
    return 0;
}

/// Whether it triple-faulted when the watchdog's time was over, for want of an NMI handler.
bool is_of_watchdog(const Outcome& outcome, const Arguments& arguments) {
    const auto seconds = watchdog_before_timeout(arguments.machine, arguments.kernel);
    return seconds && outcome.seconds >= *seconds && std::ranges::any_of(outcome.cpus, dies_of_nmi);
}

/// The line that says why, and the status.
int report(const Outcome& outcome, const Arguments& arguments) {
    switch (outcome.ending) {
    case Ending::success:
        say("the kernel reported success");
        return 0;
    case Ending::failure:
        say("the kernel reported failure");
        return 1;
    case Ending::fault:
        say(outcome.console.contains("baton: fault: watchdog")
                ? "no result, and no acknowledgement from the kernel: see docs/faults.md"
                : "the loader reported a fault: see docs/faults.md");
        std::cerr << explain(outcome.console, arguments.kernel);
        return 1;
    case Ending::nothing_booted:
        say(outcome.refusal->sentence);
        std::cerr << explain_error(outcome.refusal->error);
        return 1;
    case Ending::timeout:
        say("no result within " + std::to_string(arguments.machine.timeout_seconds) + " s");
        std::cerr << diagnose(outcome, arguments.kernel);
        return 1;
    case Ending::triple_fault:
        say(is_of_watchdog(outcome, arguments)
                ? "no result; the watchdog's NMI came, and the kernel's IDT has no gate for it"
                : "the guest triple-faulted");
        std::cerr << diagnose(outcome, arguments.kernel);
        return 1;
    case Ending::reset:
        say("the guest reset without a result");
        std::cerr << diagnose(outcome, arguments.kernel);
        return 1;
    case Ending::power_off:
        say("the guest powered off without a result");
        return 1;
    case Ending::closed:
        say("QEMU was closed");
        return 1;
    case Ending::interrupted:
        say(outcome.status == SIGINT ? "stopped by Ctrl-C" : "stopped by a signal");
        return 128 + outcome.status;
    case Ending::qemu_failed:
        say("QEMU ended with status " + std::to_string(outcome.status));
        return 1;
    }
    return 1;
}

/// With a window, the example kernel stays until somebody has seen what it shows.
void choose_example_kernel(Arguments& arguments) {
    arguments.kernel = data_file("kernel.elf");
    if (arguments.machine.has_window)
        arguments.command_line.push_back("wait-for-key=" +
                                         std::to_string(seconds_for_kernel(arguments.machine)));
}

int run(Arguments& arguments) {
    if (arguments.kernel.empty())
        choose_example_kernel(arguments);
    const ScratchDirectory scratch;
    BootFiles files = boot_files(arguments);
    files.set_default("after-fault", "exit");
    if (const auto seconds = watchdog_before_timeout(arguments.machine, arguments.kernel))
        files.set_default("watchdog", std::to_string(*seconds));
    const Words boot = boot_arguments(arguments.machine.boot_path, files, scratch);
    say("booting " + arguments.kernel.filename().string() + " in QEMU, Ctrl-C ends it");
    return report(run_machine(boot, arguments.machine), arguments);
}

int debug_boot(Arguments& arguments) {
    if (arguments.debug.places.empty())
        arguments.debug.places = {"kernel-entry"};
    if (arguments.kernel.empty())
        arguments.kernel = data_file("kernel.elf");
    return debug(boot_files(arguments), arguments.machine, arguments.debug);
}

int explain_log(const Arguments& arguments) {
    std::string log;
    if (arguments.log == "-") {
        log.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
        const auto bytes = read_file(arguments.log);
        log.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    const std::string text = explain(log, arguments.kernel);
    std::cout << text;
    if (text.empty())
        say("it has no fault report and no error of the loader");
    return text.empty() ? 1 : 0;
}

int new_project(const Arguments& arguments) {
    std::cout << make_project(arguments.project);
    return 0;
}

int carry_out(const CLI::App& app, Arguments& arguments) {
    if (app.got_subcommand("new"))
        return new_project(arguments);
    if (app.got_subcommand("check"))
        return (is_limine_conf(arguments.kernel) ? check_limine_conf : check)(
            rehearse(arguments),
            {.strict = arguments.strict, .quiet = arguments.quiet, .json = arguments.json});
    if (app.got_subcommand("plan"))
        return plan(arguments);
    if (app.got_subcommand("image"))
        return image(arguments);
    if (app.got_subcommand("bundle"))
        return bundle(arguments);
    if (app.got_subcommand("measure"))
        return measure(arguments);
    if (app.got_subcommand("run"))
        return run(arguments);
    if (app.got_subcommand("debug"))
        return debug_boot(arguments);
    return explain_log(arguments);
}

/// The words for the parser, the last one first. What is after two dashes is QEMU's, and `help
/// VERB` is another way to say `VERB --help`.
std::vector<std::string> words_to_parse(std::span<char*> given, Arguments& arguments) {
    std::vector<std::string> words(given.begin() + 1, given.end());
    if (!words.empty() && (words.front() == "run" || words.front() == "debug")) {
        const auto dashes = std::ranges::find(words, "--");
        if (dashes != words.end()) {
            arguments.machine.qemu_arguments.assign(dashes + 1, words.end());
            words.erase(dashes, words.end());
        }
    }
    if (!words.empty() && words.front() == "help") {
        words.erase(words.begin());
        words.emplace_back("--help");
    }
    std::ranges::reverse(words);
    return words;
}

int run_tool(std::span<char*> given) {
    Arguments arguments;
    arguments.program = given.front();
    const auto app = make_command_line(arguments);
    try {
        app->parse(words_to_parse(given, arguments));
    } catch (const CLI::Success& asked) { // for help, or the version
        return app->exit(asked);
    } catch (const CLI::ParseError& error) {
        return misuse(error.what(), arguments);
    }
    if (arguments.shows_include_folder) {
        std::cout << include_folder().string() << '\n';
        return 0;
    }
    if (app->get_subcommands().empty())
        return misuse("a verb is missing", arguments);
    try {
        return carry_out(*app, arguments);
    } catch (const std::exception& failure) {
        say(failure.what());
        return 1;
    }
}

} // namespace
} // namespace baton::tool

int main(int count, char** words) {
    return baton::tool::run_tool({words, static_cast<std::size_t>(count)});
}
