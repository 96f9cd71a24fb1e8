// SPDX-License-Identifier: BSD-2-Clause
#include "core/error.hpp"

#include "core/packed_errors.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr std::size_t kFieldsPerError = 3;
constexpr std::string_view kSeparator = ", ";
static_assert(packed_errors::kLongest <= ErrorDescription::kMostText);

/// Takes the text up to the next NUL off `packed` and puts it to `to`, which moves past it.
std::string_view take_field(const uint8_t*& packed, char*& to) {
    const char* const first = to;
    std::array<uint8_t, packed_errors::kDeepest + 1> pending;
    while (*packed != 0) {
        pending[0] = *packed++;
        for (std::size_t count = 1; count != 0;) {
            const uint8_t code = pending[--count];
            if (code < packed_errors::kFirstPair) {
                *to++ = static_cast<char>(code);
                continue;
            }
            const auto& pair = packed_errors::kPairs[code - packed_errors::kFirstPair];
            pending[count++] = pair[1];
            pending[count++] = pair[0];
        }
    }
    ++packed;
    return {first, to};
}

/// Takes the first label off `labels`.
std::string_view take_label(std::string_view& labels) {
    std::size_t length = 0;
    while (length < labels.size() && labels[length] != kSeparator.front())
        ++length;
    std::string_view label = labels;
    label.remove_suffix(labels.size() - length);
    labels.remove_prefix(std::min(length + kSeparator.size(), labels.size()));
    return label;
}

struct KeptDetails {
    uint16_t serial; // of the error they belong to
    ErrorDetails details;
};
constinit std::array<KeptDetails, kKeptErrors> kept{};
constinit uint16_t last_serial = 0;

} // namespace

Error Error::make(ErrorCode code, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e) {
    return with(code, {.numbers = {a, b, c, d, e}});
}

Error Error::with(ErrorCode code, const ErrorDetails& details) {
    if (++last_serial == 0) // which says that there are none
        ++last_serial;
    kept[last_serial % kKeptErrors] = {last_serial, details};
    Error error(code);
    error.serial_ = last_serial;
    return error;
}

Error Error::about(std::string_view name) const {
    ErrorDetails with_name{.numbers = numbers()};
    std::size_t length = name.size();
    if (length >= with_name.subject.size())
        for (length = with_name.subject.size() - 1; length != 0 && (name[length] & 0xc0) == 0x80;)
            --length;
    std::copy_n(name.begin(), length, with_name.subject.begin());
    return with(code, with_name);
}

bool Error::operator==(const Error& other) const {
    return code == other.code && details() == other.details();
}

const ErrorDetails& Error::details() const {
    static constexpr ErrorDetails kNone;
    const KeptDetails& own = kept[serial_ % kKeptErrors];
    return serial_ != 0 && own.serial == serial_ ? own.details : kNone;
}

ErrorDescription::ErrorDescription(ErrorCode code) {
    const uint8_t* packed = packed_errors::kText;
    for (std::size_t i = 0; i < static_cast<std::size_t>(code) * kFieldsPerError; ++packed)
        i += *packed == 0 ? 1 : 0;
    char* to = text.data();
    name = take_field(packed, to);
    std::string_view all_labels = take_field(packed, to);
    for (std::string_view& label : labels)
        label = take_label(all_labels);
    sentence = take_field(packed, to);
}

} // namespace baton
