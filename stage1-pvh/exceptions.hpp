// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "stage1-pvh/console.hpp"

namespace baton {

/// From here on an exception is an error on `console`, which is referred to, after which the
/// machine stops. Stage 2 has its own handlers.
void report_exceptions(Console& console);

} // namespace baton
