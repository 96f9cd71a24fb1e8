// SPDX-License-Identifier: BSD-2-Clause
//
// The files of the volume that the shim came from.
#pragma once

#include "firmware.hpp"

namespace shim {

/// Bytes read. Gives up where there is no such file.
/// Its root directory.
EFI_FILE_PROTOCOL* open_boot_volume();
UINTN read_boot_file(std::u16string_view path, void* into, UINTN room);

/// From now on the loader's files are hooked.
void hook_files();
UINTN files_open();
/// When the loader is gone.
void close_open_files();

/// Read fails where it would write above 4 GiB, as drivers do that can't reach it.
void refuse_high_reads();

/// "BYTES": Read gives no more at once.
void shorten_reads(std::string_view arguments);
/// "BYTES": Read says that it gave so many more than asked for.
void lengthen_reads(std::string_view arguments);
/// "BYTES": GetInfo says that all files have this size.
void set_file_sizes(std::string_view arguments);
/// "BYTES": Read fails where it is asked for more.
void limit_reads(std::string_view arguments);
/// "CHARACTERS": Open finds nothing by a longer name.
void limit_names(std::string_view arguments);
/// "PATH BYTES": once so many bytes of it were read, what is read has all bits changed.
void swap_file(std::string_view arguments);
/// A handle whose Read has failed once fails for ever, though it gives the bytes.
void let_errors_stick();
/// "NAME": each Read of a directory gives one more entry of this name.
void let_directories_go_on(std::string_view arguments);
/// "BYTES": GetInfo says that files are so much longer.
void lengthen_files(std::string_view arguments);

} // namespace shim
