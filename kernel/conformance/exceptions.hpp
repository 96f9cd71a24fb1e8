// SPDX-License-Identifier: BSD-2-Clause
//
// CPU exceptions. One that nobody expects ends the run with a FAIL line; try_access() provokes one
// and lives on.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

constexpr uint8_t kPageFault = 14;

/// Bits of a page fault's error code (Intel SDM 3A section 4.7). None set: a read of a page that is
/// not mapped.
constexpr uint64_t kFaultPresent = 1 << 0; // the page is mapped, but not for this
constexpr uint64_t kFaultWrite = 1 << 1;
constexpr uint64_t kFaultFetch = 1 << 4; // of an instruction

struct Fault {
    uint64_t vector;
    uint64_t error_code;
    uint64_t address; // CR2: of the access, in a page fault
};

enum class Access { read, write, execute };

void install_exception_handlers();

/// "#PF" for 14, and so on.
std::string_view exception_name(uint64_t vector);

/// Accesses one byte at `address`, and returns the fault that this caused, if it did. A write
/// leaves the byte as it was. An execution calls the address, so there should be a RET instruction
/// (0xc3) in case it does not fault.
std::optional<Fault> try_access(Access access, uint64_t address);
