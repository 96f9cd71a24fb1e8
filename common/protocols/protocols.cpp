// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/baton/baton.hpp"
#include "protocols/limine/limine.hpp"
#include "protocols/multiboot/multiboot.hpp"
#include "protocols/multiboot2/multiboot2.hpp"
#include "protocols/other_files.hpp"
#include "protocols/pvh/pvh.hpp"

namespace baton {
namespace {

constexpr BatonProtocol kBaton;
constexpr LimineProtocol kLimine;
constexpr Multiboot2Protocol kMultiboot2;
constexpr MultibootProtocol kMultiboot;
constexpr PvhProtocol kPvh;
constexpr PlainProtocol kPlain;

constexpr const Protocol* kProtocols[] = {&kBaton,     &kLimine, &kMultiboot2,
                                          &kMultiboot, &kPvh,    &kPlain};

} // namespace

std::span<const Protocol* const> protocols() {
    return kProtocols;
}

Result<Recognised> recognise(const KernelFile& file, std::string_view wanted, Arena& arena) {
    for (const Protocol* const protocol : kProtocols) {
        if (!wanted.empty() && wanted != protocol->name())
            continue;
        if (const auto requests = TRY(protocol->recognise(file, arena)))
            return Recognised{protocol, *requests};
    }
    if (!wanted.empty())
        return std::unexpected(Error(ErrorCode::protocol_not_spoken).about(wanted));
    if (is_linux_image(file.head()))
        return fail(ErrorCode::kernel_is_linux);
    if (is_efi_program(file.head()))
        return fail(ErrorCode::kernel_is_efi_program);
    return std::unexpected(*file.not_elf()); // any ELF file speaks the last one
}

void leave_out_request(uint32_t type, Log& log) {
    log.warn("the kernel's request %v can't be met", request_name(type));
}

} // namespace baton
