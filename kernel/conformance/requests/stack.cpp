// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST(BATON_REQUEST_STACK, BATON_REQUEST_REQUIRED, 200'000, 0); // rounded up to 49 pages
