// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/baton/baton.hpp"

namespace baton {
namespace {

constexpr BatonProtocol kBaton;

// The first that a file speaks is its protocol. Baton's own is the last: any ELF file speaks it.
constexpr const Protocol* kProtocols[] = {&kBaton};

} // namespace

Result<Recognised> recognise(const KernelFile& file, Arena& arena) {
    for (const Protocol* const protocol : kProtocols)
        if (const auto requests = TRY(protocol->recognise(file, arena)))
            return Recognised{protocol, *requests};
    __builtin_unreachable(); // any file that can be loaded speaks the last one
}

void leave_out_request(uint32_t type, Log& log) {
    log.warn(Text().add("the kernel's request ").add(request_name(type)).add(" can't be met"));
}

} // namespace baton
