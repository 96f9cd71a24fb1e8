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

} // namespace shim
