// SPDX-License-Identifier: BSD-2-Clause
#include <baton/boot_info.h>

BATON_REQUEST(4444, 0, 1111, 0); // ignored: not required
