/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The handoff ABI: what a stage 1 gives to stage 2, and the header that stage2.bin begins with.
 *
 * Stage 2 executes a plan: it loads the page tables, copies the kernel's segments to their virtual
 * addresses, zeroes what lies beyond their file bytes, sets the machine state and jumps. It
 * chooses, allocates and parses nothing.
 *
 * The caller's part
 *   1. Load stage2.bin (BatonStage2Header.load_bytes) at a physical address that is a multiple of
 *      `alignment`, in a block of `memory_bytes`, and zero the rest of the block.
 *   2. Build page tables that identity-map that block (read-execute below `writable_offset`,
 *      read-write from there on), the BatonHandoff record and its segment array (read), and map all
 *      physical memory that a segment's source lies in at direct_map_base; and the kernel's own
 *      pages at their final addresses with their final permissions. Present read-only pages will be
 *      written: stage 2 clears CR0.WP while it copies.
 *   3. In 64-bit mode, with the block, the record and the segment array identity-mapped and the
 *      block executable, call block + entry64_offset by the System V calling convention with the
 *      record's address in RDI. It returns only when it refuses the record: a BatonHandoffRefusal
 * in EAX, and the machine as it was.
 *
 * A record grows at its end only.
 */
#ifndef BATON_HANDOFF_H
#define BATON_HANDOFF_H

#include <stddef.h>
#include <stdint.h>

#define BATON_STAGE2_MAGIC UINT64_C(0x3245474154535442)  /* "BTSTAGE2" */
#define BATON_HANDOFF_MAGIC UINT64_C(0x0046464f444e4148) /* "HANDOFF" */
#define BATON_HANDOFF_VERSION_MAJOR 1u
#define BATON_HANDOFF_VERSION_MINOR 0u

/* The first bytes of stage2.bin. Offsets count from the block's beginning. */
typedef struct BatonStage2Header {
    uint64_t magic;           /* BATON_STAGE2_MAGIC */
    uint16_t version_major;   /* differs: incompatible */
    uint16_t version_minor;   /* higher: more fields at the end of the record are understood */
    uint32_t header_bytes;    /* of this header */
    uint32_t entry64_offset;  /* 64-bit entry */
    uint32_t entry32_offset;  /* 32-bit protected mode entry; 0: there is none */
    uint32_t load_bytes;      /* length of stage2.bin */
    uint32_t memory_bytes;    /* of the whole block, a multiple of 4096 */
    uint32_t writable_offset; /* where read-write memory begins, a multiple of 4096 */
    uint32_t alignment;       /* of the block, bytes */
} BatonStage2Header;

/* One PT_LOAD segment to put in its place. */
typedef struct BatonHandoffSegment {
    uint64_t source_physical; /* the file's bytes; read at direct_map_base + source_physical;
                                 BATON_SOURCE_IN_PLACE: they are at the destination already */
    uint64_t destination;     /* virtual, in the new page tables */
    uint64_t file_bytes;      /* to copy; at most memory_bytes */
    uint64_t memory_bytes;    /* zeroed from file_bytes on */
} BatonHandoffSegment;

#define BATON_SOURCE_IN_PLACE UINT64_C(0xffffffffffffffff)

/* What stage 2 does after it has reported an exception. */
enum BatonAfterFault {
    BATON_AFTER_FAULT_HALT = 0,
    BATON_AFTER_FAULT_EXIT =
        1 /* write exit_value to exit_port (QEMU's isa-debug-exit), then halt */
};

/* The steps of stage 2, in order: indices of its time stamps, named in its fault reports. */
enum BatonHandoffStep {
    BATON_STEP_ENTERED = 0, /* own stack, GDT and IDT are being set up */
    BATON_STEP_TABLES = 1,  /* loading EFER and CR3 */
    BATON_STEP_COPY = 2,    /* copying and zeroing segments */
    BATON_STEP_STATE = 3,   /* setting the machine state for the kernel */
    BATON_STEP_KERNEL = 4,  /* the kernel has been jumped to */
    BATON_STEP_COUNT = 5
};

/* Why a record was refused. */
enum BatonHandoffRefusal {
    BATON_REFUSED_MAGIC = 1,
    BATON_REFUSED_VERSION = 2,
    BATON_REFUSED_SIZE = 3
};

typedef struct BatonHandoff {
    uint64_t magic; /* BATON_HANDOFF_MAGIC */
    uint16_t version_major;
    uint16_t version_minor;
    uint32_t size; /* bytes of this record */

    uint64_t page_table_root; /* for CR3: physical, page-aligned; below 4 GiB where LA57 changes */
    uint64_t direct_map_base; /* virtual address of physical address 0 */

    uint64_t segments; /* physical, identity-mapped: BatonHandoffSegment[] */
    uint32_t segment_count;
    uint32_t segment_entry_bytes; /* from one entry to the next */

    uint64_t kernel_entry;     /* virtual */
    uint64_t kernel_stack_top; /* virtual, multiple of 16; RSP will be 8 less */
    uint64_t boot_info;        /* for RDI: virtual */

    /* Register values for the kernel. */
    uint64_t cr0;
    uint64_t cr4;
    uint64_t efer;
    uint64_t pat;

    /* The TSC at the end of each step before BATON_STEP_KERNEL is stored at
     * time_stamps + step * time_stamp_bytes: a virtual address in the new page tables, or 0. */
    uint64_t time_stamps;
    uint32_t time_stamp_bytes;

    /* Exceptions are reported there; 0: not there. */
    uint16_t serial_port; /* of a 16550, set up by the caller */
    uint16_t debug_port;  /* QEMU's and Bochs' debug console: each byte is written to it */
    uint16_t after_fault; /* enum BatonAfterFault */
    uint16_t exit_port;   /* for BATON_AFTER_FAULT_EXIT */
    uint32_t exit_value;  /* written as 32 bits */
} BatonHandoff;

#ifdef __cplusplus
#define BATON_HANDOFF_ASSERT(condition) static_assert(condition, #condition)
#else
#define BATON_HANDOFF_ASSERT(condition) _Static_assert(condition, #condition)
#endif

BATON_HANDOFF_ASSERT(sizeof(BatonStage2Header) == 40);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, version_major) == 8);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, version_minor) == 10);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, header_bytes) == 12);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, entry64_offset) == 16);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, entry32_offset) == 20);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, load_bytes) == 24);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, memory_bytes) == 28);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, writable_offset) == 32);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, alignment) == 36);

BATON_HANDOFF_ASSERT(sizeof(BatonHandoffSegment) == 32);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffSegment, destination) == 8);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffSegment, file_bytes) == 16);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffSegment, memory_bytes) == 24);

BATON_HANDOFF_ASSERT(sizeof(BatonHandoff) == 128);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, version_major) == 8);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, version_minor) == 10);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, size) == 12);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, page_table_root) == 16);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, direct_map_base) == 24);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, segments) == 32);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, segment_count) == 40);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, segment_entry_bytes) == 44);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_entry) == 48);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_stack_top) == 56);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, boot_info) == 64);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, cr0) == 72);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, cr4) == 80);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, efer) == 88);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, pat) == 96);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, time_stamps) == 104);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, time_stamp_bytes) == 112);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, serial_port) == 116);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, debug_port) == 118);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, after_fault) == 120);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, exit_port) == 122);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, exit_value) == 124);

#endif /* BATON_HANDOFF_H */
