// SPDX-License-Identifier: BSD-2-Clause
//
// In a file of its own, so that who writes text without errors is linked without their sentences.
#include "core/text.hpp"

#include <iterator>

namespace baton {

TextWriter& TextWriter::error(const Error& error) {
    const ErrorDescription description = describe(error.code);
    add("error: ").add(description.name).add(": ");
    if (error.subject[0] != 0)
        add(error.subject.data()).add(": ");
    add(description.sentence);
    std::string_view separator = " (";
    for (std::size_t i = 0; i < kErrorNumbers && !description.labels[i].empty(); ++i) {
        add(separator).add(description.labels[i]).add(' ').hex(error.numbers[i]);
        separator = ", ";
    }
    if (!description.labels[0].empty())
        add(')');
    if (!error.protocols.empty())
        describe(error.protocols, add("; "));
    return *this;
}

void describe(OtherProtocols protocols, TextWriter& text) {
    std::string_view separator = "this kernel speaks ";
    for (std::size_t i = 0; i < std::size(kOtherProtocolTexts); ++i)
        if (protocols.contains(static_cast<OtherProtocol>(i))) {
            text.add(separator).add(kOtherProtocolTexts[i]);
            separator = ", and ";
        }
    text.add(": Baton doesn't have that yet");
}

} // namespace baton
