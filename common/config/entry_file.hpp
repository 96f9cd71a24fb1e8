// SPDX-License-Identifier: BSD-2-Clause
//
// Boot entries in files: UAPI Group, Boot Loader Specification, type #1, \loader\entries\*.conf.
//
// Keys of the specification: title, version, machine-id, sort-key, initrd and options (both may
// come again), architecture. Keys of Baton: kernel PATH, an ELF64 file; module PATH [STRING], which
// may come again; kaslr on|off; wx refuse|allow; after-fault stop|reset|reset:SECONDS|exit;
// watchdog SECONDS|off; crash-record on|off; debug wait|off; log memory|ports|screen; protocol
// NAME. A path may stand in double quotes, and the path of a module with blanks in it has to; the
// string is the rest of the line as it stands. An initrd is a module without a string. Of title,
// version, machine-id and sort-key the last one counts; kernel and the settings from kaslr on must
// not come again.
//
// An entry whose kernel is for other loaders (linux, efi, uki, uki-url) is not for Baton, unless it
// also names a kernel.
#pragma once

#include "config/boot_entry.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace baton {

/// Whether a file of this name in \loader\entries is an entry: "….conf", but not hidden
/// (".….conf").
bool is_entry_file_name(std::string_view file_name);

/// The parts of an entry's file name, as views into it.
struct EntryName {
    std::string_view id;            // without ".conf" and the tries
    std::optional<BootTries> tries; // of "…+LEFT.conf" and "…+LEFT-DONE.conf"
};
/// A counter beyond 32 bits is none, but part of the id.
EntryName parse_entry_name(std::string_view file_name);

/// The entry in the file `file_name` with the content `text`, both of which it refers to.
/// Errors: boot_text_*, boot_line_too_long, boot_quote_*, boot_path_*, boot_key_repeated,
/// boot_setting_unknown, boot_entry_*, out_of_memory.
Result<BootEntry> parse_entry(std::string_view file_name, std::string_view text, Arena& arena,
                              RemarkSink& remarks);

/// Whether an error of a parser says that nothing is wrong with the entry, but that it is not
/// for this loader or this machine: such entries are to be hidden, not shown as faulty.
bool is_entry_for_others(const Error& error);

} // namespace baton
