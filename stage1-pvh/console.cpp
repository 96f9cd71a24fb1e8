// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-pvh/console.hpp"

namespace baton {

void Console::write_line(std::string_view text) {
    for (const std::string_view part : {text, std::string_view("\r\n")})
        for (const char character : part) {
            if (ports_.serial != 0)
                write_to_serial(ports_.serial, character);
            if (ports_.debug != 0 && character != '\r')
                write_to_debug_console(ports_.debug, character);
        }
}

} // namespace baton
