// SPDX-License-Identifier: BSD-2-Clause
#include "config/foreign_path.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

constexpr bool is_separator(char character) {
    return character == '/' || character == '\\';
}
constexpr bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
        return is_letter(character) || is_digit(character) || character == '-' ||
               character == '_' || character == '.' || character == '+';
    });
}

/// A device of the beginning of a path, and whose syntax it is.
struct Device {
    std::string_view text;
    std::string_view owner; // empty: it is no device
};

/// Letters and then a number, perhaps with more after it: fs0, blk12, hd0a1b.
bool is_shell_mapping(std::string_view name) {
    std::size_t digit = 0;
    while (digit < name.size() && !is_digit(name[digit]))
        ++digit;
    return digit < name.size() && is_one_of(head(name, digit), "fs blk hd cd f", Case::is_ignored);
}

/// "NAME:REST". `before` is the path up to the colon.
Device before_colon(std::string_view path, std::string_view before) {
    const std::string_view rest = tail(path, before.size() + 1);
    const std::string_view device = head(path, before.size() + 1);
    if (before.empty())
        return {head(path, rest.starts_with(':') ? 2 : 1), "mtools'"};
    if (rest.starts_with("//")) {
        const bool limine = is_one_of(before, "boot hdd odd guid uuid fslabel");
        return {head(path, before.size() + 3), limine ? "Limine's" : "a URL's"};
    }
    if (before.size() == 1 && is_letter(before.front()))
        return {device, "Windows'"};
    if (is_shell_mapping(before))
        return {device, "the EFI shell's"};
    if (is_name(before) && !rest.empty() && is_separator(rest.front()))
        return {device, "a volume's or a server's"};
    return {};
}

/// The nodes that a device path begins with: UEFI 2.10, section 10.6.1.6.
bool is_first_node(std::string_view name) {
    return is_one_of(name,
                     "PciRoot PcieRoot Acpi AcpiEx AcpiExp VenHw MemoryMapped Fv HD CDROM VenMedia "
                     "MAC",
                     Case::is_ignored);
}

/// "NAME(…)REST", or "(…)REST". `open` is where the parenthesis is.
Device before_parenthesis(std::string_view path, std::size_t open) {
    const std::size_t close = index_of(path, ')', open);
    if (close == std::string_view::npos)
        return {};
    const std::string_view device = head(path, close + 1);
    const std::string_view rest = tail(path, close + 1);
    const bool ends = rest.empty() || is_separator(rest.front());
    if (open == 0 && ends)
        return {device, "GRUB's"};
    if (is_name(head(path, open)) && rest.starts_with(':'))
        return {head(path, close + 2), "Limine's"};
    if (is_first_node(head(path, open)) && (ends || rest.front() == ','))
        return {device, "an EFI device path's"};
    return {};
}

/// $root, ${root}, hd0,gpt1
bool is_grub_device(std::string_view component) {
    const std::size_t comma = index_of(component, ',');
    if (comma != std::string_view::npos)
        return is_shell_mapping(head(component, comma));
    return component.size() > 1 && component.front() == '$' &&
           std::all_of(component.begin() + 1, component.end(), [](char character) {
               return (is_letter(character) && character == to_lower(character)) ||
                      character == '{' || character == '}' || character == '_';
           });
}

Device device_of(std::string_view path) {
    // \\server\share has one separator after each name; \\a\\b is a path with all of them doubled.
    if (path.starts_with("\\\\") && path.size() > 2 && !is_separator(path[2])) {
        const std::size_t share = index_of(path, '\\', 2);
        if (share != std::string_view::npos && share + 1 < path.size() &&
            !is_separator(path[share + 1]))
            return {head(path, share), "Windows'"};
    }
    std::size_t end = 0; // of the first component, or of its part that can be a device's name
    while (end < path.size() && !is_separator(path[end]) && path[end] != ':' && path[end] != '(')
        ++end;
    const std::string_view before = head(path, end);
    if (is_grub_device(before))
        return {before, "GRUB's"};
    if (end == path.size() || is_separator(path[end]))
        return {};
    return path[end] == ':' ? before_colon(path, before) : before_parenthesis(path, end);
}

} // namespace

Result<void> check_no_device(std::string_view path, TextPosition position) {
    const Device device = device_of(path);
    if (device.owner.empty())
        return {};
    constexpr std::string_view kIs = " is ";
    Error error(ErrorCode::boot_path_with_device, {position.line, position.column});
    decltype(ErrorDetails::subject) text{};
    const std::size_t capacity = text.size() - 1 - kIs.size() - device.owner.size(); // the NUL
    auto* end =
        std::copy_n(device.text.begin(), std::min(device.text.size(), capacity), text.data());
    end = std::copy(kIs.begin(), kIs.end(), end);
    end = std::copy(device.owner.begin(), device.owner.end(), end);
    return std::unexpected(error.about({text.data(), static_cast<std::size_t>(end - text.data())}));
}

} // namespace baton
