// SPDX-License-Identifier: BSD-2-Clause
//
// Hashes are made by coreutils' programs: they are everywhere, and a library of cryptography would
// be one more thing to build and to keep.
#include "tools/baton/measure.hpp"

#include "bundle/bundle.hpp"
#include "config/entry_file.hpp"
#include "config/lines.hpp"
#include "tools/baton/entry_text.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/heap_arena.hpp"
#include "tools/baton/pe_writer.hpp"
#include "tools/baton/process.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>

namespace baton::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kBanks = {"sha1", "sha256", "sha384", "sha512"};

constexpr unsigned kApplicationsPcr = 4, kTextsPcr = 8, kFilesPcr = 9;

/// In hexadecimal digits, as sha256sum and its like print it.
std::string hash(std::string_view bank, std::string_view data) {
    const std::string line = run_program({std::string(bank) + "sum"}, data);
    return line.substr(0, line.find(' '));
}

std::string bytes_of(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
        bytes += static_cast<char>(value);
    }
    return bytes;
}

struct Event {
    unsigned pcr;
    std::string name;
    std::string data; // that is hashed
};
using Events = std::vector<Event>;

/// The firmware's own, as OVMF has them: TCG PC Client Platform Firmware Profile sections 3.3.4.5
/// and 10.4.1.
void add_firmware(Bytes loader, Events& events) {
    const std::string action = "Calling EFI Application from Boot Option";
    events.push_back({kApplicationsPcr, action, action});
    events.push_back({kApplicationsPcr, "separator", std::string(4, '\0')});
    events.push_back({kApplicationsPcr, "loader", authenticode_content(loader)});
}

/// The first entry, and the command line that comes from it.
void add_entry(const std::string& name, const std::string& text, Events& events) {
    class Silent final : public RemarkSink {
        void remark(const Remark&) override {}
    } silent;
    HeapArena arena;
    const auto entry = parse_entry(name, text, arena, silent);
    if (!entry)
        throw Failure(name + ": " + string_of(Text().error(entry.error())));
    events.push_back({kTextsPcr, "baton entry: " + name, text});
    if (!entry->command_line.empty())
        events.push_back({kTextsPcr, "baton command line", std::string(entry->command_line)});
}

void add_bundle(const Bundle& bundle, Events& events) {
    std::string entry;
    for (std::size_t i = 0; i < bundle.section_count(); ++i) {
        const BundleSection section = bundle.section(i);
        if (section.name == ".entry")
            entry = text_of(section.bytes);
        else if (!section.name.empty() && !section.name.starts_with(".entry"))
            events.push_back({kFilesPcr, "baton bundle: " + std::string(section.name),
                              std::string(text_of(section.bytes))});
    }
    add_entry(".entry", entry, events);
}

/// A container is verified by the firmware, which measures it as an image.
void add_file(const std::string& path, const fs::path& file, Events& events) {
    const std::vector<std::byte> bytes = read_file(file);
    events.push_back(
        {kFilesPcr, "baton file: " + with_backslashes(path), std::string(text_of(bytes))});
    if (!ends_with_ignoring_case(path, ".efi"))
        return;
    if (const auto read = Bundle::read(bytes, Bundle::Form::file); read && read->has_index())
        events.push_back({kApplicationsPcr, "container", authenticode_content(bytes)});
}

void add_volume(const BootFiles& files, Events& events) {
    add_entry("baton.conf", entry_text(files), events);
    add_file(kernel_path(files), files.kernel, events);
    for (std::size_t i = 0; i < files.modules.size(); ++i)
        add_file(module_path(files.modules[i], i), files.modules[i].file, events);
}

Events events_of(const BootFiles& files, const std::vector<fs::path>& containers) {
    Events events;
    const std::vector<std::byte> kernel = read_file(files.kernel);
    if (text_of(kernel).starts_with("MZ")) {
        const auto bundle = Bundle::read(kernel, Bundle::Form::file);
        if (!bundle)
            throw Failure(string_of(Text().error(bundle.error())));
        if (!bundle->has_entry())
            throw Failure(files.kernel.string() + " is a PE file without a boot entry: no bundle");
        if (!files.modules.empty() || !files.command_line.empty() || !files.settings.empty())
            throw Failure("a bundle has its own modules, command line and settings");
        add_firmware(kernel, events);
        add_bundle(*bundle, events);
    }
    if (events.empty()) {
        add_firmware(read_file(data_file("BOOTX64.EFI")), events);
        add_volume(files, events);
    }
    for (const fs::path& file : containers) {
        const std::size_t before = events.size();
        add_file(file.filename().string(), file, events);
        if (events.size() - before != 2)
            throw Failure(file.string() + " is no container: a PE file with one file, *.efi");
    }
    return events;
}

/// A PCR begins with zeroes, and is extended by each digest: TPM 2.0 Library, part 1, section 17.
std::string value_of(unsigned pcr, std::string_view bank, const Events& events) {
    std::string value(hash(bank, "").size(), '0');
    for (const Event& event : events)
        if (event.pcr == pcr)
            value = hash(bank, bytes_of(value) + bytes_of(hash(bank, event.data)));
    return value;
}

} // namespace

void show_measurements(const BootFiles& files, const std::vector<fs::path>& containers,
                       bool as_json) {
    const Events events = events_of(files, containers);
    nlohmann::ordered_json all;
    for (const std::string_view bank : kBanks)
        for (const unsigned pcr : {kApplicationsPcr, kTextsPcr, kFilesPcr}) {
            const std::string value = value_of(pcr, bank, events);
            all["pcrs"][std::string(bank)][std::to_string(pcr)] = value;
            if (!as_json)
                std::cout << bank << ":" << pcr << " " << value << '\n';
        }
    if (!as_json)
        return;
    for (const Event& event : events)
        all["events"].push_back({{"pcr", event.pcr},
                                 {"name", event.name},
                                 {"bytes", event.data.size()},
                                 {"sha256", hash("sha256", event.data)}});
    std::cout << all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

} // namespace baton::tool
