// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_WISH(BATON_WISH_KERNEL_FILE, 0, 1, 0);
