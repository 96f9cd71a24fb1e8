// SPDX-License-Identifier: BSD-2-Clause
//
// In a file of its own, so that who writes text without errors is linked without their sentences.
#include "core/text.hpp"

namespace baton {

TextWriter& TextWriter::error(const Error& error) {
    const ErrorDescription description = describe(error.code);
    add("error: ").add(description.name).add(": ");
    if (!error.subject().empty())
        add(error.subject()).add(": ");
    add(description.sentence);
    std::string_view separator = " (";
    for (std::size_t i = 0; i < kErrorNumbers && !description.labels[i].empty(); ++i) {
        add(separator).add(description.labels[i]).add(' ').hex(error.numbers()[i]);
        separator = ", ";
    }
    if (!description.labels[0].empty())
        add(')');
    return *this;
}

} // namespace baton
