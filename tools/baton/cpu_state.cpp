// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/cpu_state.hpp"

#include "tools/baton/text.hpp"

#include <algorithm>
#include <regex>
#include <set>

namespace baton::tool {
namespace {

constexpr uint64_t kLoopBytes = 4096; // what runs in less is called a loop

uint64_t number(const std::string& digits) {
    return std::stoull(digits, nullptr, 16);
}

/// "RAX", "EAX" and "RFL" as "rax", "rax" and "rflags".
std::string common_name(std::string name) {
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name == "rfl" || name == "efl")
        return "rflags";
    if (name.size() == 3 && name.front() == 'e')
        name.front() = 'r';
    return name;
}

CpuState read_cpu_state(const std::string& dump) {
    static const std::regex cell("\\b([A-Z][A-Z0-9]{1,3}) ?=([0-9a-f]{8,16})\\b");
    static const std::regex selector("\\b(CS|SS) =([0-9a-f]{4}) ");
    static const std::regex table("\\b(GDT|IDT)= *([0-9a-f]{8,16}) ([0-9a-f]{8})\\b");
    const std::sregex_iterator none;
    CpuState state;
    for (std::sregex_iterator at(dump.begin(), dump.end(), cell); at != none; ++at)
        state.registers[common_name((*at)[1])] = number((*at)[2]);
    for (std::sregex_iterator at(dump.begin(), dump.end(), selector); at != none; ++at)
        state.registers[common_name((*at)[1])] = number((*at)[2]);
    for (std::sregex_iterator at(dump.begin(), dump.end(), table); at != none; ++at) {
        if ((*at)[1] == "IDT")
            state.idt_base = number((*at)[2]);
        ((*at)[1] == "IDT" ? state.idt_limit : state.gdt_limit) = number((*at)[3]);
    }
    state.halted = dump.contains(" HLT=1");
    return state;
}

/// Of looks at the same instruction, which registers differ.
std::vector<std::string> changing_registers(const std::vector<CpuState>& looks) {
    std::map<uint64_t, const CpuState*> first;
    std::set<std::string> changing;
    for (const CpuState& look : looks) {
        const CpuState& before = *first.try_emplace(look.value("rip"), &look).first->second;
        for (const auto& [name, value] : look.registers)
            if (name != "rip" && name != "rflags" && before.value(name) != value)
                changing.insert(name);
    }
    return {changing.begin(), changing.end()};
}

std::vector<uint64_t> by_frequency(const std::vector<CpuState>& looks) {
    std::map<uint64_t, unsigned> counts;
    for (const CpuState& look : looks)
        ++counts[look.value("rip")];
    std::vector<uint64_t> addresses;
    addresses.reserve(counts.size());
    for (const auto& [address, count] : counts)
        addresses.push_back(address);
    std::ranges::stable_sort(addresses, std::greater(),
                             [&](uint64_t address) { return counts[address]; });
    return addresses;
}

} // namespace

uint64_t CpuState::value(const std::string& name) const {
    const auto found = registers.find(name);
    return found == registers.end() ? 0 : found->second;
}

std::vector<CpuState> read_cpu_states(std::string_view dump) {
    constexpr std::string_view kHeader = "CPU#";
    std::vector<CpuState> states;
    for (std::size_t at = dump.find(kHeader); at != std::string_view::npos;) {
        const std::size_t next = dump.find(kHeader, at + 1);
        const std::string text(dump.substr(at, next - at));
        states.push_back(read_cpu_state(text));
        states.back().number =
            static_cast<unsigned>(std::strtoul(text.c_str() + kHeader.size(), nullptr, 10));
        at = next;
    }
    return states;
}

std::vector<uint64_t> read_memory_words(std::string_view dump) {
    static const std::regex word("\\b0x([0-9a-f]{16})\\b");
    const std::string text(dump.substr(0, dump.find("Cannot")));
    std::vector<uint64_t> words;
    for (std::sregex_iterator at(text.begin(), text.end(), word); at != std::sregex_iterator();
         ++at)
        words.push_back(number((*at)[1]));
    return words;
}

CpuBehaviour judge(const std::vector<CpuState>& looks) {
    using enum CpuBehaviour::Kind;
    CpuBehaviour behaviour{.kind = running, .addresses = by_frequency(looks)};
    const CpuState& last = looks.back();
    const auto [lowest, highest] = std::ranges::minmax(behaviour.addresses);
    if (!last.is_started())
        behaviour.kind = not_started;
    else if (std::ranges::all_of(looks, &CpuState::halted))
        behaviour.kind = last.interrupts_on() ? idle : halted;
    else if (highest - lowest < kLoopBytes) {
        behaviour.changes = changing_registers(looks);
        behaviour.kind = behaviour.changes.empty() ? stuck : loop;
    }
    return behaviour;
}

std::string behaviour_text(const CpuBehaviour& behaviour) {
    using enum CpuBehaviour::Kind;
    const auto [lowest, highest] = std::ranges::minmax(behaviour.addresses);
    const std::string where = lowest == highest
                                  ? "at " + hex_text(lowest)
                                  : "from " + hex_text(lowest) + " to " + hex_text(highest);
    switch (behaviour.kind) {
    case not_started:
        return "not started";
    case halted:
        return "halted " + where + " with interrupts off: it hangs, nothing but an NMI wakes it";
    case idle:
        return "halted " + where + " with interrupts on: it waits for an interrupt";
    case stuck:
        return "in a loop " + where +
               " in which no register changes: it hangs, or waits for a "
               "device or another processor";
    case loop: {
        std::string names;
        for (const std::string& name : behaviour.changes)
            names += (names.empty() ? "" : ", ") + name;
        return "in a loop " + where + " in which registers change (" + names +
               "): it may be slow, or hang";
    }
    case running:
        break;
    }
    return "running, RIP moves: it is slow rather than hung";
}

} // namespace baton::tool
