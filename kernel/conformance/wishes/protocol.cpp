// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_WISH(BATON_WISH_PROTOCOL, BATON_WISH_REQUIRED, BATON_BOOT_INFO_VERSION, 0);
