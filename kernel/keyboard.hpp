// SPDX-License-Identifier: BSD-2-Clause
//
// Waits for the person at the machine.
#pragma once

#include <cstdint>

/// Until a key of the PS/2 keyboard is pressed, a character comes from the serial port, or the
/// time-stamp counter has counted so many ticks; 0: no limit.
void wait_for_key(uint64_t ticks);
