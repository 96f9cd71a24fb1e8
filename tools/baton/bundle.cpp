// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/bundle.hpp"

#include "bundle/bundle.hpp"
#include "config/entry_file.hpp"
#include "config/lines.hpp"
#include "config/path.hpp"
#include "tools/baton/entry_text.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fat_name.hpp"
#include "tools/baton/heap_arena.hpp"
#include "tools/baton/output_file.hpp"
#include "tools/baton/pe_writer.hpp"
#include "tools/baton/process.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <iostream>
#include <ranges>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostEntries = 8, kMostModules = 1000;

using Sections = std::vector<NewSection>;

bool has(const std::vector<std::string>& paths, const std::string& path) {
    return std::ranges::find(paths, path) != paths.end();
}

std::string content_of(const fs::path& file) {
    return std::string(text_of(read_file(file)));
}

/// COMPONENT,GENERATION,VENDOR,PACKAGE,VERSION,URL: shim's SBAT.md.
void check_sbat(std::string_view line) {
    constexpr std::ptrdiff_t kCommas = 5;
    const std::size_t comma = std::min(line.find(','), line.size() - 1);
    const std::string_view generation =
        line.substr(comma + 1, line.find(',', comma + 1) - comma - 1);
    if (comma == 0 || std::ranges::count(line, ',') != kCommas || !parse_decimal(generation))
        throw Failure("a line of .sbat is COMPONENT,GENERATION,VENDOR,PACKAGE,VERSION,URL, not \"" +
                      printable(line) + "\"");
}

std::string sbat_text(const std::vector<std::string>& given) {
    std::string text = "sbat,1,SBAT Version,sbat,1,"
                       "https://github.com/rhboot/shim/blob/main/SBAT.md\n"
                       "baton,1,Baton,baton," BATON_VERSION ",SECURITY.md\n";
    for (const std::string& one : given) {
        const std::string lines = one.contains(',') ? one : content_of(one);
        for (const auto part : std::views::split(lines, '\n'))
            if (const std::string_view line = trim(std::string_view(part)); !line.empty()) {
                check_sbat(line);
                text.append(line).append("\n");
            }
    }
    return text;
}

std::string index_line(const std::string& section, std::string_view path) {
    if (path.size() > kMaxPathBytes || path.contains('\n'))
        throw Failure("a path in a bundle has no line feed, and at most " +
                      std::to_string(kMaxPathBytes) + " bytes: " + printable(path));
    return section + " " + std::string(path) + "\n";
}

/// Prints what the loader will ignore.
class Warnings final : public RemarkSink {
  public:
    explicit Warnings(const std::string& file) : file_(file) {}
    void remark(const Remark& remark) override {
        std::cerr << "baton: " << file_ << ": warning: the loader ignores \""
                  << printable(remark.key) << "\"\n";
    }

  private:
    const std::string& file_;
};

/// The texts of boot entries, and the paths that they name.
struct Entries {
    std::vector<std::string> texts;
    std::vector<std::string> paths; // of kernels and modules
    std::string kernel;             // of the first one
};

void add_entry(const std::string& name, std::string text, Entries& entries) {
    HeapArena arena;
    Warnings warnings(name);
    const auto entry = parse_entry(name, text, arena, warnings);
    if (!entry)
        throw Failure(name + ": " + string_of(Text().error(entry.error())));
    if (entries.texts.empty())
        entries.kernel = entry->kernel;
    entries.paths.emplace_back(entry->kernel);
    for (const auto& module : entry->modules)
        entries.paths.emplace_back(module.path);
    entries.texts.push_back(std::move(text));
}

Entries read_entries(const BootFiles& files, const BundleOptions& options) {
    Entries entries;
    if (options.entries.empty())
        add_entry("baton.conf", entry_text(files), entries);
    if (options.entries.size() > kMostEntries)
        throw Failure("a bundle has at most " + std::to_string(kMostEntries) + " boot entries");
    for (const fs::path& file : options.entries)
        add_entry(file.string(), content_of(file), entries);
    return entries;
}

