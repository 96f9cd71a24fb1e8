// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST(BATON_REQUEST_BASE, BATON_REQUEST_REQUIRED, 0xffff'c000'0060'0000, 0);
