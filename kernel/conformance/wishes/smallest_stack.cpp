// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_WISH(BATON_WISH_STACK, BATON_WISH_REQUIRED, 4096, 0);
