// SPDX-License-Identifier: BSD-2-Clause
//
// Protocols of devices, whose calls can be made to fail.
#pragma once

namespace shim {

/// Hooks those that the machine has, where the loader will find them.
void hook_devices();

/// A Memory Attribute Protocol that changes nothing, on a firmware that has none.
void add_memory_attributes();

} // namespace shim
