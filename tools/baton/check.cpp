// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/check.hpp"

#include "tools/baton/files.hpp"
#include "tools/baton/known_errors.hpp"
#include "tools/baton/lost_requests.hpp"
#include "tools/baton/spoken.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

namespace baton::tool {
namespace {

std::string line_of(const SpokenProtocol& protocol) {
    std::string line = "protocol " + protocol.name;
    if (!protocol.mark.empty())
        line += ": " + protocol.mark;
    if (protocol.error)
        line += ": " + string_of(Text().error(*protocol.error));
    return line + (protocol.is_used ? "; used" : "");
}

std::string line_of(const KernelRequest& request, const Rehearsal& rehearsal) {
    std::string line = "request " + request.name;
    if (!request.values.empty())
        line += " " + request.values;
    if (request.is_required)
        line += ", required";
    const auto is_met = request.is_met(rehearsal);
    return line + (!is_met ? "" : *is_met ? ": met" : ": not met");
}

/// What the loader would log, and what it can't know.
std::vector<std::string> lines_of(const Rehearsal& rehearsal, const Rehearsal::Given& given) {
    std::vector<std::string> lines = rehearsal.log();
    const std::string lost = lost_requests(MappedFile(given.kernel).bytes());
    if (!rehearsal.error() && !lost.empty())
        lines.push_back("warning: " + lost);
    return lines;
}

std::size_t warnings_in(const std::vector<std::string>& lines) {
    return static_cast<std::size_t>(std::ranges::count_if(
        lines, [](const std::string& line) { return line.starts_with("warning: "); }));
}

void print(const Rehearsal& rehearsal, const std::vector<std::string>& lines,
           const SpokenProtocols& spoken, bool quiet) {
    if (!quiet) {
        for (const SpokenProtocol& protocol : spoken.all)
            std::cout << line_of(protocol) << '\n';
        for (const KernelRequest& request : spoken.requests)
            std::cout << line_of(request, rehearsal) << '\n';
    }
    for (const std::string& line : lines)
        if (!quiet || line.starts_with("warning: "))
            std::cout << line << '\n';
    if (rehearsal.error())
        std::cout << error_with_fix(*rehearsal.error());
}

void print_json(const std::string& kernel, const Rehearsal& rehearsal,
                const std::vector<std::string>& lines, const SpokenProtocols& spoken) {
    using Json = nlohmann::ordered_json;
    Json protocols = Json::array();
    for (const SpokenProtocol& one : spoken.all) {
        protocols.push_back({{"name", one.name}, {"mark", one.mark}, {"used", one.is_used}});
        if (one.error)
            protocols.back()["error"] = string_of(Text().error(*one.error));
    }
    Json requests = Json::array();
    for (const KernelRequest& one : spoken.requests) {
        requests.push_back(
            {{"name", one.name}, {"values", one.values}, {"required", one.is_required}});
        if (const auto is_met = one.is_met(rehearsal))
            requests.back()["met"] = *is_met;
    }
    Json all = {{"kernel", kernel},       {"can_be_booted", !rehearsal.error()},
                {"protocols", protocols}, {"requests", requests},
                {"log", lines},           {"warnings", warnings_in(lines)}};
    if (rehearsal.error())
        all["error"] = {{"name", describe(rehearsal.error()->code).name},
                        {"text", string_of(Text().error(*rehearsal.error()))}};
    std::cout << all.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

} // namespace

int check(const Rehearsal::Given& given, const CheckOptions& options) {
    const SpokenProtocols spoken = options.quiet ? SpokenProtocols{} : find_spoken_protocols(given);
    const Rehearsal rehearsal(given);
    const std::string kernel = given.kernel.filename().string();
    const std::vector<std::string> lines = lines_of(rehearsal, given);
    const std::size_t warnings = warnings_in(lines);
    if (options.json)
        print_json(kernel, rehearsal, lines, spoken);
    else
        print(rehearsal, lines, spoken, options.quiet);
    if (rehearsal.error())
        return 1;
    if (!options.quiet && !options.json)
        std::cout << kernel << ": can be booted, " << string_of(Text().count(warnings, "warning"))
                  << '\n';
    return options.strict && warnings != 0 ? 1 : 0;
}

std::string error_with_fix(const Error& error) {
    return string_of(Text().error(error)) + "\n" + cause_and_fix(describe(error.code).name);
}

} // namespace baton::tool
