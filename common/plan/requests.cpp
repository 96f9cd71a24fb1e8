// SPDX-License-Identifier: BSD-2-Clause
#include "plan/requests.hpp"

#include "core/requests.def"

namespace baton {

std::string_view request_name(uint32_t type) {
    switch (type) {
#define BATON_REQUEST_NAME(number, name, ...)                                                      \
    case BATON_REQUEST_##name:                                                                     \
        static_assert(BATON_REQUEST_##name == (number));                                           \
        return #name;
        BATON_REQUESTS(BATON_REQUEST_NAME)
#undef BATON_REQUEST_NAME
    default:
        return {};
    }
}

std::unexpected<Error> request_not_met(uint32_t type, uint64_t value, uint64_t other_value) {
    return std::unexpected(
        Error(ErrorCode::request_not_met, {type, value, other_value}).about(request_name(type)));
}

} // namespace baton
