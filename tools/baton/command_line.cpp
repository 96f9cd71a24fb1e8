// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/command_line.hpp"

#include "config/boot_entry.hpp"
#include "config/settings.hpp"
#include "tools/baton/boot_path.hpp"
#include "tools/baton/fat_name.hpp"

#include <algorithm>
#include <array>
#include <ranges>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::array kCheckExamples = {
    Example{"check my-kernel.elf", "what the loader would do"},
    Example{"check my-kernel.elf --memory 64 --strict", "in 64 MiB; a warning is a failure"},
    Example{"check my-kernel.elf --protocol plain --json", "by the protocol named, for a program"},
};
constexpr std::array kPlanExamples = {
    Example{"plan my-kernel.elf", "as a table"},
    Example{"plan my-kernel.elf --svg -o plan.svg", "as a picture of both address spaces"},
    Example{"plan my-kernel.elf --json --memory 8192 --module initrd.img",
            "for a program, with a module, on a machine with 8 GiB"},
};
constexpr std::array kImageExamples = {
    Example{"image my-kernel.elf -o disk.img", "for the disk of a real or a virtual machine"},
    Example{"image my-kernel.elf -o my-os.iso --iso", "for a CD, a DVD or a USB stick"},
    Example{"image my-kernel.elf -o disk.img --module initrd.img=root --append \"verbose\"",
            "with a module, its string and a command line"},
    Example{"image my-kernel.elf -o disk.img --sector-size 4096 --set kaslr=on",
            "for sectors of 4096 bytes, with a setting of the boot entry"},
    Example{"image my-kernel.elf -o disk.img --compress --disk-speed 30",
            "compressed, for a slow USB stick"},
};
constexpr std::array kBundleExamples = {
    Example{"bundle my-kernel.elf -o my-os.efi --append \"verbose\"",
            "the loader, the kernel and its command line in one file"},
    Example{"bundle my-kernel.elf -o my-os.efi --module initrd.img=/boot/initrd.img",
            "with a module, under a path of one's own"},
    Example{"bundle --container initrd.img -o initrd.efi", "a file that a bundle's entry can name"},
    Example{"bundle --show my-os.efi", "what is in it"},
};
constexpr std::array kMeasureExamples = {
    Example{"measure my-kernel.elf --append \"verbose\"",
            "of a boot of the image made by the same options"},
    Example{"measure my-kernel.elf --module initrd.img --json", "for a program, with the events"},
};
constexpr std::array kRunExamples = {
    Example{"run my-kernel.elf --timeout 30", "fails unless the kernel ends the run in time"},
    Example{"run my-kernel.elf --module initrd.img --append \"debug=1\"",
            "with a module and a command line"},
    Example{"run my-kernel.elf --set kaslr=on --set wx=refuse", "with settings of a boot entry"},
    Example{"run my-kernel.elf --protocol plain", "as any ELF file, whatever protocols it speaks"},
    Example{"run my-kernel.elf --via pvh", "without firmware, in a fraction of a second"},
    Example{"run my-kernel.elf --timeout 30 -- -device virtio-rng-pci", "with one more device"},
};
constexpr std::array kDebugExamples = {
    Example{"debug my-kernel.elf --break kernel-entry",
            "stopped at the kernel's first instruction"},
    Example{R"(debug --break kernel-entry --ex "bt 3" --ex "baton status" --batch)", "in a script"},
    Example{"debug my-kernel.elf --server-only", "for an editor's debugger"},
};
constexpr std::array kExplainExamples = {
    Example{"explain serial.log --kernel my-kernel.elf", "from a file"},
    Example{"run my-kernel.elf --timeout 30 | baton explain --kernel my-kernel.elf", "from a pipe"},
};

constexpr std::array kNewExamples = {
    Example{"new my-os", "a kernel in C, built by make"},
    Example{"new my-os-in-rust --lang rust --build cmake", "in Rust, built by CMake"},
};

