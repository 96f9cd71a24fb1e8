// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST(BATON_REQUEST_IDENTITY, BATON_REQUEST_REQUIRED, UINT64_C(1) << 32, 0);
