/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The Baton boot protocol: what a kernel is given.
 *
 * At the kernel's first instruction RDI holds the virtual address of a BatonBootInfo. This header
 * is all that a kernel needs from Baton; it compiles as C11 and as C++ and includes nothing but
 * <stdint.h> and <stddef.h>.
 *
 * Conventions
 *   - Addresses are uint64_t. A field whose name ends in `_physical`, and the two CR3 values, are
 *     physical; every other address is virtual, lies in the direct map and can be dereferenced as
 *     soon as the kernel runs.
 *   - An array is three fields: the address of its first entry, the number of entries, and the
 *     bytes from one entry to the next. Step by that size, not by sizeof, and a kernel built
 * against this header keeps working with a later loader whose entries have grown at their end.
 *   - What is not there is 0; an array that is not there has no entries.
 *   - Everything belongs to the kernel. The records themselves lie in memory of the type
 *     BATON_MEMORY_LOADER_RECLAIMABLE: copy what you need before you reuse that memory.
 *   - A record grows at its end only. `size` tells how much of it this loader filled in.
 *
 * Machine state at the kernel's first instruction:
 *   RIP the ELF's entry point · RDI this record · RSP the top of a stack of stack_bytes, with a
 * zero return address on it and (RSP + 8) % 16 == 0 · the other general registers 0 · IF = DF = 0 ·
 *   CR0 = PG PE WP NE MP ET · CR4 = PAE PGE OSFXSR OSXMMEXCPT · EFER = LME LMA NXE (and SCE clear)
 * · PAT as at power-on, but entry 5 is write-combining · a flat GDT: CS 0x08, the data segments
 *   0x10 · an IDT that reports an exception and stops · x87 and SSE as after FNINIT and reset.
 */
#ifndef BATON_BOOT_INFO_H
#define BATON_BOOT_INFO_H

#include <stddef.h>
#include <stdint.h>

#define BATON_BOOT_INFO_MAGIC UINT64_C(0x4444441111)
#define BATON_BOOT_INFO_VERSION 1u

/* What may be done with a range of physical memory (BatonMemoryRange.type). */
enum BatonMemoryType {
    BATON_MEMORY_USABLE = 1,             /* free for the kernel from its first instruction */
    BATON_MEMORY_LOADER_RECLAIMABLE = 2, /* Baton's records, page tables, stack, stage 2, the
                                            firmware's page tables: free once not needed any more */
    BATON_MEMORY_KERNEL_AND_MODULES = 3, /* the kernel's own segments */
    BATON_MEMORY_ACPI_RECLAIMABLE = 4,   /* ACPI tables: free once they have been read */
    BATON_MEMORY_ACPI_NVS = 5,           /* keep, and save over S3 sleep */
    BATON_MEMORY_RUNTIME_SERVICES = 6,   /* UEFI runtime services: keep */
    BATON_MEMORY_FRAMEBUFFER = 7,        /* a framebuffer of the list below */
    BATON_MEMORY_PERSISTENT = 8,         /* EfiPersistentMemory */
    BATON_MEMORY_BAD = 9,                /* has errors */
    BATON_MEMORY_RESERVED = 10           /* devices and everything else: hands off */
};

/* A range of physical memory. The map is sorted by address; its ranges do not overlap, are whole
 * pages of 4 KiB, and two that touch differ in type. */
typedef struct BatonMemoryRange {
    uint64_t base_physical; /* multiple of 4096 */
    uint64_t bytes;         /* multiple of 4096, not 0 */
    uint32_t type;          /* enum BatonMemoryType */
    uint32_t reserved;      /* 0 */
} BatonMemoryRange;

/* Permissions of a segment: the values of ELF's p_flags. */
#define BATON_SEGMENT_EXECUTE 1u
#define BATON_SEGMENT_WRITE 2u
#define BATON_SEGMENT_READ 4u

/* One PT_LOAD segment of the kernel, as it lies in memory. */
typedef struct BatonKernelSegment {
    uint64_t virtual_base;  /* p_vaddr */
    uint64_t base_physical; /* where virtual_base is mapped to; the whole segment is contiguous */
    uint64_t bytes;         /* p_memsz */
    uint64_t file_bytes;    /* p_filesz: copied from the file; the rest of it is zero */
    uint32_t permissions;   /* BATON_SEGMENT_* */
    uint32_t reserved;      /* 0 */
} BatonKernelSegment;

/* A linear framebuffer. A pixel is bits_per_pixel / 8 bytes, little-endian; a channel of it is
 * (pixel >> shift) & ((1 << bits) - 1), whatever the number of bits of a pixel. */
typedef struct BatonFramebuffer {
    uint64_t address;       /* virtual, mapped write-combining */
    uint64_t base_physical; /* as the firmware gives it; need not be page-aligned */
    uint64_t bytes;         /* of the whole framebuffer */
    uint32_t width_pixels;
    uint32_t height_pixels;
    uint32_t pitch_bytes; /* from one row to the next */
    uint16_t bits_per_pixel;
    uint8_t red_shift, red_bits;
    uint8_t green_shift, green_bits;
    uint8_t blue_shift, blue_bits;
} BatonFramebuffer;