constexpr std::array kVerbs = {
    Verb{"new", "Makes a project with a kernel that boots.",
         "Writes at most eight short files: a kernel that says Hello, its linker script, a "
         "Makefile or a CMakeLists.txt, and a README.md that says how to run, debug and check the "
         "kernel and how to make an image. The project finds Baton by PATH if this tool is in "
         "PATH, else where this tool is now.",
         kNewExamples},
    Verb{"check", "Says whether the loader would boot a kernel, and how.",
         "The loader's own code reads the kernel and plans the boot on the machine of `run`. It "
         "prints the boot protocols that the kernel speaks, which one is used, and whether each "
         "request is met; then what the loader would log: segments, their places, warnings; or "
         "the error, with its cause and fix. Displays and timers are taken to be as the kernel "
         "requests them. KERNEL may be the limine.conf or limine.cfg of a copy of a volume: then "
         "each entry is checked. Exit status: 0 if the kernel, or an entry, can be booted, 1 if "
         "not.",
         kCheckExamples},
    Verb{"plan", "Shows the page tables and the memory layout, as a table, JSON or a picture.",
         "Shows both address spaces on a machine with the given memory: the kernel's segments, its "
         "stack, the direct map and stage 2, the pages that the page tables map, and the kernel's "
         "memory map. Physical addresses differ on a real machine, where the firmware has memory "
         "of its own.",
         kPlanExamples},
    Verb{"image", "Makes a disk image that boots a kernel.",
         "The image has a GUID partition table and an EFI system partition (FAT32) with the "
         "loader, a boot entry, the kernel and the modules. FILE may be a whole disk that nothing "
         "uses, or - for the standard output. Firmware can't read an image for sectors of 512 "
         "bytes on a disk with sectors of 4096, or the other way round. With --iso, the image "
         "starts from a CD or DVD (El Torito) and from a USB stick. If FAT can't hold the name of "
         "a module's file, a line shows its new name.",
         kImageExamples},
    Verb{"bundle", "Makes one PE file of the loader, a kernel and its modules, to be signed.",
         "The file is started by firmware as \\EFI\\BOOT\\BOOTX64.EFI, or by another loader. "
         "Under Secure Boot only what is in it is used, and containers: files in PE files of their "
         "own, signed too, which its entry names by paths that end in .efi. A KERNEL that the "
         "loader would not boot is refused. docs/secure-boot.md has a walk-through.",
         kBundleExamples},
    Verb{"measure", "Computes what a boot measures into a TPM.",
         "Prints the values of PCR 4, 8 and 9 after a boot of a bundle, or of the image that "
         "`image` makes of the same options, for each bank. PCR 4 is that of OVMF's firmware, "
         "started by a boot option, with nothing started before. Of several entries, the first one "
         "is taken, and files that only the kernel names are not counted, nor is what the boot "
         "reads beside the bundle, but for --container.",
         kMeasureExamples},
    Verb{"run", "Boots a kernel in QEMU, through real UEFI firmware (OVMF) or without it.",
         "The serial port is on the terminal; Ctrl-C ends the run. The kernel ends it by writing "
         "0x10 (success) or 0x11 (failure) to I/O port 0xf4. An error of the loader, a reported "
         "fault and a triple fault end it too, and are explained. With --timeout, the loader's "
         "watchdog reports a kernel that hangs; if there is none, the tool shows where the "
         "processors are. Exit status: 0 success, 130 Ctrl-C, 1 anything else.",
         kRunExamples},
    Verb{"debug", "Boots a kernel under GDB.",
         "GDB has the symbols of stage 1, stage 2 and the kernel at their real addresses, and the "
         "commands that `help baton` lists. The machine ends with GDB. Exit status: GDB's. "
         "docs/debugging.md has a walk-through.",
         kDebugExamples},
    Verb{"explain", "Explains the fault reports in a serial log, with functions and lines.",
         "Addresses in the kernel and in stage 2 become functions, files and lines, by the DWARF "
         "(-g) or the symbols of the kernel's ELF file. Words of the stack are return addresses if "
         "they point into code. Errors of the loader get their cause and fix. Exit status: 1 if "
         "there is nothing to explain.",
         kExplainExamples},
};

/// A rule for the value of an option: what is wrong with a value, or nothing.
CLI::Validator rule(std::string (*what_is_wrong)(const std::string&)) {
    return {[what_is_wrong](const std::string& text) { return what_is_wrong(text); }, ""};
}

/// False for text that no file can be called.
bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

std::string check_file(const std::string& text) {
    return is_file(text) ? "" : "there is no file " + text;
}

std::string check_log(const std::string& text) {
    return text == "-" ? "" : check_file(text);
}

std::string check_number(const std::string& text) {
    const bool is_number = !text.empty() && text.front() != '0' &&
                           text.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? "" : "needs a number greater than 0";
}

std::string check_accelerator(const std::string& text) {
    return text == "tcg" || text == "kvm" ? "" : "needs tcg or kvm";
}

