// SPDX-License-Identifier: BSD-2-Clause
#include "core/error.hpp"

#include "core/packed_errors.hpp"
#include "core/text_model.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr std::size_t kFieldsPerError = 3;
constexpr std::string_view kSeparator = ", ";

/// All texts, unpacked when the first of them is asked for. pack_errors.cpp shows the way there.
constinit std::array<char, packed_errors::kCharacters> texts{};
constinit TextModel model{};

void unpack_texts() {
    const uint8_t* next = packed_errors::kText;
    uint32_t low = 0, high = 0, number = 0;
    unsigned character = 1;
    for (char* to = texts.data(); to != texts.data() + texts.size();) {
        for (; (low ^ high) >> 24 == 0; low <<= 8, high = high << 8 | 0xff)
            number = number << 8 | *next++;
        const uint32_t middle =
            low + static_cast<uint32_t>(uint64_t{high - low} * model.chance() >> 16);
        const bool bit = number <= middle;
        (bit ? high : low) = middle + (bit ? 0 : 1);
        model.learn(bit);
        character = character << 1 | (bit ? 1 : 0);
        if (character >> TextModel::kBits == 0)
            continue;
        *to++ = static_cast<char>(character & 0x7f);
        character = 1;
    }
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

Error Error::make(ErrorCode code, uint64_t a) {
    return make(code, a, 0);
}

Error Error::make(ErrorCode code, uint64_t a, uint64_t b) {
    return make(code, a, b, 0, 0, 0);
}

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
    if (texts.front() == '\0')
        unpack_texts();
    const char* text = texts.data();
    for (std::size_t i = 0; i < static_cast<std::size_t>(code) * kFieldsPerError; ++text)
        i += *text == '\0' ? 1 : 0;
    name = text;
    std::string_view all_labels = name.data() + name.size() + 1;
    sentence = all_labels.data() + all_labels.size() + 1;
    for (std::string_view& label : labels)
        label = take_label(all_labels);
}

} // namespace baton
