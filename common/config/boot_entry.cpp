// SPDX-License-Identifier: BSD-2-Clause
#include "config/boot_entry.hpp"

namespace baton {

std::optional<Switch> parse_switch(std::string_view value) {
    if (value == "on")
        return Switch::on;
    if (value == "off")
        return Switch::off;
    return std::nullopt;
}

std::optional<WriteExecute> parse_write_execute(std::string_view value) {
    if (value == "refuse")
        return WriteExecute::refuse;
    if (value == "allow")
        return WriteExecute::allow;
    return std::nullopt;
}

} // namespace baton
