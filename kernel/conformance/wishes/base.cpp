// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_WISH(BATON_WISH_BASE, BATON_WISH_REQUIRED, 0xffff'c000'0060'0000, 0);
