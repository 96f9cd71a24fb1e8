// SPDX-License-Identifier: BSD-2-Clause
//
// Paths of files, in the one form that the firmware's file protocol understands.
#pragma once

#include "config/lines.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton {

inline constexpr std::size_t kMaxPathBytes = 1023;

/// A path from the root of the file system, in the arena: '\' before each component and nowhere
/// else, "." components left out. It may come with '/' or '\', with or without one at its beginning
/// or end, and always counts from the root. A ".." is refused: a file has one path, which the
/// specification also asks for. `position` is that of the path, for the error.
/// Errors: boot_path_empty, boot_path_too_long, boot_path_goes_up, boot_path_bad_character,
/// out_of_memory.
Result<std::string_view> normalise_path(std::string_view path, TextPosition position, Arena& arena);

/// The same for a path that a person wrote for Baton: one with a device in front of it, as other
/// programs have it, is the error boot_path_with_device.
Result<std::string_view> entry_path(std::string_view path, TextPosition position, Arena& arena);

} // namespace baton
