// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST(BATON_REQUEST_5_LEVEL_PAGING, 0, BATON_FIVE_LEVEL_IF_THERE, 0);
