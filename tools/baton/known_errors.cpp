// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/known_errors.hpp"

#include <algorithm>
#include <array>

namespace baton::tool {
namespace {

struct KnownError {
    std::string_view name, cause, cure;
};

constexpr KnownError kErrors[] = {
#define BATON_ERROR_GROUP(title)
#define BATON_ERROR(name, labels, sentence, cause, cure) {#name, cause, cure},
#include "core/errors.def"
#undef BATON_ERROR
#undef BATON_ERROR_GROUP
};

} // namespace

std::string cause_and_cure(std::string_view name) {
    const auto* const found = std::ranges::find(kErrors, name, &KnownError::name);
    if (found == std::end(kErrors))
        return {};
    return "cause: " + std::string(found->cause) + "\ncure:  " + std::string(found->cure) + "\n";
}

} // namespace baton::tool
