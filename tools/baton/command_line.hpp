// SPDX-License-Identifier: BSD-2-Clause
//
// What can be typed after `baton`. From this come the parser, --help, the manual page and the
// completion of shells, so that they agree.
#pragma once

#include "tools/baton/bundle.hpp"
#include "tools/baton/compressed_files.hpp"
#include "tools/baton/debug.hpp"
#include "tools/baton/machine.hpp"
#include "tools/baton/new_project.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

struct Arguments {
    std::string program = "baton"; // as it was called
    bool shows_include_folder = false;

    std::filesystem::path kernel;
    // check, plan, image, run
    std::vector<std::string> modules; // FILE[=STRING]
    std::vector<std::string> command_line;
    std::vector<std::string> settings; // KEY=VALUE
    // plan, image
    std::filesystem::path output;
    // check
    bool strict = false;
    bool quiet = false;
    // check, plan
    std::string memory = "256"; // MiB, or a file with a map
    bool json = false;
    // plan
    bool svg = false;
    // image
    bool iso = false;
    unsigned sector_bytes = 0;
    CompressionOptions compression;
    std::filesystem::path loader; // a bundle
    // bundle
    BundleOptions bundle;
    // measure
    std::vector<std::filesystem::path> containers;
    // debug, run
    MachineOptions machine;
    // debug
    DebugOptions debug;
    // explain
    std::filesystem::path log = "-";
    // new
    NewProject project;
};

struct Example {
    std::string_view command; // without "baton"
    std::string_view meaning;
};

struct Verb {
    std::string_view name;
    std::string_view summary; // a sentence
    std::string_view description;
    std::span<const Example> examples;
};

/// All verbs that are subcommands of the parser.
std::span<const Verb> verbs();

/// The parser, which fills in `arguments`; they have to outlive it.
std::unique_ptr<CLI::App> make_command_line(Arguments& arguments);

/// Whether an option's value, or a positional, is a file for a shell to complete.
bool takes_file(const CLI::Option& option);

/// KEY=VALUE.
Setting parse_setting(const std::string& text);

/// FILE[=STRING]. A file may have = in its name, so the longest part that is a file counts.
Module parse_module(const std::string& text);

} // namespace baton::tool
