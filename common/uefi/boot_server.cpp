// SPDX-License-Identifier: BSD-2-Clause
#include "uefi/boot_server.hpp"

#include "config/lines.hpp"

#include <cstddef>

namespace baton {
namespace {

// The packet: RFC 2131 section 2. `file` ends where the magic cookie and the options begin.
constexpr std::size_t kServerAddress = 20, kFile = 108, kCookie = 236, kOptions = 240;
constexpr uint32_t kCookieValue = 0x63538263; // 99, 130, 83, 99

// Options: RFC 2132.
constexpr uint8_t kPad = 0, kServerIdentifier = 54, kBootFile = 67, kEnd = 255;

/// Up to the first NUL or the end.
std::string_view text_in(Bytes field) {
    const std::string_view text(reinterpret_cast<const char*>(field.data()), field.size());
    const std::size_t end = index_of(text, '\0');
    return end == std::string_view::npos ? text : head(text, end);
}

/// The contents of the first option `code`; empty where there is none.
Bytes find_option(Bytes packet, uint8_t code) {
    std::size_t at = kOptions;
    while (at + 1 < packet.size()) {
        const auto found = read_at<uint8_t>(packet, at);
        if (found == kPad) {
            ++at;
            continue;
        }
        const auto bytes = read_at<uint8_t>(packet, at + 1);
        if (found == kEnd || !fits(at + 2, bytes, packet.size()))
            break;
        if (found == code)
            return packet.subspan(at + 2, bytes);
        at += 2 + std::size_t{bytes};
    }
    return {};
}

bool is_separator(char character) {
    return character == '/' || character == '\\';
}

/// Without the separators at its end.
std::string_view without_separators(std::string_view path) {
    while (!path.empty() && is_separator(path.back()))
        path.remove_suffix(1);
    return path;
}

/// Up to the separator, or the colon of a drive, that the last component comes after.
std::string_view before_last_component(std::string_view path) {
    const std::size_t drive = path.size() > 1 && is_letter(path[0]) && path[1] == ':' ? 2 : 0;
    while (path.size() > drive && !is_separator(path.back()))
        path.remove_suffix(1);
    return path;
}

} // namespace

std::optional<BootServer> parse_dhcp_reply(Bytes packet) {
    if (packet.size() < kOptions || read_at<uint32_t>(packet, kCookie) != kCookieValue)
        return std::nullopt;
    BootServer server{.address = read_at<uint32_t>(packet, kServerAddress),
                      .file = text_in(find_option(packet, kBootFile))};
    if (server.file.empty())
        server.file = text_in(packet.subspan(kFile, kCookie - kFile));
    const Bytes identifier = find_option(packet, kServerIdentifier);
    if (server.address == 0 && identifier.size() == sizeof server.address)
        server.address = read_at<uint32_t>(identifier, 0);
    if (server.file.empty() || server.address == 0)
        return std::nullopt;
    return server;
}

std::string_view BootServer::root() const {
    const std::string_view directory = before_last_component(file);
    std::string_view above = directory;
    for (const std::string_view name : {"BOOT", "EFI"}) {
        const std::string_view path = above;
        above = before_last_component(without_separators(path));
        if (!equal_ignoring_case(without_separators(tail(path, above.size())), name))
            return directory;
    }
    return above;
}

char BootServer::separator() const {
    const std::string_view directory = before_last_component(file);
    return !directory.empty() && directory.back() == '\\' ? '\\' : '/';
}

} // namespace baton
