// SPDX-License-Identifier: BSD-2-Clause
//
// Names of files on FAT volumes, as firmware opens them. Source: the FAT specification that UEFI
// 2.10 section 13.3 names, and what EDK II's driver and mtools do with names.
#pragma once

#include <string>
#include <string_view>

namespace baton::tool {

/// The text without what can't be shown: '_' for each control character and for each byte that is
/// part of no well-formed UTF-8.
std::string printable(std::string_view text);

/// The name itself, if a FAT volume can hold it and firmware finds it there; else the nearest one:
/// '_' for each character that no name can have, and for blanks and dots at the ends that count
/// for nothing; the end of its stem is cut off where it is too long.
std::string fat_name(std::string_view name);

} // namespace baton::tool
