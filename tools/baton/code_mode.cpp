// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/code_mode.hpp"

#include "cpu/constants.hpp"
#include "cpu/opcodes.hpp"
#include "tools/baton/text.hpp"

#include <optional>
#include <string_view>

namespace baton::tool {
namespace {

constexpr uint64_t kSoon = 512; // bytes from the entry

struct Instruction {
    std::size_t bytes; // 0: in 64-bit code, too, its address is a plain number
    uint32_t address;
};

/// An instruction with a memory operand whose address 32-bit code encodes as a plain number, and
/// 64-bit code as a distance from RIP: ModRM with mod 0 and r/m 5. Nothing for other instructions.
std::optional<Instruction> with_plain_address(Bytes code) {
    constexpr uint8_t kModRm = 0xc7, kPlain = 0x05; // mod and r/m
    constexpr std::string_view kWithoutImmediate =
        "\x01\x03\x0b\x21\x23\x29\x2b\x39\x3b\x88\x89\x8b\xff";
    if (code.size() < 10)
        return {};
    const auto opcode = static_cast<uint8_t>(code[0]);
    // mov between the accumulator and memory: 64-bit code has an address of 8 bytes
    if ((opcode & 0xfc) == 0xa0)
        return Instruction{0, read_at<uint32_t>(code, 1)};
    if ((static_cast<uint8_t>(code[1]) & kModRm) != kPlain)
        return {};
    const Instruction short_one{6, read_at<uint32_t>(code, 2)};
    if (kWithoutImmediate.contains(static_cast<char>(opcode)))
        return short_one;
    if (opcode == 0x80 || opcode == 0x83 || opcode == 0xc6)
        return Instruction{7, short_one.address};
    if (opcode == 0x81 || opcode == 0xc7)
        return Instruction{10, short_one.address};
    return {};
}

/// A register's value, 0 if the report doesn't have it.
uint64_t value_of(const FaultReport& report, const std::string& name) {
    const auto found = report.registers.find(name);
    return found == report.registers.end() ? 0 : found->second;
}

/// Whether the faulting address is the one that 64-bit code computes from that number.
bool is_accessed(const Instruction& instruction, uint64_t rip, Bytes code,
                 const FaultReport& report) {
    if (instruction.bytes == 0) // #PF, or #GP if the address is not canonical
        return value_of(report, "cr2") == read_at<uint64_t>(code, 1) ||
               report.head.front().contains("#GP");
    const auto distance = static_cast<int32_t>(instruction.address);
    return value_of(report, "cr2") ==
           rip + instruction.bytes + static_cast<uint64_t>(int64_t{distance});
}

/// Of a PC's display adapter, in text and early graphics modes.
bool is_video_memory(uint32_t address) {
    return address - 0xa'0000 < 0x2'0000;
}

} // namespace

std::string sign_of_32_bit_code(const Program& kernel, uint64_t slide, const FaultReport& report) {
    const uint64_t rip = value_of(report, "rip");
    if (!report.kernel_entry || rip - *report.kernel_entry >= kSoon ||
        (value_of(report, "efer") & cpu::kEferLma) == 0)
        return {};
    const Bytes code = kernel.code_at(rip - slide);
    if (code.empty())
        return {};
    const auto opcode = static_cast<uint8_t>(code[0]);
    if (report.head.front().contains("#UD") && cpu::is_only_in_32_bit_code(opcode))
        return "the opcode " + hex_text(opcode, 2) + " at RIP exists only in 32-bit code";
    const auto instruction = with_plain_address(code);
    if (instruction && is_accessed(*instruction, rip, code, report) &&
        (kernel.has_anywhere(instruction->address) || is_video_memory(instruction->address)))
        return "as 32-bit code, the instruction at RIP is about address " +
               hex_text(instruction->address);
    return {};
}

} // namespace baton::tool
