// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the DHCP reply that says where the loader came from.
//
// The input is the packet. What is taken out of it lies in it.
#include "fuzz/config.hpp"
#include "uefi/boot_server.hpp"

namespace baton::fuzz {
namespace {

void check(const BootServer& server, std::string_view packet) {
    require(server.address != 0 && !server.file.empty(), "a server has an address and a file");
    require(server.file.data() >= packet.data() &&
                fits(static_cast<uint64_t>(server.file.data() - packet.data()), server.file.size(),
                     packet.size()),
            "the file's name lies in the packet");
    require(server.file.find('\0') == std::string_view::npos, "the file's name ends at its NUL");
    const std::string_view root = server.root();
    require(server.file.starts_with(root), "the root is the beginning of the file's path");
    require(root.empty() || root.back() == '/' || root.back() == '\\' || root.back() == ':',
            "the root is a directory");
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    using namespace baton::fuzz;
    Input input(data, size);
    const Buffer packet = input.rest();
    if (const auto server = parse_dhcp_reply(packet))
        check(*server, as_text(packet));
    return 0;
}
