// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST(BATON_REQUEST_FRAMEBUFFER, 0, 1024, 768);
