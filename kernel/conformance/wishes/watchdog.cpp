// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_WISH(BATON_WISH_WATCHDOG, BATON_WISH_REQUIRED, 60, 0);
