/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The handoff ABI: what a stage 1 gives to stage 2, and the header that stage2.bin begins with.
 *
 * Stage 2 executes a plan: it loads the page tables, copies the kernel's segments to their virtual
 * addresses, zeroes what lies beyond their file bytes, sets the machine state and jumps. It
 * chooses, allocates and parses nothing.
 *
 * The caller's part, numbered in docs/handoff-abi.md
 *   1. Load stage2.bin (BatonStage2Header.load_bytes) at a physical address that is a multiple of
 *      `alignment`, in a block of `memory_bytes`, and zero the rest of the block.
 *   2. Build page tables that identity-map that block (read-execute below `writable_offset`,
 *      read-write from there on), the BatonHandoff record and its segment array (read), and map all
 *      physical memory that a segment's source lies in at direct_map_base; and the kernel's own
 *      pages at their final addresses with their final permissions. Present read-only pages will be
 *      written: stage 2 clears CR0.WP while it copies.
 *   3. Call an entry:
 *      - in 64-bit mode, with the block, the record and the segment array identity-mapped and the
 *        block executable, block + entry64_offset by the System V calling convention with the
 *        record's address in RDI;
 *      - in 32-bit protected mode, with flat segments and paging off, block + entry32_offset with
 *        the record's address in EDI. The block, the record, the segment array and the page
 *        tables that map the block lie below 4 GiB.
 *      The 64-bit entry returns only when it refuses the record: then EAX is a BatonHandoffRefusal,
 *      ECX, EDX and the flags have any values, and all else is as it was. The 32-bit entry goes to
 *      long mode first, and reports a record that it refuses as it reports an exception. It
 * returns, in the same way, only on a processor without long mode, or if the block is not aligned.
 *
 * From then on exceptions are reported (docs/faults.md), and so are page tables that don't map the
 * block, before they are loaded. The 64-bit entry reports these if they can be read at their
 * physical addresses.
 *
 * A record grows at its end only.
 */
#ifndef BATON_HANDOFF_H
#define BATON_HANDOFF_H

#include <stddef.h>
#include <stdint.h>

#define BATON_STAGE2_MAGIC UINT64_C(0x3245474154535442)       /* "BTSTAGE2" */
#define BATON_HANDOFF_MAGIC UINT64_C(0x0046464f444e4148)      /* "HANDOFF" */
#define BATON_CRASH_RECORD_MAGIC UINT64_C(0x5344524f5754534c) /* "LSTWORDS" */
#define BATON_HANDOFF_VERSION_MAJOR 1u
#define BATON_HANDOFF_VERSION_MINOR 5u

/* The first bytes of stage2.bin. Offsets count from the block's beginning. */
typedef struct BatonStage2Header {
    uint64_t magic;               /* BATON_STAGE2_MAGIC */
    uint16_t version_major;       /* differs: incompatible */
    uint16_t version_minor;       /* higher: more fields at the end of the record are understood */
    uint32_t header_bytes;        /* of this header */
    uint32_t entry64_offset;      /* 64-bit entry */
    uint32_t entry32_offset;      /* 32-bit protected mode entry; 0: there is none */
    uint32_t load_bytes;          /* length of stage2.bin */
    uint32_t memory_bytes;        /* of the whole block, a multiple of 4096 */
    uint32_t writable_offset;     /* where read-write memory begins, a multiple of 4096 */
    uint32_t alignment;           /* of the block, bytes */
    uint32_t crash_record_offset; /* where BatonCrashRecord is, in read-write memory */
    uint32_t crash_record_bytes;  /* of it */
    uint32_t build_id_offset;     /* where the build id is, by which a debugger finds stage2.elf */
    uint32_t build_id_bytes;      /* of it: a hash of what stage2.elf holds */
    uint32_t trampoline_offset;   /* where the code is that other processors start with */
    uint32_t trampoline_bytes;    /* of it, at most 1024 */
} BatonStage2Header;

