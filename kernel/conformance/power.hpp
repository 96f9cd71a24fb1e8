// SPDX-License-Identifier: BSD-2-Clause
//
// The end of the run: tells QEMU how it went and powers the machine off.
#pragma once

enum class Outcome { success, failure };

[[noreturn]] void power_off(Outcome outcome);
