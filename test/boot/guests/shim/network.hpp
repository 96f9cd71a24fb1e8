// SPDX-License-Identifier: BSD-2-Clause
//
// A network boot that never was.
#pragma once

#include "firmware.hpp"

namespace shim {

/// "reply", "no-reply" or "ipv6": a device whose TFTP server, 10.1.2.3, has the files of the boot
/// volume, and which keeps a DHCP reply that names it and loader.efi, keeps none, or says that it
/// is an IPv6 one.
EFI_HANDLE add_network(std::string_view arguments);

} // namespace shim
