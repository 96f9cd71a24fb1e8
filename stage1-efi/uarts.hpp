// SPDX-License-Identifier: BSD-2-Clause
//
// The UARTs of a machine with UEFI.
#pragma once

#include "stage1-efi/efi.hpp"
#include "stage1/serial_port.hpp"

namespace baton {

/// In this order, as many as fit: those of the firmware's text consoles and its other
/// serial devices; that of the table SPCR; if these are none, those on PCI buses; and COM1.
void add_uarts(const efi::Firmware& firmware, PortWriter& writer);

} // namespace baton