/* The time-stamp counter at the end of a step of the boot. */
typedef struct BatonTimeStamp {
    uint64_t tsc;
    char name[24]; /* of the step, NUL-terminated UTF-8 */
} BatonTimeStamp;

typedef struct BatonBootInfo {
    uint64_t magic;   /* BATON_BOOT_INFO_MAGIC */
    uint32_t version; /* BATON_BOOT_INFO_VERSION of the loader */
    uint32_t size;    /* bytes of this record that the loader knows of */

    /* Physical memory: what the kernel may use. */
    uint64_t memory_map; /* BatonMemoryRange[] */
    uint32_t memory_map_count;
    uint32_t memory_map_entry_bytes;

    /* The firmware's own map, untouched (UEFI 2.10 section 7.2.3, EFI_MEMORY_DESCRIPTOR[]), as it
     * was at ExitBootServices. All 0 where the firmware is not UEFI. */
    uint64_t firmware_memory_map;
    uint64_t firmware_memory_map_bytes;
    uint32_t firmware_descriptor_bytes;
    uint32_t firmware_descriptor_version;

    /* The direct map: physical address p of the memory map is at direct_map_base + p, readable and
     * writable, never executable. Only ranges that are memory are mapped in it, and framebuffers.
     */
    uint64_t direct_map_base; /* multiple of 512 GiB */
    uint64_t direct_map_bytes;

    /* Page-table roots, as CR3 holds them. */
    uint64_t kernel_cr3;   /* loaded now; 4-level */
    uint64_t firmware_cr3; /* what the firmware ran on */

    /* The kernel's image. */
    uint64_t kernel_entry;        /* the ELF's e_entry + kernel_slide */
    uint64_t kernel_virtual_base; /* lowest address of a segment */
    uint64_t kernel_slide;        /* added to each address of the ELF file */
    uint64_t kernel_segments;     /* BatonKernelSegment[], sorted by virtual_base */
    uint32_t kernel_segment_count;
    uint32_t kernel_segment_entry_bytes;

    /* The stack: [stack_base, stack_base + stack_bytes), with an unmapped page on each side. */
    uint64_t stack_base;
    uint64_t stack_bytes;

    uint64_t framebuffers; /* BatonFramebuffer[] */
    uint32_t framebuffer_count;
    uint32_t framebuffer_entry_bytes;

    /* The firmware's tables. UEFI keeps them in memory that the direct map has. */
    uint64_t rsdp_physical;             /* ACPI root: revision 2 or later where there is one */
    uint64_t smbios_physical;           /* SMBIOS 2.x entry point, "_SM_" */
    uint64_t smbios3_physical;          /* SMBIOS 3.x entry point, "_SM3_" */
    uint64_t efi_system_table_physical; /* EFI_SYSTEM_TABLE, boot services gone */

    char loader_name[32];    /* NUL-terminated UTF-8 */
    char loader_version[32]; /* NUL-terminated UTF-8 */

    /* When each step of the boot ended, in order. */
    uint64_t tsc_hz;      /* frequency of the time-stamp counter; 0 where unknown */
    uint64_t time_stamps; /* BatonTimeStamp[] */
    uint32_t time_stamp_count;
    uint32_t time_stamp_entry_bytes;
} BatonBootInfo;

#ifdef __cplusplus
#define BATON_STATIC_ASSERT(condition) static_assert(condition, #condition)
#else
#define BATON_STATIC_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define BATON_ASSERT_OFFSET(type, field, offset)                                                   \
    BATON_STATIC_ASSERT(offsetof(type, field) == (offset))

BATON_STATIC_ASSERT(sizeof(BatonMemoryRange) == 24);
BATON_ASSERT_OFFSET(BatonMemoryRange, bytes, 8);
BATON_ASSERT_OFFSET(BatonMemoryRange, type, 16);

BATON_STATIC_ASSERT(sizeof(BatonKernelSegment) == 40);
BATON_ASSERT_OFFSET(BatonKernelSegment, base_physical, 8);
BATON_ASSERT_OFFSET(BatonKernelSegment, bytes, 16);
BATON_ASSERT_OFFSET(BatonKernelSegment, file_bytes, 24);
BATON_ASSERT_OFFSET(BatonKernelSegment, permissions, 32);

BATON_STATIC_ASSERT(sizeof(BatonFramebuffer) == 48);
BATON_ASSERT_OFFSET(BatonFramebuffer, base_physical, 8);
BATON_ASSERT_OFFSET(BatonFramebuffer, bytes, 16);
BATON_ASSERT_OFFSET(BatonFramebuffer, width_pixels, 24);
BATON_ASSERT_OFFSET(BatonFramebuffer, height_pixels, 28);
BATON_ASSERT_OFFSET(BatonFramebuffer, pitch_bytes, 32);
BATON_ASSERT_OFFSET(BatonFramebuffer, bits_per_pixel, 36);
BATON_ASSERT_OFFSET(BatonFramebuffer, red_shift, 38);
BATON_ASSERT_OFFSET(BatonFramebuffer, blue_bits, 43);

