// SPDX-License-Identifier: BSD-2-Clause
//
// documents man | completion: writes baton's manual page, or the completion for Bash.
#include "config/settings.hpp"
#include "tools/baton/command_line.hpp"

#include <algorithm>
#include <iostream>
#include <ranges>
#include <string_view>

namespace baton::tool {
namespace {

/// For groff: a dash is a minus sign, and a line can't begin with a dot.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '-' || c == '\\')
            result += '\\';
        if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n'))
            result += "\\&";
        result += c;
    }
    return result;
}

std::string usage(const CLI::Option& option) {
    std::string text;
    for (const std::string& name : option.get_snames())
        text += "-" + name + ", ";
    for (const std::string& name : option.get_lnames())
        text += "--" + name;
    if (option.get_lnames().empty())
        text += option.get_name();
    if (option.get_type_size() != 0 && !option.get_positional())
        text += " " + option.get_type_name();
    return text;
}

std::string synopsis(const CLI::App& command) {
    std::string text = "baton " + command.get_name();
    for (const CLI::Option* option : command.get_options())
        if (option->get_positional())
            text +=
                option->get_required() ? " " + option->get_name() : " [" + option->get_name() + "]";
        else if (option->get_required())
            text += " " + usage(*option);
    return text + " [OPTIONS]" + (command.get_name() == "run" ? " [-- QEMU-ARGUMENTS]" : "");
}

void write_manual(const CLI::App& app) {
    std::cout << ".TH BATON 1 \"\" \"Baton " BATON_VERSION "\" \"User Commands\"\n"
                 ".SH NAME\nbaton \\- "
              << escaped(app.get_description()) << "\n.SH SYNOPSIS\n";
    for (const Verb& verb : verbs())
        std::cout << ".B " << escaped(synopsis(*app.get_subcommand(std::string(verb.name))))
                  << "\n.br\n";
    std::cout << ".SH VERBS\n";
    for (const Verb& verb : verbs()) {
        const CLI::App& command = *app.get_subcommand(std::string(verb.name));
        std::cout << ".SS " << escaped(synopsis(command)) << "\n"
                  << escaped(verb.summary) << "\n"
                  << escaped(verb.description) << "\n";
        for (const CLI::Option* option : command.get_options())
            std::cout << ".TP\n.B " << escaped(usage(*option)) << "\n"
                      << escaped(option->get_description()) << "\n";
    }
    std::cout << ".SH EXIT STATUS\n0 after success, 1 after a failure, 2 after a wrong call.\n"
                 ".SH EXAMPLES\n";
    for (const Verb& verb : verbs())
        for (const Example& example : verb.examples)
            std::cout << ".TP\n.B baton " << escaped(example.command) << "\n"
                      << escaped(example.meaning) << "\n";
    std::cout << ".SH SEE ALSO\nREADME.md and docs/, which are installed with Baton:\n"
                 "the boot protocol, errors, fault reports and debugging.\n";
}

constexpr std::string_view kCompletionBegin = R"(# SPDX-License-Identifier: BSD-2-Clause
#
# Completion of `baton` for Bash.
_baton() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local options="" files=""
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
        return
    fi
    case ${COMP_WORDS[1]} in
)";
constexpr std::string_view kCompletionEnd = R"(    esac
    if [[ " $files " == *" $before "* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif [[ $before == --set ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$settings" -- "$word")
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -o filenames -F _baton baton
)";

bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

void write_completion(const CLI::App& app) {
    std::string all = "help";
    std::string cases;
    for (const Verb& verb : verbs()) {
        all += " " + std::string(verb.name);
        std::string options;
        std::string files;
        for (const CLI::Option* option : app.get_subcommand(std::string(verb.name))->get_options())
            if (!option->get_positional())
                for (const std::string& name : option->get_lnames()) {
                    options += " --" + name;
                    files += takes_file(*option) ? " --" + name : "";
                }
        cases += "    " + std::string(verb.name) + ")\n        options=\"" + options.substr(1) +
                 "\"\n        files=\"" + (files.empty() ? files : files.substr(1)) +
                 "\"\n        ;;\n";
    }
    std::string settings; // each with its values, except those that a person fills in
    for (const SettingText& setting : kSettingTexts)
        for (const auto part : std::views::split(setting.values, '|'))
            if (const std::string_view value(part); std::ranges::none_of(value, is_capital))
                settings += " " + std::string(setting.name) + "=" + std::string(value);
    const auto filled_in = [](std::string_view text, std::string_view name,
                              std::string_view value) {
        std::string result(text);
        return result.replace(result.find(name), name.size(), value);
    };
    std::cout << filled_in(kCompletionBegin, "$verbs", all) << cases
              << filled_in(kCompletionEnd, "$settings", settings.substr(1));
}

} // namespace
} // namespace baton::tool

int main(int count, char** words) {
    baton::tool::Arguments arguments;
    const auto app = baton::tool::make_command_line(arguments);
    const std::string_view what = count == 2 ? words[1] : "";
    if (what == "man")
        baton::tool::write_manual(*app);
    else if (what == "completion")
        baton::tool::write_completion(*app);
    else
        return 2;
    return std::cout.good() ? 0 : 1;
}