/// The index, and the sections of the files.
struct Contents {
    std::string index;
    Sections sections;
    std::vector<std::string> paths;

    void add(const std::string& section, const std::string& path, const fs::path& file) {
        if (has(paths, path))
            throw Failure("two files would be " + printable(path));
        index += index_line(section, path);
        sections.push_back({section, content_of(file)});
        paths.push_back(path);
    }
};

Contents read_contents(const BootFiles& files, const Entries& entries) {
    if (files.modules.size() > kMostModules)
        throw Failure("too many files: a bundle has at most " + std::to_string(kMostModules) +
                      " modules");
    Contents contents;
    contents.add(".kernel", entries.kernel, files.kernel);
    for (std::size_t i = 0; i < files.modules.size(); ++i)
        contents.add(".mod" + std::to_string(i), with_backslashes(module_path(files.modules[i], i)),
                     files.modules[i].file);
    return contents;
}

void warn_of_missing(const Entries& entries, const Contents& contents) {
    for (const std::string& path : entries.paths)
        if (!has(contents.paths, path) && !ends_with_ignoring_case(path, ".efi"))
            std::cerr << "baton: warning: an entry names " << printable(path)
                      << ", which isn't in the bundle: it can't be read under Secure Boot\n";
}

/// Runs sbsign, which takes the time of the signature from the clock, or osslsigncode.
void sign(const fs::path& image, const fs::path& signed_image, const BundleOptions& options) {
    if (options.signing_time.empty())
        run_program({"sbsign", "--key", options.key.string(), "--cert",
                     options.certificate.string(), "--output", signed_image.string(),
                     image.string()});
    else
        run_program({"osslsigncode", "sign", "-h", "sha256", "-time", options.signing_time, "-key",
                     options.key.string(), "-certs", options.certificate.string(), "-in",
                     image.string(), "-out", signed_image.string()});
}

/// Checks what was written by what the loader reads it with, signs it, and puts it in its place.
void write_image(const std::string& image, const BundleOptions& options, const fs::path& path) {
    const auto read = Bundle::read(std::as_bytes(std::span(image)), Bundle::Form::file);
    if (!read)
        throw Failure("the loader would refuse it: " + string_of(Text().error(read.error())));
    const ScratchDirectory scratch;
    OutputFile output(path, scratch);
    if (options.key.empty()) {
        write_file(output.image(), image);
    } else {
        write_file(scratch / "unsigned.efi", image);
        sign(scratch / "unsigned.efi", scratch / "signed.efi", options);
        write_file(output.image(), content_of(scratch / "signed.efi"));
    }
    output.finish();
}

} // namespace

void make_bundle(const BootFiles& files, const BundleOptions& options, const fs::path& path) {
    const Entries entries = read_entries(files, options);
    const Contents contents = read_contents(files, entries);
    warn_of_missing(entries, contents);
    Sections sections{{".sbat", sbat_text(options.sbat)}};
    if (!options.osrel.empty())
        sections.push_back({".osrel", content_of(options.osrel)});
    for (std::size_t i = 0; i < entries.texts.size(); ++i)
        sections.push_back({".entry" + (i == 0 ? "" : std::to_string(i)), entries.texts[i]});
    sections.push_back({".files", contents.index});
    sections.insert(sections.end(), contents.sections.begin(), contents.sections.end());
    write_image(add_sections(read_file(data_file("BOOTX64.EFI")), sections), options, path);
}

void make_container(const fs::path& file, const BundleOptions& options, const fs::path& path) {
    const std::string content = content_of(file);
    const std::string section = content.starts_with("\x7f"
                                                    "ELF")
                                    ? ".kernel"
                                    : ".mod0";
    const std::string index = index_line(section, "\\" + file.filename().string());
    const std::string program = empty_program();
    write_image(
        add_sections(std::as_bytes(std::span(program)),
                     {{".sbat", sbat_text(options.sbat)}, {".files", index}, {section, content}}),
        options, path);
}

} // namespace baton::tool
