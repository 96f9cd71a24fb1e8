// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST(BATON_REQUEST_PHYSICAL, BATON_REQUEST_REQUIRED, 1, 0);
