// SPDX-License-Identifier: BSD-2-Clause
//
// zstd's decoder of blocks with less code. It splits literals between two buffers where its own
// buffer is smaller than a block, which it isn't here. And it decodes literals from four streams at
// once, for a processor that executes several instructions at a time; here it is one after the
// other, in a seventh of the code.
#include <decompress/zstd_decompress_internal.h>

#include <common/huf.h>

_Static_assert(ZSTD_LITBUFFEREXTRASIZE == ZSTD_BLOCKSIZE_MAX, "literals would be split");
#define ZSTD_split (-1LL) // what no enumerator is equal to

/// "Huffman-Coded Streams", RFC 8878 section 4.2.2: the sizes of three streams, and four streams,
/// of which the first three have as many literals, and the last the rest.
static size_t decode_streams(BYTE* to, size_t literals, const BYTE* from, size_t bytes,
                             const HUF_DTable* table, int flags) {
    const BYTE* sizes = from;
    const size_t most = (literals + 3) / 4;
    if (bytes < 6 || literals < 3 * most)
        return ERROR(corruption_detected);
    from += 6;
    bytes -= 6;
    for (int stream = 0; stream < 4; ++stream, sizes += 2) {
        const size_t size = stream < 3 ? MEM_readLE16(sizes) : bytes;
        const size_t count = stream < 3 ? most : literals;
        if (size > bytes)
            return ERROR(corruption_detected);
        const size_t result = HUF_decompress1X_usingDTable(to, count, from, size, table, flags);
        if (ERR_isError(result))
            return result;
        to += count;
        literals -= count;
        from += size;
        bytes -= size;
    }
    return 0;
}

/// After the table's description.
static size_t decode_table_and_streams(HUF_DTable* table, BYTE* to, size_t literals,
                                       const BYTE* from, size_t bytes, void* workspace,
                                       size_t workspace_bytes, int flags) {
    const size_t size =
        HUF_readDTableX1_wksp(table, from, bytes, workspace, workspace_bytes, flags);
    if (ERR_isError(size) || size > bytes)
        return ERROR(corruption_detected);
    return decode_streams(to, literals, from + size, bytes - size, table, flags);
}

#define HUF_decompress4X_usingDTable decode_streams
#define HUF_decompress4X_hufOnly_wksp decode_table_and_streams
#include <decompress/zstd_decompress_block.c> // NOLINT(bugprone-suspicious-include)
