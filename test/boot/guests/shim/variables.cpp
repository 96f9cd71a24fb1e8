// SPDX-License-Identifier: BSD-2-Clause
#include "variables.hpp"

#include "faults.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace shim {
namespace {

struct Variable {
    std::string_view name;
    UINT8 value;
};
std::array<Variable, 8> variables{};
std::size_t variable_count;

EFI_STATUS EFIAPI get_variable(CHAR16* name, EFI_GUID* vendor, UINT32* attributes, UINTN* bytes,
                               void* data) {
    for (const Variable& variable : std::span(variables).first(variable_count)) {
        if (!std::equal(variable.name.begin(), variable.name.end(), name) ||
            name[variable.name.size()] != 0)
            continue;
        if (*bytes < sizeof variable.value)
            return EFI_BUFFER_TOO_SMALL;
        *bytes = sizeof variable.value;
        *static_cast<UINT8*>(data) = variable.value;
        return EFI_SUCCESS;
    }
    return firmware.runtime->GetVariable(name, vendor, attributes, bytes, data);
}

} // namespace

void hook_get_variable(EFI_RUNTIME_SERVICES& runtime) {
    runtime.GetVariable = get_variable;
    hook<Call::GetVariable>(runtime.GetVariable);
}

void set_variable(std::string_view arguments) {
    const std::string_view name = take_word(arguments);
    std::size_t place = 0;
    while (place < variable_count && variables[place].name != name)
        ++place;
    if (place == variables.size())
        give_up("too many", "variables");
    variable_count = std::max(variable_count, place + 1);
    variables[place] = {name, static_cast<UINT8>(take_number(arguments))};
}

void deny_runtime_map() {
    struct RuntimeProperties {
        UINT16 version = 1;
        UINT16 bytes = sizeof(RuntimeProperties);
        UINT32 supported = 0xffff'ff7f;
    };
    EFI_GUID guid = {0xeb66918a, 0x7eef, 0x402a, {0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9}};
    auto* const table = new (allocate_pool(sizeof(RuntimeProperties))) RuntimeProperties{};
    if (failed(firmware.boot->InstallConfigurationTable(&guid, table)))
        give_up("can't install", "runtime properties");
}

} // namespace shim
