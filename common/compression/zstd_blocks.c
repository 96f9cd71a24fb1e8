// SPDX-License-Identifier: BSD-2-Clause
//
// zstd's decoder of blocks without its code for literals that are split between two buffers. It
// splits them where its own buffer is smaller than a block, which it isn't here.
#include <decompress/zstd_decompress_internal.h>

_Static_assert(ZSTD_LITBUFFEREXTRASIZE == ZSTD_BLOCKSIZE_MAX, "literals would be split");
#define ZSTD_split (-1LL) // what no enumerator is equal to

#include <decompress/zstd_decompress_block.c> // NOLINT(bugprone-suspicious-include)