/// Of a list "this|that|another".
bool is_one_of(std::string_view list, std::string_view text) {
    return std::ranges::any_of(std::views::split(list, '|'),
                               [&](auto part) { return std::string_view(part) == text; });
}

std::string check_boot_path(const std::string& text) {
    return is_one_of(kBootPaths, text) ? "" : "needs one of " + std::string(kBootPaths);
}

std::string check_place(const std::string& text) {
    constexpr std::string_view kCopy = "copy ";
    const bool is_copy = text.starts_with(kCopy) && text.size() > kCopy.size() &&
                         text.find_first_not_of("0123456789", kCopy.size()) == std::string::npos;
    const bool is_known = is_one_of(kPlaces, text) && text != "copy N";
    return is_copy || is_known ? "" : "needs one of " + std::string(kPlaces);
}

std::string check_sector_bytes(const std::string& text) {
    return text == "512" || text == "4096" ? "" : "needs 512 or 4096";
}

std::string check_compression(const std::string& text) {
    return is_one_of(kCompressions, text) ? "" : "needs one of " + std::string(kCompressions);
}

std::string check_language(const std::string& text) {
    return is_one_of(kLanguages, text) ? "" : "needs one of " + std::string(kLanguages);
}

std::string check_build(const std::string& text) {
    return is_one_of(kBuilds, text) ? "" : "needs one of " + std::string(kBuilds);
}

std::string check_memory(const std::string& text) {
    constexpr std::size_t kMostDigits = 9; // of MiB, so that bytes fit into 52 bits
    if (check_number(text).empty() && text.size() <= kMostDigits)
        return "";
    std::error_code ignored;
    const fs::file_status found = fs::status(text, ignored);
    return fs::exists(found) && !fs::is_directory(found)
               ? ""
               : "needs a number of MiB, or a file with a memory map";
}

/// Has no control characters, which no boot entry can have.
std::string check_text(const std::string& text) {
    const bool has = std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    return has ? "takes no control characters" : "";
}

std::string check_module(const std::string& text) {
    const Module module = parse_module(text);
    if (!is_file(module.file))
        return "there is no file " + text.substr(0, text.find('='));
    return check_text(module.string);
}

/// The values of a setting, with "|" between them.
constexpr std::string_view values_of(std::string_view setting) {
    return std::ranges::find(kSettingTexts, setting, &SettingText::name)->values;
}
constexpr std::string_view kProtocols = values_of("protocol");

std::string check_protocol(const std::string& text) {
    return is_one_of(kProtocols, text) ? "" : "needs one of " + std::string(kProtocols);
}

/// "kaslr=on|off, wx=refuse|allow" and so on.
std::string setting_list() {
    std::string list;
    for (const SettingText& one : kSettingTexts)
        list += (list.empty() ? "" : ", ") + std::string(one.name) + "=" + std::string(one.values);
    return list;
}

/// The loader's own parser decides, and gives the advice.
std::string check_setting(const std::string& text) {
    if (!text.contains('='))
        return "needs KEY=VALUE";
    const Setting setting = parse_setting(text);
    BootEntry entry{};
    const auto set = set_setting(entry, setting.key, setting.value, {});
    if (set)
        return "";
    std::string why =
        printable(set.error().subject()) + ": " + std::string(describe(set.error().code).sentence);
    if (!setting_named(setting.key))
        why += " (" + setting_list() + ")";
    return why;
}

/// In lines of at most this many columns.
std::string wrapped(std::string_view text, std::size_t columns) {
    std::string lines;
    while (text.size() > columns) {
        const std::size_t end = text.rfind(' ', columns);
        lines.append(text.substr(0, end)).append("\n");
        text.remove_prefix(end + 1);
    }
    return lines.append(text);
}

constexpr std::size_t kColumns = 90;       // of what is printed
constexpr std::size_t kOptionColumns = 30; // of an option, before what it means

CLI::Option* add_value(CLI::App& verb, const char* name, auto& value, const char* type,
                       std::string_view meaning) {
    return verb.add_option(name, value, wrapped(meaning, kColumns - kOptionColumns))
        ->type_name(type);
}

CLI::Option* add_kernel(CLI::App& verb, Arguments& arguments) {
    return add_value(verb, "KERNEL", arguments.kernel, "FILE",
                     "A kernel: an ELF file for x86, or what its protocol allows.")
        ->check(rule(check_file));
}

