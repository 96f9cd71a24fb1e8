// SPDX-License-Identifier: BSD-2-Clause
//
// The weights of zstd's Huffman codes, which are FSE-coded: RFC 8878 sections 4.1 and 4.2.1.2. In
// place of common/fse_decompress.c, which is four times as large, for speed: there are at most 255
// weights in a block.
#include <common/bitstream.h>
#include <common/error_private.h>

// NOLINTBEGIN(readability-identifier-naming): the library's names.

#define MOST_BITS 6      // of a state
#define MOST_SYMBOLS 256 // FSE_readNCount()

/// Of entropy_common.c, as common/fse.h declares it.
size_t FSE_readNCount_bmi2(short* counts, unsigned* last_symbol, unsigned* log, const void* from,
                           size_t bytes, int bmi2);

typedef struct {
    BYTE symbols[1 << MOST_BITS];
    BYTE bits[1 << MOST_BITS];  // to read for the state after this one
    BYTE bases[1 << MOST_BITS]; // that they are added to
} Table;

/// "From normalized distribution to decoding tables", 4.1.1. The sum of `counts`, where -1 is 1 and
/// a symbol of the last states, is 1 << log: FSE_readNCount() sees to that.
static void make_table(Table* table, short* counts, unsigned symbols, unsigned log) {
    const unsigned size = 1U << log;
    unsigned end = size;
    for (unsigned symbol = 0; symbol < symbols; ++symbol)
        if (counts[symbol] < 0)
            table->symbols[--end] = (BYTE)symbol;
    unsigned state = 0;
    for (unsigned symbol = 0; symbol < symbols; ++symbol)
        for (int i = 0; i < counts[symbol]; ++i) {
            table->symbols[state] = (BYTE)symbol;
            do
                state = (state + size / 2 + size / 8 + 3) % size;
            while (state >= end);
        }
    for (state = 0; state < size; ++state) {
        short* const count = &counts[table->symbols[state]];
        unsigned next = (unsigned)(*count < 0 ? 1 : *count);
        *count = (short)(next + 1);
        BYTE bits = 0;
        for (; next < size; next *= 2)
            ++bits;
        table->bits[state] = bits;
        table->bases[state] = (BYTE)(next - size);
    }
}

/// "bmi2" is upstream's: whether the processor has these instructions.
size_t FSE_decompress_wksp_bmi2(void* to, size_t capacity, const void* from, size_t bytes,
                                unsigned most_bits, void* workspace, size_t workspace_bytes,
                                int bmi2) {
    short counts[MOST_SYMBOLS];
    unsigned last_symbol = MOST_SYMBOLS - 1, log;
    const size_t header = FSE_readNCount_bmi2(counts, &last_symbol, &log, from, bytes, bmi2);
    (void)workspace;
    (void)workspace_bytes;
    if (ERR_isError(header))
        return header;
    if (log > most_bits || log > MOST_BITS)
        return ERROR(tableLog_tooLarge);
    Table table = {{0}, {0}, {0}};
    make_table(&table, counts, last_symbol + 1, log);
    BIT_DStream_t stream;
    const size_t result = BIT_initDStream(&stream, (const BYTE*)from + header, bytes - header);
    if (ERR_isError(result))
        return result;
    // Two states take turns; when the bits are used up, the other one has a last symbol.
    size_t states[2];
    states[0] = BIT_readBits(&stream, log);
    states[1] = BIT_readBits(&stream, log);
    BIT_reloadDStream(&stream);
    for (size_t count = 0; count + 2 <= capacity; ++count) {
        size_t* const state = &states[count % 2];
        ((BYTE*)to)[count] = table.symbols[*state];
        *state = table.bases[*state] + BIT_readBits(&stream, table.bits[*state]);
        if (BIT_reloadDStream(&stream) == BIT_DStream_overflow) {
            ((BYTE*)to)[count + 1] = table.symbols[states[(count + 1) % 2]];
            return count + 2;
        }
    }
    return ERROR(dstSize_tooSmall);
}

// NOLINTEND(readability-identifier-naming)
