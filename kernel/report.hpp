// SPDX-License-Identifier: BSD-2-Clause
//
// Prints what the kernel was given.
#pragma once

#include <baton/boot_info.hpp>

/// `start_tsc` is the time-stamp counter at the kernel's start, the last row of the time stamps.
void print_report(const baton::BootInfoView& boot, uint64_t start_tsc);
