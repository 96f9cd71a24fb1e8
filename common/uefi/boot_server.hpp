// SPDX-License-Identifier: BSD-2-Clause
//
// What a DHCP server said of where the loader is: RFC 2131, and the options of RFC 2132.
#pragma once

#include "core/bytes.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace baton {

/// A TFTP server, and the loader's file on it.
struct BootServer {
    uint32_t address;      // IPv4, its bytes in network order; not 0
    std::string_view file; // as the server is to be asked for it; not empty

    /// What the paths of all other files count from, to be put before them: the file's directory,
    /// with the separator (or the colon of a drive) that ends it, or nothing. Where that directory
    /// is EFI/BOOT, the one that it is in: a server may hold a copy of a boot volume, anywhere in
    /// its tree.
    std::string_view root() const;

    /// Between the components of other paths: '/', or '\' where it is what the file's own path has
    /// before its last component.
    char separator() const;
};

/// Reads a DHCPACK, or another reply of its form, as views into it. The file is that of option 67,
/// else of the field `file`; the server that of the field `siaddr`, else of option 54. No value:
/// the packet is no such reply, or lacks one of the two.
std::optional<BootServer> parse_dhcp_reply(Bytes packet);

} // namespace baton
