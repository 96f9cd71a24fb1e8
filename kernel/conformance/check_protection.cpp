// SPDX-License-Identifier: BSD-2-Clause
//
// A, the end: accesses that the address space forbids do fault (Intel SDM 3A section 4.7).
#include "context.hpp"
#include "exceptions.hpp"
#include "image_contents.hpp"
#include "own_image.hpp"

namespace conformance {
namespace {

constexpr uint64_t kFetch = kFaultPresent | kFaultFetch;
constexpr uint64_t kWrite = kFaultPresent | kFaultWrite;
constexpr uint64_t kNotMapped = 0;
constexpr uint8_t kReturnInstruction = 0xc3;

template<class T>
uint64_t address_of(const T* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

void expect_fault(Verdict& verdict, std::string_view what, Access access, uint64_t address,
                  uint64_t error_code) {
    const std::optional<Fault> fault = try_access(access, address);
    verdict.expect(fault.has_value(), what, address);
    if (!fault)
        return;
    verdict.equal(what, kPageFault, fault->vector);
    verdict.equal(what, error_code, fault->error_code);
    verdict.equal(what, address, fault->address);
}

/// The address in the direct map of something in the kernel; 0 where no segment holds it.
uint64_t alias_of(const Context& context, uint64_t address) {
    for (const BatonKernelSegment& segment : context.view().kernel_segments())
        if (address - segment.virtual_base < segment.bytes)
            return context.info.direct_map_base + segment.base_physical +
                   (address - segment.virtual_base);
    return 0;
}

bool may(uint64_t address, uint32_t permission) {
    return (own_image::page_permissions(address / kPageBytes * kPageBytes) & permission) != 0;
}

/// A kernel that asks for writable code gets it; there is nothing to try then.
void check_kernel(Verdict& verdict, const Context&) {
    const uint64_t text = own_image::entry();
    const uint64_t constant = address_of(&return_in_constants);
    const uint64_t data = address_of(&return_in_data);
    if (!may(text, elf::PF_W))
        expect_fault(verdict, "#PF: write to code", Access::write, text, kWrite);
    if (!may(constant, elf::PF_W))
        expect_fault(verdict, "#PF: write to constants", Access::write, constant, kWrite);
    if (!may(constant, elf::PF_X))
        expect_fault(verdict, "#PF: execute constants", Access::execute, constant, kFetch);
    if (!may(data, elf::PF_X))
        expect_fault(verdict, "#PF: execute data", Access::execute, data, kFetch);
}

void check_aliases(Verdict& verdict, const Context& context) {
    const uint64_t text = own_image::entry();
    const uint64_t data = address_of(&return_in_data);
    const uint64_t data_alias = alias_of(context, data);
    const std::optional<Fault> fault = try_access(Access::write, data_alias);
    verdict.expect(!fault, "data writable in the direct map", data_alias);
    if (fault)
        return;
    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): in the direct map
    *reinterpret_cast<volatile uint8_t*>(data_alias) = 0x11; // at one address, seen at the other
    verdict.equal("data written in the direct map", 0x11,
                  *static_cast<volatile uint8_t*>(&return_in_data));
    *reinterpret_cast<volatile uint8_t*>(data_alias) = kReturnInstruction;
    expect_fault(verdict, "#PF: execute the direct map", Access::execute, data_alias, kFetch);
    if (!may(text, elf::PF_W))
        expect_fault(verdict, "#PF: write to code in the direct map", Access::write,
                     alias_of(context, text), kWrite);
}

void check_stack(Verdict& verdict, const Context& context) {
    const uint64_t base = context.info.stack_base;
    const uint64_t end = base + context.info.stack_bytes;
    const std::optional<Fault> fault = try_access(Access::write, base);
    verdict.expect(!fault, "a writable stack", base);
    if (fault)
        return;
    *reinterpret_cast<volatile uint8_t*>(base) = kReturnInstruction;
    expect_fault(verdict, "#PF: execute the stack", Access::execute, base, kFetch);
    expect_fault(verdict, "#PF: read below the stack", Access::read, base - 1, kNotMapped);
    expect_fault(verdict, "#PF: read above the stack", Access::read, end, kNotMapped);
}

void check_null_pointer(Verdict& verdict, const Context&) {
    expect_fault(verdict, "#PF: read page 0", Access::read, 0, kNotMapped);
    expect_fault(verdict, "#PF: read page 0", Access::read, kPageBytes - 1, kNotMapped);
}

constexpr Promise kPromises[] = {
    {"A14", "the kernel's code and constants can't be written, nor its data run", check_kernel},
    {"A15", "the direct map is an alias that can't be run, nor code written there", check_aliases},
    {"A16", "the stack can't be run, nor left at its ends", check_stack},
    {"A17", "a null pointer faults", check_null_pointer},
};

} // namespace

std::span<const Promise> protection_promises() {
    return kPromises;
}

} // namespace conformance
