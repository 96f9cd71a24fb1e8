// SPDX-License-Identifier: BSD-2-Clause
#include "bundle/bundle.hpp"
#include "config/entry_file.hpp"
#include "tools/baton/bundle.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/fat_name.hpp"
#include "tools/baton/pe_writer.hpp"
#include "tools/baton/text.hpp"

#include <iostream>
#include <nlohmann/json.hpp>

namespace baton::tool {
namespace {

using Json = nlohmann::ordered_json;

bool is_text(std::string_view name) {
    return name == ".sbat" || name == ".osrel" || name.starts_with(".entry");
}

Json report_on(const Bundle& bundle, uint64_t certificate_bytes) {
    Json all = {{"kind", bundle.has_entry() ? "bundle" : "container"},
                {"signed", certificate_bytes != 0},
                {"certificate_bytes", certificate_bytes},
                {"sections", Json::array()},
                {"files", Json::array()}};
    for (std::size_t i = 0; i < bundle.section_count(); ++i) {
        const BundleSection section = bundle.section(i);
        if (section.name.empty())
            continue;
        all["sections"].push_back(
            {{"name", std::string(section.name)}, {"bytes", section.bytes.size()}});
        if (is_text(section.name))
            all["sections"].back()["text"] = text_of(section.bytes);
    }
    std::string_view rest = bundle.index();
    while (const auto file = bundle.next_file(rest))
        all["files"].push_back({{"path", std::string(file->path)},
                                {"section", std::string(file->section)},
                                {"bytes", file->bytes.size()}});
    return all;
}

void print_text(const std::string& text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::cout << "    " << printable(std::string_view(text).substr(at, end - at)) << '\n';
        at = end + 1;
    }
}

void print(const Json& all) {
    std::cout << all["kind"].get<std::string>() << ", "
              << (all["signed"].get<bool>()
                      ? "signed (not verified here), certificates of " +
                            size_text(all["certificate_bytes"].get<uint64_t>())
                      : "not signed")
              << '\n';
    for (const Json& section : all["sections"]) {
        const auto name = section["name"].get<std::string>();
        std::cout << name << "  " << section["bytes"] << " bytes";
        for (const Json& file : all["files"])
            if (file["section"] == name)
                std::cout << "  " << printable(file["path"].get<std::string>());
        std::cout << '\n';
        if (section.contains("text"))
            print_text(section["text"].get<std::string>());
    }
}

} // namespace

void show_bundle(const std::filesystem::path& file, bool as_json) {
    const std::vector<std::byte> bytes = read_file(file);
    const auto bundle = Bundle::read(bytes, Bundle::Form::file);
    if (!bundle)
        throw Failure(file.string() + ": " + string_of(Text().error(bundle.error())));
    if (!bundle->has_content())
        throw Failure(file.string() + " is a PE file without a boot entry and files: no bundle");
    authenticode_content(bytes); // or says that the signatures are not where they should be
    const Json all = report_on(*bundle, certificate_bytes(bytes));
    if (as_json)
        std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    else
        print(all);
}

} // namespace baton::tool
