// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>

namespace baton {

/// Days from 1970-01-01 to a date of the Gregorian calendar, counting years from March so that the
/// leap day is the last of them.
constexpr int64_t days_since_1970(int64_t year, int64_t month, int64_t day) {
    const int64_t march_year = month > 2 ? year : year - 1;
    const int64_t march_month = month > 2 ? month - 3 : month + 9;
    const int64_t leap_days = march_year / 4 - march_year / 100 + march_year / 400;
    constexpr int64_t kDaysTo1970 = 719'468; // from 0000-03-01
    return march_year * 365 + leap_days + (153 * march_month + 2) / 5 + day - 1 - kDaysTo1970;
}

} // namespace baton
