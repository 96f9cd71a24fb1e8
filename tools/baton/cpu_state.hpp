// SPDX-License-Identifier: BSD-2-Clause
//
// Registers as QEMU's monitor prints them ("info registers -a").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

struct CpuState {
    unsigned number = 0;
    bool halted = false;
    /// By their names in lower case: "rip", "rax", "rflags", "cs", "cr2", "efer". In 32-bit code
    /// the names are the same.
    std::map<std::string, uint64_t> registers{};
    uint64_t idt_base = 0, idt_limit = 0;
    uint64_t gdt_limit = 0;

    /// 0 if it isn't in the dump.
    uint64_t value(const std::string& name) const;
    bool interrupts_on() const { return (value("rflags") & 1 << 9) != 0; } // SDM 1 section 3.4.3
    /// In protected mode: a processor that nothing has started is in real mode.
    bool is_started() const { return (value("cr0") & 1) != 0; }
};

/// One for each "CPU#N". Other text does no harm.
std::vector<CpuState> read_cpu_states(std::string_view dump);

/// Numbers of the monitor's "x /Ngx ADDRESS", up to where memory isn't mapped.
std::vector<uint64_t> read_memory_words(std::string_view dump);

/// What several looks at one processor, a few milliseconds apart, say together.
struct CpuBehaviour {
    enum class Kind {
        not_started, // by anyone: it is in real mode
        halted,      // with interrupts off, so that nothing but an NMI wakes it
        idle,        // halted each time, with interrupts on
        stuck,       // in a loop in which no register changes
        loop,        // in a loop of less than a page in which registers do change
        running,
    };
    Kind kind;
    std::vector<uint64_t> addresses{};  // different RIPs, the most frequent one first
    std::vector<std::string> changes{}; // registers other than RIP and RFLAGS that do
};

/// `looks` are not empty.
CpuBehaviour judge(const std::vector<CpuState>& looks);

/// "halted with interrupts off, nothing will wake it".
std::string behaviour_text(const CpuBehaviour& behaviour);

} // namespace baton::tool