void add_boot_options(CLI::App& verb, Arguments& arguments) {
    add_value(
        verb, "--module", arguments.modules, "FILE[=STRING]",
        "A file to load for the kernel, and a string, without blanks around it. May be repeated.")
        ->allow_extra_args(false)
        ->check(rule(check_module));
    add_value(verb, "--append", arguments.command_line, "TEXT",
              "The kernel's command line. May be repeated: the texts are joined.")
        ->allow_extra_args(false)
        ->check(rule(check_text));
    add_value(verb, "--set", arguments.settings, "KEY=VALUE",
              "A setting of the boot entry: " + setting_list() + ". May be repeated.")
        ->allow_extra_args(false)
        ->check(rule(check_setting));
    verb.add_option_function<std::string>(
            "--protocol",
            [&arguments](const std::string& name) {
                arguments.settings.push_back("protocol=" + name);
            },
            wrapped("The boot protocol that the kernel speaks: the same as --set protocol=NAME "
                    "(default: auto, recognised in the file). NAME is one of " +
                        std::string(kProtocols) + ".",
                    kColumns - kOptionColumns))
        ->type_name("NAME")
        ->check(rule(check_protocol));
}

void add_desk_options(CLI::App& verb, Arguments& arguments) {
    add_kernel(verb, arguments)->required();
    add_value(verb, "--memory", arguments.memory, "MIB|FILE",
              "The machine's memory (default: 256), or a file with a memory map: `dmesg` of Linux "
              "(\"BIOS-e820: [mem 0x100000-0x7fffffff] usable\"), of Xen or FreeBSD, or "
              "`sudo cat /proc/iomem`.")
        ->check(rule(check_memory));
    add_boot_options(verb, arguments);
}

void add_check(CLI::App& verb, Arguments& arguments) {
    add_desk_options(verb, arguments);
    verb.add_flag("--strict", arguments.strict, "End with status 1 if there is a warning.");
    CLI::Option* const quiet =
        verb.add_flag("-q,--quiet", arguments.quiet, "Print only errors and warnings.");
    verb.add_flag("--json", arguments.json, "Write JSON.")->excludes(quiet);
}

void add_plan(CLI::App& verb, Arguments& arguments) {
    add_desk_options(verb, arguments);
    CLI::Option* const json = verb.add_flag("--json", arguments.json, "Write JSON.");
    verb.add_flag("--svg", arguments.svg, "Write a picture (SVG).")->excludes(json);
    add_value(verb, "-o,--output", arguments.output, "FILE",
              "The file to write (default: standard output).");
}

std::string check_seconds(const std::string& text) {
    return text == "0" ? "" : check_number(text);
}

void add_bundle(CLI::App& verb, Arguments& arguments) {
    BundleOptions& options = arguments.bundle;
    add_kernel(verb, arguments);
    add_value(verb, "-o,--output", arguments.output, "FILE", "The bundle to make.");
    add_boot_options(verb, arguments);
    verb.get_option("--module")
        ->type_name("FILE[=PATH|STRING]")
        ->description(wrapped("A file to load for the kernel. What begins with / or \\ is its path "
                              "in the bundle, else its string. May be repeated.",
                              kColumns - kOptionColumns));
    CLI::Option* const entry =
        add_value(verb, "--entry", options.entries, "FILE",
                  "A boot entry (.conf) instead of one made of the options; the first one's kernel "
                  "is KERNEL. May be repeated, up to eight times.")
            ->allow_extra_args(false)
            ->check(rule(check_file));
    for (const char* const name : {"--append", "--set", "--protocol"})
        entry->excludes(verb.get_option(name));
    add_value(verb, "--osrel", options.osrel, "FILE", "An os-release, as other loaders show it.")
        ->check(rule(check_file));
    add_value(verb, "--sbat", options.sbat, "LINE|FILE",
              "More lines of .sbat: COMPONENT,GENERATION,VENDOR,PACKAGE,VERSION,URL. May be "
              "repeated.")
        ->allow_extra_args(false);
    CLI::Option* const key =
        add_value(verb, "--key", options.key, "FILE", "The key to sign with (PEM).")
            ->check(rule(check_file));
    CLI::Option* const certificate =
        add_value(verb, "--cert", options.certificate, "FILE", "Its certificate (PEM).")
            ->check(rule(check_file));
    key->needs(certificate);
    certificate->needs(key);
    add_value(verb, "--signing-time", options.signing_time, "SECONDS",
              "The signature's time, since 1970, so that equal input gives equal bytes; signs by "
              "osslsigncode instead of sbsign.")
        ->check(rule(check_seconds))
        ->needs(key);
    CLI::Option* const container =
        verb.add_flag("--container", options.container,
                      wrapped("Make a container of the file KERNEL, which may be any.",
                              kColumns - kOptionColumns));
    for (const char* const name :
         {"--append", "--set", "--protocol", "--module", "--entry", "--osrel"})
        container->excludes(verb.get_option(name));
    CLI::Option* const show = add_value(verb, "--show", options.shown, "FILE",
                                        "Print what is in a bundle or a container.")
                                  ->check(rule(check_file))
                                  ->excludes(verb.get_option("KERNEL"), container);
    verb.add_flag("--json", arguments.json, "Write JSON.")->needs(show);
}

