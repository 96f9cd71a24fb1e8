// SPDX-License-Identifier: BSD-2-Clause
//
// What a serial log says about a boot that went wrong. docs/faults.md shows what a report looks
// like.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

enum class Code { kernel, stage2, unknown };

/// One report.
struct FaultReport {
    std::vector<std::string> head; // its lines up to the registers: what happened
    Code code = Code::unknown;     // whose code it was in
    uint64_t offset = 0;           // into that code
    std::optional<uint64_t> kernel_entry{};
    std::map<std::string, uint64_t> registers{};
    std::vector<uint64_t> stack{};
};

struct FaultLog {
    std::vector<FaultReport> reports;
    std::vector<std::string> errors{}; // the lines "error: NAME: …"
    std::optional<uint64_t> slide{};   // of the kernel
    std::optional<uint64_t> stage2{};  // where it was
    std::optional<uint64_t> stage1{};  // where it was
    bool stage1_is_for_uefi = false;
    std::string build_id{}; // of the kernel, in digits; empty: not known
};

/// A line of a console without codes for terminals and carriage returns.
std::string plain_line(std::string_view line);

/// Reads a log, or what somebody has pasted from one. Codes for terminals, prefixes of lines, and
/// lines of others between those of a report do no harm.
FaultLog read_fault_log(std::string_view text);

} // namespace baton::tool
