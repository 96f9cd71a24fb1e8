// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/fat_name.hpp"
#include "tools/baton/heap_arena.hpp"

#include "config/lines.hpp"
#include "config/unicode.hpp"
#include "core/arena.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace baton::tool {
namespace {

// FAT takes 255 code units of UTF-16, but EDK II's driver opens no path of more than 257
// characters, and there are folders before the name.
constexpr std::size_t kMaxBytes = 240;

/// How many bytes of `text` are its first character; 0: they are no well-formed UTF-8.
std::size_t character_bytes(std::string_view text) {
    constexpr char16_t kReplacement = 0xfffd;
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (bytes > text.size())
        return 0;
    HeapArena arena;
    const auto utf16 = to_utf16(text.substr(0, bytes), arena);
    const bool is_whole = utf16 && utf16->size() == (bytes == 4 ? 2 : 1) &&
                          (utf16->front() != kReplacement || text.starts_with("\xef\xbf\xbd"));
    return is_whole ? bytes : 0;
}

/// '_' for each character that `is_bad`, and for each byte of none.
template<class IsBad>
std::string replaced(std::string_view text, IsBad is_bad) {
    std::string result;
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(bytes, 1));
        result += bytes == 0 || is_bad(character) ? "_" : character;
        text.remove_prefix(character.size());
    }
    return result;
}

bool is_control(std::string_view character) {
    const auto byte = static_cast<unsigned char>(character.front());
    return byte < ' ' || byte == 0x7f;
}

/// mtools writes no characters beyond the first 65,536; U+FFFF fills up what follows a long name.
bool is_bad_in_fat(std::string_view character) {
    constexpr std::string_view kSyntax = "\"*/:<>?\\|";
    return is_control(character) || kSyntax.contains(character.front()) || character.size() > 3 ||
           character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf";
}

/// One of DOS, which mtools makes no file of.
bool is_device(std::string_view name) {
    constexpr std::array kDevices = {"CON", "PRN", "AUX", "NUL"};
    constexpr std::array kNumbered = {"COM", "LPT"};
    const auto is_name = [&](const char* device) {
        return equal_ignoring_case(name.substr(0, 3), device);
    };
    return (name.size() == 3 && std::ranges::any_of(kDevices, is_name)) ||
           (name.size() == 4 && is_digit(name[3]) && std::ranges::any_of(kNumbered, is_name));
}

/// Not within a character.
std::string_view first_bytes(std::string_view text, std::size_t bytes) {
    constexpr unsigned char kMask = 0xc0, kContinuation = 0x80;
    while (bytes != 0 && bytes < text.size() &&
           (static_cast<unsigned char>(text[bytes]) & kMask) == kContinuation)
        --bytes;
    return text.substr(0, bytes);
}

/// With what follows the last dot, if that is short: it may say how the file is compressed.
std::string shortened(const std::string& name) {
    constexpr std::size_t kMaxExtension = 16;
    if (name.size() <= kMaxBytes)
        return name;
    const std::size_t dot = name.rfind('.');
    const bool has_extension = dot != std::string::npos && name.size() - dot <= kMaxExtension;
    const std::string extension = has_extension ? name.substr(dot) : "";
    return std::string(first_bytes(name, kMaxBytes - extension.size())) + extension;
}

} // namespace

std::string printable(std::string_view text) {
    return replaced(text, is_control);
}

std::string fat_name(std::string_view name) {
    std::string result = shortened(replaced(name, is_bad_in_fat));
    for (std::size_t i = 0; i < result.size() && result[i] == ' '; ++i)
        result[i] = '_';
    for (std::size_t i = result.size(); i > 0 && (result[i - 1] == ' ' || result[i - 1] == '.');
         --i)
        result[i - 1] = '_';
    return is_device(result) ? "_" + result : result;
}

} // namespace baton::tool