void add_measure(CLI::App& verb, Arguments& arguments) {
    add_kernel(verb, arguments)->required();
    add_boot_options(verb, arguments);
    add_value(verb, "--container", arguments.containers, "FILE",
              "A container that the entry names, in the order of its use. May be repeated.")
        ->allow_extra_args(false)
        ->check(rule(check_file));
    verb.add_flag("--json", arguments.json, "Write JSON.");
}

void add_image(CLI::App& verb, Arguments& arguments) {
    CLI::Option* const kernel = add_kernel(verb, arguments);
    add_value(verb, "-o,--output", arguments.output, "FILE", "The image to make.")->required();
    add_boot_options(verb, arguments);
    CLI::Option* const bundle =
        add_value(verb, "--bundle", arguments.loader, "FILE",
                  "A bundle (see `bundle`), as the loader, instead of KERNEL and its options.")
            ->check(rule(check_file))
            ->excludes(kernel);
    for (const char* const name : {"--append", "--set", "--protocol", "--module"})
        bundle->excludes(verb.get_option(name));
    CLI::Option* const iso = verb.add_flag("--iso", arguments.iso, "Make an ISO 9660 image.");
    add_value(verb, "--sector-size", arguments.sector_bytes, "512|4096",
              "The disk's sector size (default: that of the disk FILE, else 512).")
        ->check(rule(check_sector_bytes))
        ->excludes(iso);
    CLI::Option* const compress =
        verb.add_flag("--compress{auto}", arguments.compression.compression,
                      wrapped("Compress the kernel and the modules, with zstd, lz4 or auto: what "
                              "loads each file first (default: no compression; for --compress "
                              "alone, auto).",
                              kColumns - kOptionColumns))
            ->check(rule(check_compression))
            ->excludes(bundle);
    add_value(verb, "--disk-speed", arguments.compression.disk_mib_per_second, "MIB",
              "What the disk reads in a second, for --compress=auto (default: 200).")
        ->check(rule(check_number))
        ->needs(compress);
}

void add_machine_options(CLI::App& verb, Arguments& arguments, std::string_view timeout) {
    MachineOptions& machine = arguments.machine;
    add_kernel(verb, arguments);
    add_boot_options(verb, arguments);
    const auto add_number = [&](const char* name, unsigned& value, const char* unit,
                                std::string_view meaning) {
        add_value(verb, name, value, unit, meaning)->check(rule(check_number));
    };
    add_number("--timeout", machine.timeout_seconds, "SECONDS", timeout);
    add_number("--memory", machine.memory_mib, "MIB", "The guest's memory (default: 256).");
    add_number("--smp", machine.processors, "COUNT", "The guest's processors (default: 1).");
    verb.add_flag("--display", machine.has_window, "Open a window with the guest's screen.");
    add_value(verb, "--accel", machine.accelerator, "tcg|kvm",
              "What runs the guest's code (default: tcg, QEMU itself).")
        ->check(rule(check_accelerator));
    add_value(verb, "--via", machine.boot_path, kBootPaths,
              "How Baton starts: by UEFI firmware; by QEMU itself (pvh, microvm), which is the "
              "fastest; by GRUB on UEFI or on a BIOS; as a Linux kernel (default: uefi).")
        ->check(rule(check_boot_path));
}

void add_run(CLI::App& verb, Arguments& arguments) {
    add_machine_options(verb, arguments, "Stop after this time (default: never).");
}