BATON_STATIC_ASSERT(sizeof(BatonTimeStamp) == 32);
BATON_ASSERT_OFFSET(BatonTimeStamp, name, 8);

BATON_ASSERT_OFFSET(BatonBootInfo, magic, 0);
BATON_ASSERT_OFFSET(BatonBootInfo, version, 8);
BATON_ASSERT_OFFSET(BatonBootInfo, size, 12);
BATON_ASSERT_OFFSET(BatonBootInfo, memory_map, 16);
BATON_ASSERT_OFFSET(BatonBootInfo, memory_map_count, 24);
BATON_ASSERT_OFFSET(BatonBootInfo, memory_map_entry_bytes, 28);
BATON_ASSERT_OFFSET(BatonBootInfo, firmware_memory_map, 32);
BATON_ASSERT_OFFSET(BatonBootInfo, firmware_memory_map_bytes, 40);
BATON_ASSERT_OFFSET(BatonBootInfo, firmware_descriptor_bytes, 48);
BATON_ASSERT_OFFSET(BatonBootInfo, firmware_descriptor_version, 52);
BATON_ASSERT_OFFSET(BatonBootInfo, direct_map_base, 56);
BATON_ASSERT_OFFSET(BatonBootInfo, direct_map_bytes, 64);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_cr3, 72);
BATON_ASSERT_OFFSET(BatonBootInfo, firmware_cr3, 80);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_entry, 88);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_virtual_base, 96);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_slide, 104);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_segments, 112);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_segment_count, 120);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_segment_entry_bytes, 124);
BATON_ASSERT_OFFSET(BatonBootInfo, stack_base, 128);
BATON_ASSERT_OFFSET(BatonBootInfo, stack_bytes, 136);
BATON_ASSERT_OFFSET(BatonBootInfo, framebuffers, 144);
BATON_ASSERT_OFFSET(BatonBootInfo, framebuffer_count, 152);
BATON_ASSERT_OFFSET(BatonBootInfo, framebuffer_entry_bytes, 156);
BATON_ASSERT_OFFSET(BatonBootInfo, rsdp_physical, 160);
BATON_ASSERT_OFFSET(BatonBootInfo, smbios_physical, 168);
BATON_ASSERT_OFFSET(BatonBootInfo, smbios3_physical, 176);
BATON_ASSERT_OFFSET(BatonBootInfo, efi_system_table_physical, 184);
BATON_ASSERT_OFFSET(BatonBootInfo, loader_name, 192);
BATON_ASSERT_OFFSET(BatonBootInfo, loader_version, 224);
BATON_ASSERT_OFFSET(BatonBootInfo, tsc_hz, 256);
BATON_ASSERT_OFFSET(BatonBootInfo, time_stamps, 264);
BATON_ASSERT_OFFSET(BatonBootInfo, time_stamp_count, 272);
BATON_ASSERT_OFFSET(BatonBootInfo, time_stamp_entry_bytes, 276);
BATON_STATIC_ASSERT(sizeof(BatonBootInfo) == 280);

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* C has no other */
#endif

/* Whether `info` is a record that a kernel built against this header can read: a later version is,
 * since records only grow. An earlier one lacks fields and is not. */
static inline int baton_boot_info_is_valid(const BatonBootInfo* info) {
    return info != NULL && info->magic == BATON_BOOT_INFO_MAGIC &&
           info->version >= BATON_BOOT_INFO_VERSION && info->size >= sizeof(BatonBootInfo);
}

/* Entry `index` of an array of BootInfo: its address, entry size and the index, which is less than
 * the array's count. */
static inline const void* baton_array_entry(uint64_t array, uint32_t entry_bytes, uint32_t index) {
    return (const void*)(uintptr_t)(array + (uint64_t)entry_bytes * index);
}

static inline const BatonMemoryRange* baton_memory_range(const BatonBootInfo* info,
                                                         uint32_t index) {
    return (const BatonMemoryRange*)baton_array_entry(info->memory_map,
                                                      info->memory_map_entry_bytes, index);
}

static inline const BatonKernelSegment* baton_kernel_segment(const BatonBootInfo* info,
                                                             uint32_t index) {
    return (const BatonKernelSegment*)baton_array_entry(info->kernel_segments,
                                                        info->kernel_segment_entry_bytes, index);
}

static inline const BatonFramebuffer* baton_framebuffer(const BatonBootInfo* info, uint32_t index) {
    return (const BatonFramebuffer*)baton_array_entry(info->framebuffers,
                                                      info->framebuffer_entry_bytes, index);
}

static inline const BatonTimeStamp* baton_time_stamp(const BatonBootInfo* info, uint32_t index) {
    return (const BatonTimeStamp*)baton_array_entry(info->time_stamps, info->time_stamp_entry_bytes,
                                                    index);
}

/* The virtual address, in the direct map, of a physical address that lies in the memory map;
 * NULL for one beyond the direct map's end. */
static inline void* baton_physical_to_pointer(const BatonBootInfo* info, uint64_t physical) {
    return physical < info->direct_map_bytes ? (void*)(uintptr_t)(info->direct_map_base + physical)
                                             : NULL;
}

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#endif /* BATON_BOOT_INFO_H */