/* One PT_LOAD segment to put in its place. */
typedef struct BatonHandoffSegment {
    uint64_t source_physical; /* the file's bytes; read at direct_map_base + source_physical;
                                 BATON_SOURCE_IN_PLACE: they are at the destination already */
    uint64_t destination;     /* virtual, in the new page tables */
    uint64_t file_bytes;      /* to copy; at most memory_bytes */
    uint64_t memory_bytes;    /* zeroed from file_bytes on */
} BatonHandoffSegment;

/* How far the handoff has come. */
enum BatonCrashRecordState {
    BATON_CRASH_RECORD_HANDED_OVER = 1,    /* stage 2 has the machine */
    BATON_CRASH_RECORD_KERNEL_ENTERED = 2, /* so has the kernel, next */
    BATON_CRASH_RECORD_FAULT = 3 /* an exception is being reported: the text is the report */
};

#define BATON_CRASH_RECORD_TEXT_BYTES UINT32_C(4048)

/* What stage 2 notes for the next boot, which finds it after a reset that memory survives: one
 * page, in memory that the kernel may reuse. It is written back to memory with each change. */
typedef struct BatonCrashRecord {
    uint64_t magic;    /* BATON_CRASH_RECORD_MAGIC */
    uint64_t checksum; /* FNV-1a, 64 bits, of what follows, up to the end of the text */
    uint32_t size;     /* bytes of this record */
    uint32_t state;    /* enum BatonCrashRecordState */
    uint64_t rip;      /* of the exception */
    uint32_t vector;   /* of it; from 256 on they are stage 2's own */
    uint32_t text_bytes;
    uint64_t acknowledgement_physical; /* the caller's, who may fill it in before the call: of a
                                          uint32_t that the kernel writes to; 0: there is none */
    char text[BATON_CRASH_RECORD_TEXT_BYTES]; /* UTF-8, lines end in \n, no NUL */
} BatonCrashRecord;

#define BATON_SOURCE_IN_PLACE UINT64_C(0xffffffffffffffff)

/* Where the registers of a UART are: ACPI's address space identifiers. */
enum BatonUartSpace { BATON_UART_MEMORY = 0, BATON_UART_IO = 1 };

/* A UART with the registers of a 16550, set up by the firmware or the caller. */
typedef struct BatonUart {
    uint64_t address;       /* of its first register: physical, or an I/O port */
    uint8_t space;          /* BATON_UART_MEMORY, BATON_UART_IO */
    uint8_t register_bytes; /* from one register to the next */
    uint8_t access_bytes;   /* of each access, 1, 2 or 4; I/O ports: 1. 0: there is no UART */
    uint8_t reserved[5];    /* 0 */
} BatonUart;

#define BATON_HANDOFF_UARTS UINT32_C(4) /* most that a record holds */

