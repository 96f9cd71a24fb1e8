// SPDX-License-Identifier: BSD-2-Clause
//
// Paths as other programs write them: with a device, a volume or a server in front of the path.
// Baton has no such thing, so it would take fs0: for the name of a directory.
#pragma once

#include "config/lines.hpp"
#include "core/error.hpp"

#include <string_view>

namespace baton {

/// Refuses a path that begins like one of another program:
///
///     fs0:\x blk1: hd0b:     the EFI shell
///     boot():/x hdd(0:1):/x  Limine, also guid(), uuid(), fslabel(), odd(), tftp()
///     boot:///x              Limine before version 8
///     (hd0,gpt1)/x ($root)/x GRUB, also $root/x and hd0,gpt1/x
///     PciRoot(0x0)/…/\x      an EFI device path as text, also HD(1,GPT,…)/\x
///     C:\x \\server\share    Windows
///     ::/x                   mtools
///     http://host/x          a URL of any scheme
///     name:/x                a volume or a server
///
/// `position` is that of the path. Error: boot_path_with_device, about what the path begins with
/// and whose that is.
Result<void> check_no_device(std::string_view path, TextPosition position);

} // namespace baton
