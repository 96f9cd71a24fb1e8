// SPDX-License-Identifier: BSD-2-Clause
//
// How much memory the firmware has.
#pragma once

#include "firmware.hpp"

namespace shim {

/// In one piece.
struct LowMemory {
    UINTN address, pages;
};
/// Takes all free memory below 4 GiB, of which a piece of so many MiB can be given back.
LowMemory keep_low_memory(UINTN mib);
void free_low_memory(const LowMemory& kept);

/// Each GetMemoryMap finds the map longer by an allocation than the one before.
void let_the_map_grow();
void reserve_acpi_memory();

/// "RANGES": each SetVariable leaves so many ranges more in the map.
void let_set_variable_allocate(std::string_view arguments);

/// "BYTES": descriptors lie that far apart, come in no order, hundreds of them, and some overlap
/// what others say is free.
void garble_the_map(std::string_view arguments);

/// For the services that the loader sees.
void hook_get_memory_map(EFI_BOOT_SERVICES& boot);
void hook_set_variable(EFI_RUNTIME_SERVICES& runtime);

} // namespace shim