void add_debug(CLI::App& verb, Arguments& arguments) {
    DebugOptions& debug = arguments.debug;
    add_machine_options(verb, arguments,
                        "End GDB and the machine after this time, with status 1 (default: never).");
    add_value(
        verb, "--break", debug.places, "WHERE",
        "Stop at reset, stage1, before-exit, stage2, before-cr3, after-cr3, \"copy N\" (segment "
        "N), before-jump, ap-start, ap-parked, kernel-entry or fault (default: kernel-entry). May "
        "be "
        "repeated.")
        ->check(rule(check_place))
        ->allow_extra_args(false);
    add_value(verb, "--ex", debug.commands, "COMMAND",
              "A GDB command, after the stop. May be repeated.")
        ->allow_extra_args(false);
    verb.add_flag("--batch", debug.batch, "End after these commands, and read no .gdbinit.");
    verb.add_flag("--server-only", debug.server_only,
                  "Start no GDB; print the commands that a debugger needs, and wait.");
}

void add_explain(CLI::App& verb, Arguments& arguments) {
    add_value(verb, "LOG", arguments.log, "FILE", "The serial log (default: standard input).")
        ->check(rule(check_log));
    add_value(verb, "--kernel", arguments.kernel, "FILE", "The kernel that was booted.")
        ->required()
        ->check(rule(check_file));
}

void add_new(CLI::App& verb, Arguments& arguments) {
    add_value(verb, "NAME", arguments.project.folder, "FOLDER",
              "The project's folder, which isn't there yet. Its last part is the project's name: "
              "letters, digits, - and _.")
        ->required();
    add_value(verb, "--lang", arguments.project.language, std::string(kLanguages).c_str(),
              "The kernel's language; asm is NASM (default: c).")
        ->check(rule(check_language));
    add_value(verb, "--build", arguments.project.build, std::string(kBuilds).c_str(),
              "What builds it (default: make).")
        ->check(rule(check_build));
}

std::string examples_text(const Verb& verb, const std::string& program) {
    std::string text = "Examples:\n";
    for (const Example& example : verb.examples)
        text += "  " + program + " " + std::string(example.command) + "\n      " +
                std::string(example.meaning) + "\n";
    return text;
}

} // namespace

std::span<const Verb> verbs() {
    return kVerbs;
}

std::unique_ptr<CLI::App> make_command_line(Arguments& arguments) {
    auto app = std::make_unique<CLI::App>("Makes and boots images of kernels, checks kernels, and "
                                          "explains what went wrong.",
                                          arguments.program);
    app->require_subcommand(0, 1); // main() reports a missing verb in its own words
    app->get_formatter()->column_width(kOptionColumns);
    app->get_formatter()->label("SUBCOMMAND", "VERB");
    app->set_help_flag("-h,--help", "Print this, or with a verb its help, and exit.");
    app->set_version_flag("--version", "baton " BATON_VERSION, "Print the version and exit.");
    app->add_flag("--include-dir", arguments.shows_include_folder,
                  "Print the folder of the headers and exit.");
    app->footer("`" + arguments.program +
                " VERB --help` shows a verb's options and examples. "
                "Exit status after a wrong call: 2.");
    for (const Verb& verb : kVerbs) {
        CLI::App& command = *app->add_subcommand(std::string(verb.name), std::string(verb.summary));
        command.group("Verbs");
        command.set_help_flag("-h,--help", "Print this and exit.");
        command.footer(wrapped(verb.description, kColumns) + "\n\n" +
                       examples_text(verb, arguments.program));
    }
    add_new(*app->get_subcommand("new"), arguments);
    add_check(*app->get_subcommand("check"), arguments);
    add_plan(*app->get_subcommand("plan"), arguments);
    add_image(*app->get_subcommand("image"), arguments);
    add_bundle(*app->get_subcommand("bundle"), arguments);
    add_measure(*app->get_subcommand("measure"), arguments);
    add_run(*app->get_subcommand("run"), arguments);
    add_debug(*app->get_subcommand("debug"), arguments);
    add_explain(*app->get_subcommand("explain"), arguments);
    return app;
}

bool takes_file(const CLI::Option& option) {
    return option.get_type_name().contains("FILE");
}

Setting parse_setting(const std::string& text) {
    const std::size_t equals = std::min(text.find('='), text.size());
    return {.key = text.substr(0, equals),
            .value = equals < text.size() ? text.substr(equals + 1) : std::string()};
}

Module parse_module(const std::string& text) {
    std::string file = text;
    while (!is_file(file) && file.contains('='))
        file.erase(file.rfind('='));
    const std::string string = file.size() < text.size() ? text.substr(file.size() + 1) : "";
    return {.file = file,
            .name = fs::path(file).filename().string(),
            .string = std::string(trim(string))};
}

} // namespace baton::tool
