// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST(BATON_REQUEST_DIRECT_MAP, BATON_REQUEST_REQUIRED, 0xffff'a000'4000'0000,
              0); // not of 512 GiB