/* What stage 2 does after it has reported an exception. */
enum BatonAfterFault {
    BATON_AFTER_FAULT_HALT = 0,
    BATON_AFTER_FAULT_EXIT = 1, /* write exit_value to exit_port (QEMU's isa-debug-exit) */
    BATON_AFTER_FAULT_RESET = 2 /* reset the machine after reset_after_seconds */
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

/* Why a record is refused. Stage 2 looks for them in this order. */
enum BatonHandoffRefusal {
    BATON_REFUSED_MAGIC = 1,
    BATON_REFUSED_VERSION = 2,     /* version_major */
    BATON_REFUSED_SIZE = 3,        /* less than a record of version 1.0 */
    BATON_REFUSED_BLOCK = 4,       /* not aligned, or above 4 GiB where LA57 changes */
    BATON_REFUSED_PROCESSOR = 5,   /* it lacks long mode, or what efer and cr4 ask for: NX, LA57 */
    BATON_REFUSED_CONTROL = 6,     /* cr0, cr4, efer or kernel_mode */
    BATON_REFUSED_PAGE_TABLES = 7, /* page_table_root: not aligned, or too large */
    BATON_REFUSED_ADDRESS = 8,     /* not canonical; or the stack's top is not aligned */
    BATON_REFUSED_SEGMENTS = 9,    /* the array: its entries' size, or where it ends */
    BATON_REFUSED_SEGMENT = 10,    /* an entry: its sizes, or where it goes to */
    BATON_REFUSED_MAPPING = 11,    /* no more: page tables that don't map the block are reported */
    BATON_REFUSED_PROCESSORS = 12  /* the list of processors, or what is for all of them */
};

/* What the kernel is entered in. 32-bit: protected mode without paging, with flat segments. The
 * entry point, the stack and the segments' destinations are below 4 GiB, and the page tables map
 * the destinations to themselves; the root of the page tables and stage 2 are there too. CR0 is PE
 * and ET, CR4 and EFER are 0: cr0, cr4 and efer are for stage 2, and for its reports. */
enum BatonKernelMode { BATON_KERNEL_64_BIT = 0, BATON_KERNEL_32_BIT = 1 };

/* A processor's own memory: TSS, GDT, stacks for faults. At a multiple of its size. */
#define BATON_PROCESSOR_AREA_BYTES UINT32_C(8192)

/* What became of a processor that was to be started. */
enum BatonProcessorOutcome {
    BATON_OUTCOME_PARKED = 1,    /* it waits for its go word */
    BATON_OUTCOME_NO_ANSWER = 4, /* it didn't come in time, and was sent INIT again */
    BATON_OUTCOME_FAULT = 5      /* it died on its way, or its stack is not mapped */
};

/* A processor to start. It waits in 64-bit mode, in the state that the boot processor enters the
 * kernel with but for RDI and RSP, until `go` is not 0, and jumps there with RDI = `record`, RSP =
 * stack_top - 8, a zero return address on the stack, and all other general registers 0. */
typedef struct BatonHandoffProcessor {
    uint32_t apic_id; /* of its local APIC: 32 bits with x2APIC, else 8 */
    uint32_t number;  /* for reports */
    uint64_t area;    /* physical, identity-mapped: BATON_PROCESSOR_AREA_BYTES */
    uint64_t
        stack_base;     /* virtual: its lowest address, with an unmapped page below; 0: not known */
    uint64_t stack_top; /* virtual, multiple of 16 */
    uint64_t record;    /* for RDI */
    uint64_t go;        /* virtual: a uint64_t, 0, to which the kernel writes an entry point */
    uint64_t outcome;   /* virtual: a uint32_t that stage 2 writes: enum BatonProcessorOutcome */
    uint64_t parked_tsc; /* virtual: a uint64_t, its TSC when it parked; 0: nowhere */
} BatonHandoffProcessor;

/* A processor that can't be started is an error, and reported. Else it is said on the ports of
 * reports, and the kernel is entered. */
#define BATON_PROCESSORS_REQUIRED UINT32_C(1)

/* The kernel finds an IDT without a gate: its faults are not reported. */
#define BATON_KERNEL_WITHOUT_REPORTS UINT32_C(1)

typedef struct BatonHandoff {
    uint64_t magic; /* BATON_HANDOFF_MAGIC */
    uint16_t version_major;
    uint16_t version_minor;
    uint32_t size; /* bytes of this record */

    uint64_t page_table_root; /* for CR3: physical, page-aligned; below 4 GiB where LA57 changes,
                                 and for the 32-bit entry */
    uint64_t direct_map_base; /* virtual address of physical address 0 */

    uint64_t segments; /* physical, identity-mapped: BatonHandoffSegment[] */
    uint32_t segment_count;
    uint32_t segment_entry_bytes; /* from one entry to the next */

    uint64_t kernel_entry;     /* virtual */
    uint64_t kernel_stack_top; /* virtual, multiple of 16; RSP will be 8 less */
    uint64_t boot_info;        /* for RDI: virtual */

    /* Register values for the kernel. */
    uint64_t cr0;  /* PE and PG, but none of EM, TS, NW and CD */
    uint64_t cr4;  /* PAE */
    uint64_t efer; /* LME */
    uint64_t pat;

    /* The TSC at the end of each step before BATON_STEP_KERNEL is stored at
     * time_stamps + step * time_stamp_bytes: a virtual address in the new page tables, or 0. */
    uint64_t time_stamps;
    uint32_t time_stamp_bytes;

    /* Exceptions are reported there; 0: not there. */
    uint16_t serial_port; /* of a 16550, set up by the caller; more of them: uarts */
    uint16_t debug_port;  /* QEMU's and Bochs' debug console: each byte is written to it */
    uint16_t after_fault; /* what follows: enum BatonAfterFault */
    uint16_t exit_port;   /* for BATON_AFTER_FAULT_EXIT */
    uint32_t exit_value;  /* written as 32 bits */

    /* Here ends a record of version 1.0. What follows is 0 in it. */

    uint64_t kernel_stack_base;   /* virtual: the stack's lowest address, with an unmapped page
                                     below; 0: not known */
    uint64_t tsc_hz;              /* for the seconds below; 0: not known, so there is no waiting */
    uint32_t reset_after_seconds; /* for BATON_AFTER_FAULT_RESET */

    /* A screen to report exceptions on, in memory of which all is mapped: at its physical address
     * in the caller's page tables, at direct_map_base + it in the new ones. */
    uint32_t framebuffer_width;       /* pixels */
    uint32_t framebuffer_height;      /* pixels */
    uint32_t framebuffer_pitch_bytes; /* from one row to the next */
    uint64_t framebuffer_physical;    /* 0: there is none */
    uint32_t framebuffer_foreground;  /* the value of a pixel of text; its lower bytes count */
    uint32_t framebuffer_background;
    uint32_t framebuffer_pixel_bytes; /* 1 … 4 */

    /* An NMI that comes after half of watchdog_seconds or later is that of a watchdog, which the
     * caller has armed. It is reported as such, and does nothing if the kernel has acknowledged. */
    uint32_t watchdog_seconds; /* 0: there is no watchdog */
    uint64_t acknowledgement;  /* virtual: a uint32_t that is not 0 if the kernel has; 0: none */

    /* Exceptions are reported there too. Registers in memory are mapped at their physical address,
     * read-write and uncacheable, in the caller's page tables and in the new ones. */
    BatonUart uarts[BATON_HANDOFF_UARTS];

    /* Here ends a record of version 1.3. What follows is 0 in it. */

    uint32_t kernel_mode; /* enum BatonKernelMode */
    uint32_t kernel_eax;
    uint32_t kernel_ebx;

    /* For 64-bit code: a GDT of the kernel's, which is loaded with the selectors below; 0 bytes:
     * stage 2's. Stage 2 writes the descriptor of its TSS, 16 bytes, at kernel_task_segment. */
    uint16_t kernel_gdt_bytes;
    uint16_t kernel_code_segment; /* CS: 64-bit code of ring 0 */
    uint64_t kernel_gdt;          /* virtual */
    uint16_t kernel_data_segment; /* DS, ES, FS, GS and SS */
    uint16_t kernel_task_segment; /* TR */
    uint32_t kernel_flags;        /* BATON_KERNEL_WITHOUT_REPORTS */

    /* Here ends a record of version 1.4. What follows is 0 in it. */

    /* Other processors to start, for 64-bit code. The block and the root of the page tables are
     * then below 4 GiB. */
    uint64_t processors; /* physical, identity-mapped: BatonHandoffProcessor[] */
    uint32_t processor_count;
    uint32_t processor_entry_bytes; /* from one entry to the next */
    uint64_t trampoline; /* physical, from 1000h to 9f000h: a page that begins with the trampoline
                            of stage2.bin, identity-mapped read-execute */
    uint64_t local_apic; /* physical: its registers, identity-mapped read-write and uncacheable; 0:
                            x2APIC mode is used, and turned on where it is off */
    uint64_t mailbox;    /* physical, identity-mapped read-write: of the firmware in whose hands the
                            processors are (ACPI 6.5 section 5.2.12.19); 0: INIT and SIPI start them */
    uint32_t processor_wait_ms; /* after the last one came, until the others are given up */
    uint32_t processor_flags;   /* BATON_PROCESSORS_REQUIRED */
    uint32_t processor_number;  /* of the boot processor, for reports */
    uint32_t reserved;          /* 0 */
} BatonHandoff;

#define BATON_HANDOFF_BYTES_1_0 UINT32_C(128) /* size of a record of version 1.0 */

#ifdef __cplusplus
#define BATON_HANDOFF_ASSERT(condition) static_assert(condition, #condition)
#else
#define BATON_HANDOFF_ASSERT(condition) _Static_assert(condition, #condition)
#endif

BATON_HANDOFF_ASSERT(sizeof(BatonStage2Header) == 64);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, magic) == 0);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, version_major) == 8);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, version_minor) == 10);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, header_bytes) == 12);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, entry64_offset) == 16);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, entry32_offset) == 20);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, load_bytes) == 24);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, memory_bytes) == 28);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, writable_offset) == 32);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, alignment) == 36);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, crash_record_offset) == 40);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, crash_record_bytes) == 44);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, build_id_offset) == 48);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, build_id_bytes) == 52);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, trampoline_offset) == 56);
BATON_HANDOFF_ASSERT(offsetof(BatonStage2Header, trampoline_bytes) == 60);

