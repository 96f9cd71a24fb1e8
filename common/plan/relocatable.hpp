// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "plan/load_plan.hpp"

namespace baton {

/// Finds a place for all of `plan`, which says where it may be, in one block. Error:
/// no_place_for_kernel.
Result<void> place_relocatable(LoadPlan& plan, FrameSource& frames);

} // namespace baton
