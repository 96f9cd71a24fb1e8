// SPDX-License-Identifier: BSD-2-Clause
//
// What errors.def says of each error, in the order of its codes. For programs of the host: those of
// the target have packed_errors.hpp, which is made of it.
#pragma once

#include <string_view>

namespace baton {

struct ErrorEntry {
    std::string_view name, labels, sentence, cause, fix;
};

inline constexpr ErrorEntry kErrorEntries[] = {
#define BATON_ERROR_GROUP(title)
#define BATON_ERROR(name, labels, sentence, cause, fix) {#name, labels, sentence, cause, fix},
#include "core/errors.def"
#undef BATON_ERROR
#undef BATON_ERROR_GROUP
};

} // namespace baton
