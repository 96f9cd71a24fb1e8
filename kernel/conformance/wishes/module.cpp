// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_WISH_MODULE_FILE(BATON_WISH_REQUIRED, "/baton/wished.txt");
