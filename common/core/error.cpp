// SPDX-License-Identifier: BSD-2-Clause
#include "core/error.hpp"

#include <algorithm>

namespace baton {
namespace {

// Name, labels and sentence of each error, each of them ended by a NUL. One text instead of an
// array of views costs a walk for each error that is shown, and saves 100 bytes of pointers for
// each that there is.
constexpr char kTable[] =
#define BATON_ERROR_GROUP(title)
#define BATON_ERROR(name, labels, sentence, cause, cure) #name "\0" labels "\0" sentence "\0"
#include "core/errors.def"
#undef BATON_ERROR
#undef BATON_ERROR_GROUP
    ;
constexpr std::size_t kFieldsPerError = 3;
constexpr std::string_view kSeparator = ", ";

/// Takes the text up to the next NUL off `table`.
constexpr std::string_view take_field(const char*& table) {
    const char* const first = table;
    while (*table != 0)
        ++table;
    return {first, static_cast<std::size_t>(table++ - first)};
}

/// Takes the first label off `labels`.
constexpr std::string_view take_label(std::string_view& labels) {
    std::size_t length = 0;
    while (length < labels.size() && labels[length] != kSeparator.front())
        ++length;
    std::string_view label = labels;
    label.remove_suffix(labels.size() - length);
    labels.remove_prefix(std::min(length + kSeparator.size(), labels.size()));
    return label;
}

consteval bool table_is_complete() {
    const char* at = kTable;
    for (std::size_t i = 0; i < static_cast<std::size_t>(ErrorCode::count); ++i) {
        const bool has_name = !take_field(at).empty();
        std::string_view labels = take_field(at);
        for (std::size_t label = 0; label < kErrorNumbers; ++label)
            take_label(labels);
        if (!has_name || !labels.empty() || take_field(at).empty())
            return false;
    }
    return at == kTable + sizeof kTable - 1;
}
static_assert(table_is_complete(), "an error has no name, no sentence or too many labels");

} // namespace

ErrorDescription describe(ErrorCode code) {
    const char* at = kTable;
    for (std::size_t i = 0; i < static_cast<std::size_t>(code) * kFieldsPerError; ++i)
        take_field(at);
    ErrorDescription description{.name = take_field(at), .labels = {}, .sentence = {}};
    std::string_view labels = take_field(at);
    for (std::string_view& label : description.labels)
        label = take_label(labels);
    description.sentence = take_field(at);
    return description;
}

} // namespace baton