BATON_HANDOFF_ASSERT(sizeof(BatonCrashRecord) == 4096);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, magic) == 0);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, checksum) == 8);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, size) == 16);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, state) == 20);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, rip) == 24);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, vector) == 32);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, text_bytes) == 36);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, acknowledgement_physical) == 40);
BATON_HANDOFF_ASSERT(offsetof(BatonCrashRecord, text) == 48);

BATON_HANDOFF_ASSERT(sizeof(BatonHandoffSegment) == 32);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffSegment, source_physical) == 0);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffSegment, destination) == 8);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffSegment, file_bytes) == 16);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffSegment, memory_bytes) == 24);

BATON_HANDOFF_ASSERT(sizeof(BatonUart) == 16);
BATON_HANDOFF_ASSERT(offsetof(BatonUart, address) == 0);
BATON_HANDOFF_ASSERT(offsetof(BatonUart, space) == 8);
BATON_HANDOFF_ASSERT(offsetof(BatonUart, register_bytes) == 9);
BATON_HANDOFF_ASSERT(offsetof(BatonUart, access_bytes) == 10);
BATON_HANDOFF_ASSERT(offsetof(BatonUart, reserved) == 11);

BATON_HANDOFF_ASSERT(sizeof(BatonHandoffProcessor) == 64);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, apic_id) == 0);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, number) == 4);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, area) == 8);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, stack_base) == 16);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, stack_top) == 24);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, record) == 32);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, go) == 40);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, outcome) == 48);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoffProcessor, parked_tsc) == 56);

BATON_HANDOFF_ASSERT(sizeof(BatonHandoff) == 344);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, magic) == 0);
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
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_stack_base) == 128);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, tsc_hz) == 136);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, reset_after_seconds) == 144);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, framebuffer_width) == 148);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, framebuffer_height) == 152);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, framebuffer_pitch_bytes) == 156);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, framebuffer_physical) == 160);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, framebuffer_foreground) == 168);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, framebuffer_background) == 172);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, framebuffer_pixel_bytes) == 176);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, watchdog_seconds) == 180);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, acknowledgement) == 184);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, uarts) == 192);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_mode) == 256);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_eax) == 260);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_ebx) == 264);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_gdt_bytes) == 268);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_code_segment) == 270);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_gdt) == 272);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_data_segment) == 280);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_task_segment) == 282);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, kernel_flags) == 284);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, processors) == 288);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, processor_count) == 296);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, processor_entry_bytes) == 300);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, trampoline) == 304);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, local_apic) == 312);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, mailbox) == 320);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, processor_wait_ms) == 328);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, processor_flags) == 332);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, processor_number) == 336);
BATON_HANDOFF_ASSERT(offsetof(BatonHandoff, reserved) == 340);

#endif /* BATON_HANDOFF_H */
