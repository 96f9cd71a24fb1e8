// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/baton/baton.hpp"
#include "protocols/limine/limine.hpp"
#include "protocols/multiboot/multiboot.hpp"
#include "protocols/multiboot2/multiboot2.hpp"
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

/// The Linux/x86 Boot Protocol: boot_flag and header. A vmlinux is an ELF file.
bool is_linux_image(Bytes head) {
    constexpr uint64_t kBootFlag = 0x1fe;
    constexpr uint64_t kHeader = 0x202;
    return fits(kHeader, sizeof(uint32_t), head.size()) &&
           read_at<uint16_t>(head, kBootFlag) == 0xaa55 &&
           read_at<uint32_t>(head, kHeader) == 0x5372'6448; // "HdrS"
}

/// PE format, "MS-DOS Stub": the offset of the signature.
bool is_efi_program(Bytes head) {
    constexpr uint64_t kSignatureOffset = 0x3c;
    if (!fits(kSignatureOffset, sizeof(uint32_t), head.size()) ||
        read_at<uint16_t>(head, 0) != 0x5a4d) // "MZ"
        return false;
    const auto signature = read_at<uint32_t>(head, kSignatureOffset);
    return fits(signature, sizeof(uint32_t), head.size()) &&
           read_at<uint32_t>(head, signature) == 0x4550; // "PE"
}

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
    log.warn(Text().add("the kernel's request ").add(request_name(type)).add(" can't be met"));
}

} // namespace baton
