// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/debug_info.hpp"

#include "core/text.hpp"
#include "tools/baton/failure.hpp"

#include <algorithm>
#include <cstdlib>
#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <span>

namespace baton::tool {
namespace {

struct FreeMemory {
    void operator()(void* memory) const { std::free(memory); }
};

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, FreeMemory> readable(
        abi::__cxa_demangle(name, nullptr, nullptr, &status));
    return readable ? readable.get() : name;
}

/// The most specific name, from the entry itself or the one that it is an instance of.
std::string function_name(Dwarf_Die* function) {
    Dwarf_Attribute attribute;
    for (const unsigned which : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name})
        if (dwarf_attr_integrate(function, which, &attribute))
            if (const char* const name = dwarf_formstring(&attribute))
                return demangled(name);
    return {};
}

uint64_t number(Dwarf_Die* entry, unsigned which) {
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    dwarf_formudata(dwarf_attr(entry, which, &attribute), &value);
    return value;
}

/// Where a function's call was before it was inlined.
SourcePlace call_of(Dwarf_Die* inlined, Dwarf_Die* unit) {
    SourcePlace place;
    Dwarf_Files* files = nullptr;
    if (dwarf_getsrcfiles(unit, &files, nullptr) == 0)
        if (const char* const file =
                dwarf_filesrc(files, number(inlined, DW_AT_call_file), nullptr, nullptr))
            place.file = file;
    place.line = static_cast<int>(number(inlined, DW_AT_call_line));
    return place;
}

} // namespace

struct DebugInfo::State {
    Dwfl_Callbacks callbacks{.find_elf = dwfl_build_id_find_elf,
                             .find_debuginfo = dwfl_standard_find_debuginfo,
                             .section_address = dwfl_offline_section_address,
                             .debuginfo_path = nullptr};
    Dwfl* session = nullptr;
    Dwfl_Module* module = nullptr;
};

DebugInfo::DebugInfo(const std::filesystem::path& file) : state_(std::make_unique<State>()) {
    state_->session = dwfl_begin(&state_->callbacks);
    dwfl_report_begin(state_->session);
    state_->module = dwfl_report_elf(state_->session, "file", file.c_str(), -1, 0, true);
    if (!state_->module) {
        const std::string reason = dwfl_errmsg(-1);
        dwfl_end(state_->session);
        throw Failure("can't read " + file.string() + ": " + reason);
    }
    dwfl_report_end(state_->session, nullptr, nullptr);
}

DebugInfo::~DebugInfo() {
    dwfl_end(state_->session);
}

std::vector<SourcePlace> DebugInfo::places(uint64_t address) const {
    SourcePlace place;
    if (Dwfl_Line* const line = dwfl_module_getsrc(state_->module, address))
        if (const char* const file =
                dwfl_lineinfo(line, nullptr, &place.line, nullptr, nullptr, nullptr))
            place.file = file;

    std::vector<SourcePlace> places;
    Dwarf_Addr bias = 0;
    Dwarf_Die* const unit = dwfl_module_addrdie(state_->module, address, &bias);
    Dwarf_Die* innermost = nullptr;
    Dwarf_Die* chain = nullptr; // it, and all that it is in
    int count = 0;
    if (unit && dwarf_getscopes(unit, address - bias, &innermost) > 0)
        count = dwarf_getscopes_die(innermost, &chain);
    const std::unique_ptr<Dwarf_Die, FreeMemory> free_innermost(innermost);
    const std::unique_ptr<Dwarf_Die, FreeMemory> free_chain(chain);
    for (Dwarf_Die& entry :
         std::span(chain, chain ? static_cast<std::size_t>(std::max(count, 0)) : 0)) {
        const int tag = dwarf_tag(&entry);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        place.function = function_name(&entry);
        places.push_back(place);
        if (tag == DW_TAG_subprogram)
            break;
        place = call_of(&entry, unit);
    }
    if (!places.empty())
        return places;
    place.function = symbol(address);
    if (!place.function.empty() || !place.file.empty())
        places.push_back(place);
    return places;
}

std::string DebugInfo::symbol(uint64_t address) const {
    GElf_Sym symbol{};
    GElf_Off offset = 0;
    const char* const name =
        dwfl_module_addrinfo(state_->module, address, &offset, &symbol, nullptr, nullptr, nullptr);
    if (!name || *name == 0)
        return {};
    if (offset == 0)
        return demangled(name);
    return demangled(name) + std::string(Text().add(" + ").hex(offset).view());
}

} // namespace baton::tool
