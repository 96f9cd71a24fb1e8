// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST_MODULE_FILE(BATON_REQUEST_REQUIRED, "/baton/requested.txt");
