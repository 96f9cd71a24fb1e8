/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The Baton boot protocol: what a kernel gets.
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
 *     bytes from one entry to the next. Step by that size, not by sizeof: then a kernel built with
 *     this header keeps working with a later loader whose entries have grown at their end.
 *   - A text is the address of UTF-8 that ends in NUL, "" where there is none; never 0.
 *   - What is not there is 0; an array that is not there has no entries.
 *   - Everything belongs to the kernel. The records themselves lie in memory of the type
 *     BATON_MEMORY_LOADER_RECLAIMABLE: copy what you need before you reuse that memory.
 *   - A record grows at its end only. `size` says how much of it this loader filled in.
 *
 * Machine state at the kernel's first instruction (docs/boot-protocol.md has every promise):
 *   RIP     the ELF's entry point, with the slide added
 *   RDI     this record
 *   RSP     top of the stack, a zero return address on it, (RSP + 8) % 16 == 0
 *   others  0; RFLAGS 2, so interrupts are off
 *   CR0     PG PE WP NE MP ET
 *   CR4     PAE PGE OSFXSR OSXMMEXCPT, and LA57 where the kernel requested it
 *   EFER    LME LMA NXE
 *   PAT     as at power-on, but entry 5 is write-combining
 *   GDT     flat: CS is 0x08, the data segments are 0x10
 *   IDT     reports an exception and stops
 *   FPU     x87 as after FNINIT, SSE as at reset
 */
#ifndef BATON_BOOT_INFO_H
#define BATON_BOOT_INFO_H

#include <stddef.h>
#include <stdint.h>

#define BATON_BOOT_INFO_MAGIC UINT64_C(0x4444441111)
#define BATON_BOOT_INFO_VERSION 1u

/* What a kernel may do with a range of physical memory (BatonMemoryRange.type). */
enum BatonMemoryType {
    BATON_MEMORY_USABLE = 1,             /* free for the kernel from its first instruction */
    BATON_MEMORY_LOADER_RECLAIMABLE = 2, /* Baton's records, page tables, stack, stage 2, the
                                            firmware's page tables: free once not needed any more */
    BATON_MEMORY_KERNEL_AND_MODULES = 3, /* the kernel's segments, and modules */
    BATON_MEMORY_ACPI_RECLAIMABLE = 4,   /* ACPI tables: free once they have been read */
    BATON_MEMORY_ACPI_NVS = 5,           /* keep, and save over S3 sleep */
    BATON_MEMORY_RUNTIME_SERVICES = 6,   /* UEFI runtime services: keep */
    BATON_MEMORY_FRAMEBUFFER = 7,        /* a framebuffer of the list below */
    BATON_MEMORY_PERSISTENT = 8,         /* EfiPersistentMemory */
    BATON_MEMORY_BAD = 9,                /* has errors */
    BATON_MEMORY_RESERVED = 10,          /* devices and everything else: hands off */
    BATON_MEMORY_UNACCEPTED = 11,        /* EfiUnacceptedMemoryType: to be accepted before use */
    BATON_MEMORY_SPECIAL_PURPOSE = 12    /* EFI_MEMORY_SP: meant for one device or program */
};

/* A range of physical memory. The map is sorted by address; its ranges do not overlap, are whole
 * pages of 4 KiB, and two that touch differ in something other than their address. */
typedef struct BatonMemoryRange {
    uint64_t base_physical; /* multiple of 4096 */
    uint64_t bytes;         /* multiple of 4096, not 0 */
    uint32_t type;          /* enum BatonMemoryType */
    uint32_t firmware_type; /* EFI_MEMORY_TYPE or E820 type; BATON_NO_FIRMWARE_TYPE: the firmware
                               says nothing about this range */
    uint64_t attributes;    /* EFI_MEMORY_* attributes of the firmware's descriptor, or 0 */
    uint64_t origin;        /* const char*: what Baton has put there: "page tables", "stage 2",
                               "module initrd.img", …; "" for everything else */
} BatonMemoryRange;

#define BATON_NO_FIRMWARE_TYPE UINT32_C(0xffffffff)

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
    uint32_t edid_bytes; /* 0: none */
    uint64_t edid;       /* the display's EDID, VESA E-EDID */
    uint64_t modes;      /* BatonVideoMode[]: what the firmware could have set */
    uint32_t mode_count;
    uint32_t mode_entry_bytes;
} BatonFramebuffer;

/* A mode of a display adapter. */
typedef struct BatonVideoMode {
    uint32_t width_pixels;
    uint32_t height_pixels;
    uint32_t pitch_bytes;
    uint16_t bits_per_pixel;
    uint8_t red_shift, red_bits;
    uint8_t green_shift, green_bits;
    uint8_t blue_shift, blue_bits;
    uint32_t linear; /* 1: has a framebuffer in memory; 0: the firmware alone can draw in it */
} BatonVideoMode;

/* A file that was loaded along with the kernel. Starts at a page; its last page is filled with
 * zeroes. An empty file has `bytes` 0, and a page of zeroes at `address`. */
typedef struct BatonModule {
    uint64_t address;
    uint64_t base_physical;
    uint64_t bytes;
    uint64_t path;   /* const char*: where it was, with slashes */
    uint64_t string; /* const char*: what the boot entry says of it, or "" */
} BatonModule;

/* A mapping in the lower half, physical = virtual, of which there are two kinds. The handoff needed
 * some and the kernel doesn't: their memory is loader-reclaimable, or the registers of a device:
 * the watchdog's, or a UART's for fault reports. Unmap them when you have an IDT of your own. The
 * others are those of BATON_REQUEST_IDENTITY: what the direct map shows is mapped as there, all
 * else read-write and uncacheable, nothing executable. */
typedef struct BatonIdentityMapping {
    uint64_t base;
    uint64_t bytes;
    uint32_t permissions; /* BATON_SEGMENT_* */
    uint32_t reserved;
} BatonIdentityMapping;

/* A GUID as EFI_GUID lies in memory. */
typedef struct BatonGuid {
    uint8_t bytes[16];
} BatonGuid;

enum BatonBootDeviceKind {
    BATON_BOOT_DEVICE_UNKNOWN = 0,
    BATON_BOOT_DEVICE_GPT = 1,    /* disk_guid, partition_guid, partition_number */
    BATON_BOOT_DEVICE_MBR = 2,    /* mbr_signature, partition_number */
    BATON_BOOT_DEVICE_WHOLE = 3,  /* a disk without partitions, a CD */
    BATON_BOOT_DEVICE_NETWORK = 4 /* server_address */
};

/* Where the kernel came from. */
typedef struct BatonBootDevice {
    uint32_t kind; /* enum BatonBootDeviceKind */
    uint32_t partition_number;
    BatonGuid partition_guid;
    BatonGuid disk_guid;
    uint32_t mbr_signature;
    uint32_t server_address_bytes; /* 4: IPv4, 16: IPv6, 0: none known */
    uint8_t server_address[16];    /* in network order */
    uint64_t device_path;          /* const char*: the firmware's device path as text */
    uint64_t loader_path;          /* const char*: the loader's own file, with slashes */
} BatonBootDevice;

/* The processor as the firmware left it, for a hypervisor that goes on with it as a guest. */
typedef struct BatonFirmwareState {
    uint64_t cr0, cr3, cr4, efer, pat;
    uint64_t mtrr_cap;       /* IA32_MTRRCAP; 0: no MTRRs */
    uint64_t mtrr_def_type;  /* IA32_MTRR_DEF_TYPE */
    uint64_t mtrr_fixed[11]; /* MSRs 250h, 258h, 259h, 268h … 26fh */
    uint64_t mtrr_base[16];  /* IA32_MTRR_PHYSBASEn, mtrr_variable_count of them */
    uint64_t mtrr_mask[16];  /* IA32_MTRR_PHYSMASKn */
    uint32_t mtrr_variable_count;
    uint32_t reserved;
} BatonFirmwareState;

#define BATON_VIRTUALIZATION_SVM UINT32_C(1)      /* CPUID 80000001h ECX bit 2 */
#define BATON_VIRTUALIZATION_VMX UINT32_C(2)      /* CPUID 1 ECX bit 5 */
#define BATON_VIRTUALIZATION_GUEST UINT32_C(4)    /* CPUID 1 ECX bit 31: runs under a hypervisor */
#define BATON_VIRTUALIZATION_DISABLED UINT32_C(8) /* locked off by the firmware */

/* What a hypervisor asks the processor first. The fields of a missing technique are 0. */
typedef struct BatonVirtualization {
    uint32_t flags;                          /* BATON_VIRTUALIZATION_* */
    uint32_t svm_revision;                   /* CPUID 8000000Ah EAX */
    uint32_t svm_asids;                      /* EBX */
    uint32_t svm_features;                   /* EDX; bit 0 is nested paging */
    uint64_t svm_vm_cr;                      /* MSR C0010114h */
    uint64_t vmx_feature_control;            /* IA32_FEATURE_CONTROL, MSR 3Ah */
    uint64_t vmx_basic;                      /* MSR 480h */
    uint64_t vmx_cr0_fixed0, vmx_cr0_fixed1; /* MSRs 486h, 487h */
    uint64_t vmx_cr4_fixed0, vmx_cr4_fixed1; /* MSRs 488h, 489h */
    uint64_t vmx_ept_vpid_cap;               /* MSR 48Ch */
    char hypervisor[16]; /* CPUID 40000000h EBX ECX EDX as text, NUL-terminated */
} BatonVirtualization;

/* PT_TLS: the image that each thread's block begins as. All 0: the kernel has none. */
typedef struct BatonThreadLocalStorage {
    uint64_t address; /* in the kernel's image */
    uint64_t file_bytes;
    uint64_t memory_bytes;
    uint64_t alignment;
} BatonThreadLocalStorage;

/* How the kernel was reached. docs/boot-protocol.md says what each path can't give. */
enum BatonBootPath {
    BATON_BOOT_PATH_UEFI = 1,       /* the loader was a UEFI application */
    BATON_BOOT_PATH_PVH = 2,        /* a VMM started it directly: QEMU, Xen, Cloud Hypervisor, … */
    BATON_BOOT_PATH_MULTIBOOT2 = 3, /* GRUB, or another Multiboot2 loader */
    BATON_BOOT_PATH_LINUX = 4       /* by the Linux boot protocol */
};

enum BatonSecureBoot {
    BATON_SECURE_BOOT_UNKNOWN = 0,
    BATON_SECURE_BOOT_OFF = 1,
    BATON_SECURE_BOOT_ON = 2,
    BATON_SECURE_BOOT_SETUP = 3 /* no platform key: off, and keys can be set */
};

/* What the chain of trust is (BatonBootInfo.trust_flags). ENFORCED: only what is verified could be
 * used, under Secure Boot or by `enforce on`. BUNDLE: the loader is part of a bundle. The kernel's
 * file, and all modules, came from a bundle or container that `verified_by` has verified.
 * MEASURED: all of the boot entry, the command line and the files is in the TPM's PCRs. */
#define BATON_TRUST_ENFORCED 1u
#define BATON_TRUST_BUNDLE 2u
#define BATON_TRUST_KERNEL_VERIFIED 4u
#define BATON_TRUST_MODULES_VERIFIED 8u
#define BATON_TRUST_MEASURED 16u

enum BatonVerifiedBy {
    BATON_VERIFIED_BY_NOBODY = 0, /* Secure Boot is off */
    BATON_VERIFIED_BY_FIRMWARE = 1,
    BATON_VERIFIED_BY_SHIM = 2
};

/* The TPM's event log: TCG_PCClientPCREvent entries, or one of these and then TCG_PCR_EVENT2
 * entries (TCG PC Client Platform Firmware Profile, section 10). */
enum BatonEventLogFormat {
    BATON_EVENT_LOG_NONE = 0,
    BATON_EVENT_LOG_TCG_1_2 = 1,
    BATON_EVENT_LOG_TCG_2 = 2
};

/* BatonBootInfo.event_log_flags: events are missing at the end. */
#define BATON_EVENT_LOG_TRUNCATED 1u

/* BatonBootInfo.flags: the kernel's segments demand pages that are writable and executable at once;
 * kernel_slide was chosen at random; CR4.LA57 is on; PT_GNU_STACK asks for an executable
 * stack, which is not given; SetVirtualAddressMap was called for the direct map; EFI_RNG_PROTOCOL,
 * RDRAND had a part in random_seed. */
#define BATON_FLAG_WRITE_EXECUTE UINT64_C(1)
#define BATON_FLAG_KASLR UINT64_C(2)
#define BATON_FLAG_5_LEVEL UINT64_C(4)
#define BATON_FLAG_STACK_EXECUTABLE_WANTED UINT64_C(8)
#define BATON_FLAG_RUNTIME_MAPPED UINT64_C(16)
#define BATON_FLAG_SEED_FROM_FIRMWARE UINT64_C(32)
#define BATON_FLAG_SEED_FROM_PROCESSOR UINT64_C(64)

/* The time-stamp counter at the end of a step of the boot. */
typedef struct BatonTimeStamp {
    uint64_t tsc;
    char name[24]; /* of the step, NUL-terminated UTF-8 */
} BatonTimeStamp;

/* A write of 32 bits to a register of a device. */
typedef struct BatonRegisterWrite {
    uint64_t address; /* in an identity mapping */
    uint32_t value;
    uint32_t reserved; /* 0 */
} BatonRegisterWrite;

/* What became of the boot before this one (BatonPreviousBoot.state). */
enum BatonPreviousBootState {
    BATON_PREVIOUS_BOOT_NONE = 0,        /* not known: there was none, or nothing was kept of it */
    BATON_PREVIOUS_BOOT_FAILED = 1,      /* the loader gave up; the text is its error */
    BATON_PREVIOUS_BOOT_STARTED = 2,     /* it left the firmware, or was about to; what came then is
                                            lost: memory did not survive, or was reused */
    BATON_PREVIOUS_BOOT_HANDED_OVER = 3, /* it ended in stage 2, without a report */
    BATON_PREVIOUS_BOOT_KERNEL_ENTERED = 4, /* the kernel was entered; no fault was reported, and
                                               no acknowledgement is to be found */
    BATON_PREVIOUS_BOOT_ACKNOWLEDGED = 5,   /* the kernel was entered, and acknowledged */
    BATON_PREVIOUS_BOOT_FAULT = 6           /* a fault was reported; the text is the report */
};

typedef struct BatonPreviousBoot {
    uint32_t state;      /* enum BatonPreviousBootState */
    uint32_t vector;     /* of the fault; from 256 on they are the loader's own */
    uint64_t rip;        /* of the fault */
    uint64_t text;       /* const char*: printable ASCII and \n */
    uint64_t text_bytes; /* without the NUL */
} BatonPreviousBoot;

/* What a processor is doing, or why it does nothing (BatonProcessor.state). */
enum BatonProcessorState {
    BATON_PROCESSOR_ONLINE = 1,        /* the boot processor; or it is parked, or runs the kernel */
    BATON_PROCESSOR_NOT_REQUESTED = 2, /* enabled, but there was no request to start it */
    BATON_PROCESSOR_DISABLED = 3,      /* the firmware has not enabled it; it may be plugged in */
    BATON_PROCESSOR_NO_ANSWER = 4,     /* it did not come in time */
    BATON_PROCESSOR_FAULT = 5          /* it died on its way */
};

#define BATON_PROCESSOR_BOOT UINT32_C(1) /* flag: the processor that enters the kernel */
#define BATON_NO_NUMA_DOMAIN UINT32_C(0xffffffff)

/* A processor. One that is parked waits in the machine state of the kernel's first instruction, on
 * its own stack, until `go` is not 0; then it jumps there, with RDI = the address of this record:
 * baton_start_processor(). */
typedef struct BatonProcessor {
    uint64_t go;          /* the kernel's: where to jump to */
    uint64_t argument;    /* the kernel's: for what runs there */
    uint32_t apic_id;     /* of its local APIC */
    uint32_t acpi_uid;    /* in the MADT, and in the namespace; 0 without ACPI */
    uint32_t flags;       /* BATON_PROCESSOR_BOOT */
    uint32_t state;       /* enum BatonProcessorState */
    uint32_t numa_domain; /* BATON_NO_NUMA_DOMAIN: the SRAT doesn't say */
    uint32_t number;      /* index in the list, which the fault reports show */
    uint64_t stack_base;  /* its stack, with an unmapped page on each side; 0: it has none */
    uint64_t stack_bytes;
    uint64_t parked_tsc; /* its TSC when it parked; 0: it has not */
} BatonProcessor;

/* BatonBootInfo.processor_flags: local APICs are in x2APIC mode. */
#define BATON_PROCESSORS_X2APIC UINT32_C(1)

typedef struct BatonBootInfo {
    uint64_t magic;   /* BATON_BOOT_INFO_MAGIC */
    uint32_t version; /* BATON_BOOT_INFO_VERSION of the loader */
    uint32_t size;    /* bytes of this record that the loader knows of */

    /* Physical memory: what the kernel may use. */
    uint64_t memory_map; /* BatonMemoryRange[] */
    uint32_t memory_map_count;
    uint32_t memory_map_entry_bytes;

    /* The firmware's own map (UEFI 2.10 section 7.2.3, EFI_MEMORY_DESCRIPTOR[]), as it
     * was at ExitBootServices. All 0 where the firmware is not UEFI. With BATON_REQUEST_RUNTIME_MAP
     * the loader has filled in VirtualStart of each descriptor: direct_map_base + PhysicalStart. */
    uint64_t firmware_memory_map;
    uint64_t firmware_memory_map_bytes;
    uint32_t firmware_descriptor_bytes;
    uint32_t firmware_descriptor_version;

    /* The direct map: physical address p of the memory map is at direct_map_base + p, readable and
     * writable, never executable. Only ranges that are memory are mapped in it, and framebuffers;
     * with BATON_REQUEST_RUNTIME_MAP also what the firmware's runtime services need, their code
     * executable. */
    uint64_t direct_map_base; /* multiple of 512 GiB, or of 1 GiB as requested */
    uint64_t direct_map_bytes;

    /* Page-table roots, as CR3 holds them. */
    uint64_t kernel_cr3;   /* loaded now; 5-level with BATON_FLAG_5_LEVEL, else 4-level */
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

    uint64_t flags;       /* BATON_FLAG_* */
    uint32_t boot_path;   /* enum BatonBootPath */
    uint32_t secure_boot; /* enum BatonSecureBoot */

    uint64_t command_line; /* const char*, "" where there is none */

    uint64_t modules; /* BatonModule[], in the order of the boot entry */
    uint32_t module_count;
    uint32_t module_entry_bytes;

    /* The kernel's file. */
    uint64_t kernel_path;       /* const char*, with slashes */
    uint64_t kernel_file_bytes; /* of the file on the disk */
    uint64_t kernel_headers;    /* its ELF header, and its program headers after it */
    uint64_t kernel_headers_bytes;
    uint64_t kernel_symbols; /* .symtab and its string table, only on request */
    uint64_t kernel_symbols_bytes;
    uint64_t kernel_strings;
    uint64_t kernel_strings_bytes;
    uint64_t build_id; /* the bytes of NT_GNU_BUILD_ID */
    uint64_t build_id_bytes;
    BatonThreadLocalStorage tls;

    uint64_t identity_mappings; /* BatonIdentityMapping[] */
    uint32_t identity_mapping_count;
    uint32_t identity_mapping_entry_bytes;

    BatonBootDevice boot_device;

    uint8_t
        random_seed[64]; /* see BATON_FLAG_SEED_*: from none of these it is from the TSC alone */

    /* The firmware. */
    uint64_t firmware_vendor; /* const char* */
    uint32_t firmware_revision;
    uint32_t uefi_revision; /* EFI_TABLE_HEADER.Revision; 0 without UEFI */

    /* The firmware's clock, read when the TSC was unix_time_tsc. 0: no clock. */
    int64_t unix_time_seconds; /* since 1970-01-01 00:00 UTC */
    uint64_t unix_time_tsc;

    /* What the loader printed: UTF-8, lines end in \n, no NUL. */
    uint64_t log;
    uint64_t log_bytes;

    BatonFirmwareState firmware_state;
    BatonVirtualization virtualization;

    /* All kernel_file_bytes of the kernel's file, in pages of their own, only on request; else 0.
     */
    uint64_t kernel_file;

    /* 0 until the kernel writes something else to it: baton_acknowledge(). It shows
     * whether a kernel that hangs has come so far. */
    uint32_t acknowledged;

    /* The watchdog reports a kernel that has not acknowledged after this time. It is an NMI,
     * for the loader's IDT. The writes disarm it, in their order. */
    uint32_t watchdog_seconds; /* since the kernel was entered; 0: there is none */
    uint64_t watchdog_disarm;  /* BatonRegisterWrite[] */
    uint32_t watchdog_disarm_count;
    uint32_t watchdog_disarm_entry_bytes;

    BatonPreviousBoot previous_boot;

    /* The boot processor first, then the others in the order of the MADT: those that are enabled,
     * or that may be plugged in. Without a MADT or an MP table, the boot processor alone. */
    uint64_t processors; /* BatonProcessor[] */
    uint32_t processor_count;
    uint32_t processor_entry_bytes;
    uint32_t processor_flags; /* BATON_PROCESSORS_* */
    uint32_t reserved;        /* 0 */

    /* The TPM's event log as the firmware left it, with the events of ExitBootServices; without a
     * TPM 0. Its memory has a range of its own, "TPM event log". */
    uint64_t event_log;
    uint64_t event_log_bytes;
    uint32_t event_log_format; /* enum BatonEventLogFormat */
    uint32_t event_log_flags;  /* BATON_EVENT_LOG_TRUNCATED */
    uint32_t trust_flags;      /* BATON_TRUST_* */
    uint32_t verified_by;      /* enum BatonVerifiedBy */
} BatonBootInfo;

#define BATON_ACKNOWLEDGED UINT32_C(0x214b4341) /* "ACK!" */

/* What a kernel can request: ELF notes in a PT_NOTE segment, owner "Baton", one per request. A
 * kernel without any gets the defaults. Write one with BATON_REQUEST() or
 * BATON_REQUEST_MODULE_FILE():
 *
 *     BATON_REQUEST(BATON_REQUEST_STACK, BATON_REQUEST_REQUIRED, 256 * 1024, 0);
 *     BATON_REQUEST_MODULE_FILE(0, "/boot/initrd.img");
 *
 * A request that can't be met is an error if it is required, else a line of the log, and the
 * default holds. A loader that doesn't know a type ignores it unless it is required. Of two
 * requests of one type, other than modules, the later one holds. */
enum BatonRequestType {
    BATON_REQUEST_PROTOCOL = 1,    /* [0] BATON_BOOT_INFO_VERSION that the kernel needs at least */
    BATON_REQUEST_STACK = 2,       /* [0] bytes; 1 … 1 GiB, rounded up to pages; default 64 KiB */
    BATON_REQUEST_FRAMEBUFFER = 3, /* [0] width, [1] height in pixels; both 0: no framebuffer
                                   needed, the firmware's mode stays as it is; default: the same */
    BATON_REQUEST_KASLR = 4, /* [0] 1: place a position-independent kernel at random; default 0 */
    BATON_REQUEST_5_LEVEL_PAGING = 5, /* [0] enum BatonFiveLevel; default never */
    BATON_REQUEST_DIRECT_MAP = 6,     /* [0] virtual base, a multiple of 1 GiB in the upper half */
    BATON_REQUEST_SYMBOLS = 7,        /* [0] 1: load .symtab and its string table; default 0 */
    BATON_REQUEST_MODULE = 8, /* the path of a file to load, after those of the boot entry */
    BATON_REQUEST_BASE = 9,   /* [0] virtual address for the lowest page of a position-independent
                              kernel; default: FFFFFFFF80000000h */
    BATON_REQUEST_REFUSE_WRITE_EXECUTE = 10, /* [0] 1: segments that demand pages both writable and
                                             executable are an error; default 0 */
    BATON_REQUEST_RUNTIME_MAP = 11, /* [0] 1: call SetVirtualAddressMap for the direct map, with the
                                    VirtualStart of firmware_memory_map filled in; default 0 */
    BATON_REQUEST_KERNEL_FILE = 12, /* [0] 1: load the whole file too, with its section headers
                                    and debug information; default 0 */
    BATON_REQUEST_WATCHDOG = 13,    /* [0] seconds until a kernel that has not acknowledged is
                                    reported; 1 … 3600; default: there is no watchdog */
    BATON_REQUEST_PHYSICAL =
        14, /* [0] 1: put segments at p_paddr; default: where there is memory */
    BATON_REQUEST_IDENTITY = 15,  /* [0] bytes from physical address 0 on that are mapped at virtual
                                 =  physical too, but for page 0: 1 MiB or 4 GiB; default: none */
    BATON_REQUEST_PROCESSORS = 16 /* [0] enum BatonProcessors, [1] bytes of each other processor's
                                  stack, as those of STACK; 0: as the boot processor's */
};

enum BatonProcessors {
    BATON_PROCESSORS_NONE = 0,  /* the default: the others are left alone */
    BATON_PROCESSORS_PARKED = 1 /* they are started, and wait for their go words */
};

enum BatonFiveLevel {
    BATON_FIVE_LEVEL_NEVER = 0,
    BATON_FIVE_LEVEL_IF_THERE = 1, /* if the processor has it */
    BATON_FIVE_LEVEL_REQUIRED = 2
};

#define BATON_REQUEST_REQUIRED UINT32_C(1) /* flag of a request */
#define BATON_REQUEST_OWNER "Baton"

/* A note as the file has it (gABI chapter 5, "Note Section"), in units of 4 bytes. */
#ifdef __GNUC__
typedef struct __attribute__((packed, aligned(4))) BatonRequestNote {
    uint32_t name_bytes;       /* 6 */
    uint32_t descriptor_bytes; /* 20: what follows the name */
    uint32_t type;             /* enum BatonRequestType */
    char name[8];              /* BATON_REQUEST_OWNER, NUL, padding */
    uint32_t flags;            /* BATON_REQUEST_REQUIRED or 0 */
    uint64_t values[2];
} BatonRequestNote;

#define BATON_PASTE_(a, b) a##b
#define BATON_PASTE(a, b) BATON_PASTE_(a, b)
#define BATON_NOTE_ATTRIBUTES __attribute__((section(".note.baton"), used, aligned(4)))
/* A symbol, and not a byte: by it `baton check` finds that a linker script has lost the notes. */
#define BATON_MARK_REQUESTS __asm__(".set baton_has_requests, 1")

#define BATON_REQUEST(request_type, request_flags, value0, value1)                                 \
    BATON_MARK_REQUESTS;                                                                           \
    static const BatonRequestNote BATON_PASTE(baton_request_, __COUNTER__)                         \
        BATON_NOTE_ATTRIBUTES = {                                                                  \
            6, 20, (request_type), BATON_REQUEST_OWNER, (request_flags), {(value0), (value1)}}

#define BATON_REQUEST_MODULE_FILE(request_flags, path_literal)                                     \
    BATON_MARK_REQUESTS;                                                                           \
    static const struct __attribute__((packed, aligned(4))) {                                      \
        uint32_t name_bytes, descriptor_bytes, type;                                               \
        char name[8];                                                                              \
        uint32_t flags;                                                                            \
        char path[sizeof(path_literal)];                                                           \
    } BATON_PASTE(baton_request_, __COUNTER__) BATON_NOTE_ATTRIBUTES = {6,                         \
                                                                        4 + sizeof(path_literal),  \
                                                                        BATON_REQUEST_MODULE,      \
                                                                        BATON_REQUEST_OWNER,       \
                                                                        (request_flags),           \
                                                                        path_literal}
#endif

#ifdef __cplusplus
#define BATON_STATIC_ASSERT(condition) static_assert(condition, #condition)
#else
#define BATON_STATIC_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define BATON_ASSERT_OFFSET(type, field, offset)                                                   \
    BATON_STATIC_ASSERT(offsetof(type, field) == (offset))

BATON_STATIC_ASSERT(sizeof(BatonMemoryRange) == 40);
BATON_ASSERT_OFFSET(BatonMemoryRange, base_physical, 0);
BATON_ASSERT_OFFSET(BatonMemoryRange, bytes, 8);
BATON_ASSERT_OFFSET(BatonMemoryRange, type, 16);
BATON_ASSERT_OFFSET(BatonMemoryRange, firmware_type, 20);
BATON_ASSERT_OFFSET(BatonMemoryRange, attributes, 24);
BATON_ASSERT_OFFSET(BatonMemoryRange, origin, 32);

BATON_STATIC_ASSERT(sizeof(BatonKernelSegment) == 40);
BATON_ASSERT_OFFSET(BatonKernelSegment, virtual_base, 0);
BATON_ASSERT_OFFSET(BatonKernelSegment, base_physical, 8);
BATON_ASSERT_OFFSET(BatonKernelSegment, bytes, 16);
BATON_ASSERT_OFFSET(BatonKernelSegment, file_bytes, 24);
BATON_ASSERT_OFFSET(BatonKernelSegment, permissions, 32);
BATON_ASSERT_OFFSET(BatonKernelSegment, reserved, 36);

BATON_STATIC_ASSERT(sizeof(BatonFramebuffer) == 72);
BATON_ASSERT_OFFSET(BatonFramebuffer, address, 0);
BATON_ASSERT_OFFSET(BatonFramebuffer, base_physical, 8);
BATON_ASSERT_OFFSET(BatonFramebuffer, bytes, 16);
BATON_ASSERT_OFFSET(BatonFramebuffer, width_pixels, 24);
BATON_ASSERT_OFFSET(BatonFramebuffer, height_pixels, 28);
BATON_ASSERT_OFFSET(BatonFramebuffer, pitch_bytes, 32);
BATON_ASSERT_OFFSET(BatonFramebuffer, bits_per_pixel, 36);
BATON_ASSERT_OFFSET(BatonFramebuffer, red_shift, 38);
BATON_ASSERT_OFFSET(BatonFramebuffer, red_bits, 39);
BATON_ASSERT_OFFSET(BatonFramebuffer, green_shift, 40);
BATON_ASSERT_OFFSET(BatonFramebuffer, green_bits, 41);
BATON_ASSERT_OFFSET(BatonFramebuffer, blue_shift, 42);
BATON_ASSERT_OFFSET(BatonFramebuffer, blue_bits, 43);
BATON_ASSERT_OFFSET(BatonFramebuffer, edid_bytes, 44);
BATON_ASSERT_OFFSET(BatonFramebuffer, edid, 48);
BATON_ASSERT_OFFSET(BatonFramebuffer, modes, 56);
BATON_ASSERT_OFFSET(BatonFramebuffer, mode_count, 64);
BATON_ASSERT_OFFSET(BatonFramebuffer, mode_entry_bytes, 68);

BATON_STATIC_ASSERT(sizeof(BatonVideoMode) == 24);
BATON_ASSERT_OFFSET(BatonVideoMode, width_pixels, 0);
BATON_ASSERT_OFFSET(BatonVideoMode, height_pixels, 4);
BATON_ASSERT_OFFSET(BatonVideoMode, pitch_bytes, 8);
BATON_ASSERT_OFFSET(BatonVideoMode, bits_per_pixel, 12);
BATON_ASSERT_OFFSET(BatonVideoMode, red_shift, 14);
BATON_ASSERT_OFFSET(BatonVideoMode, red_bits, 15);
BATON_ASSERT_OFFSET(BatonVideoMode, green_shift, 16);
BATON_ASSERT_OFFSET(BatonVideoMode, green_bits, 17);
BATON_ASSERT_OFFSET(BatonVideoMode, blue_shift, 18);
BATON_ASSERT_OFFSET(BatonVideoMode, blue_bits, 19);
BATON_ASSERT_OFFSET(BatonVideoMode, linear, 20);

BATON_STATIC_ASSERT(sizeof(BatonModule) == 40);
BATON_ASSERT_OFFSET(BatonModule, address, 0);
BATON_ASSERT_OFFSET(BatonModule, base_physical, 8);
BATON_ASSERT_OFFSET(BatonModule, bytes, 16);
BATON_ASSERT_OFFSET(BatonModule, path, 24);
BATON_ASSERT_OFFSET(BatonModule, string, 32);

BATON_STATIC_ASSERT(sizeof(BatonIdentityMapping) == 24);
BATON_ASSERT_OFFSET(BatonIdentityMapping, base, 0);
BATON_ASSERT_OFFSET(BatonIdentityMapping, bytes, 8);
BATON_ASSERT_OFFSET(BatonIdentityMapping, permissions, 16);
BATON_ASSERT_OFFSET(BatonIdentityMapping, reserved, 20);

BATON_STATIC_ASSERT(sizeof(BatonGuid) == 16);
BATON_ASSERT_OFFSET(BatonGuid, bytes, 0);

BATON_STATIC_ASSERT(sizeof(BatonBootDevice) == 80);
BATON_ASSERT_OFFSET(BatonBootDevice, kind, 0);
BATON_ASSERT_OFFSET(BatonBootDevice, partition_number, 4);
BATON_ASSERT_OFFSET(BatonBootDevice, partition_guid, 8);
BATON_ASSERT_OFFSET(BatonBootDevice, disk_guid, 24);
BATON_ASSERT_OFFSET(BatonBootDevice, mbr_signature, 40);
BATON_ASSERT_OFFSET(BatonBootDevice, server_address_bytes, 44);
BATON_ASSERT_OFFSET(BatonBootDevice, server_address, 48);
BATON_ASSERT_OFFSET(BatonBootDevice, device_path, 64);
BATON_ASSERT_OFFSET(BatonBootDevice, loader_path, 72);

BATON_STATIC_ASSERT(sizeof(BatonFirmwareState) == 408);
BATON_ASSERT_OFFSET(BatonFirmwareState, cr0, 0);
BATON_ASSERT_OFFSET(BatonFirmwareState, cr3, 8);
BATON_ASSERT_OFFSET(BatonFirmwareState, cr4, 16);
BATON_ASSERT_OFFSET(BatonFirmwareState, efer, 24);
BATON_ASSERT_OFFSET(BatonFirmwareState, pat, 32);
BATON_ASSERT_OFFSET(BatonFirmwareState, mtrr_cap, 40);
BATON_ASSERT_OFFSET(BatonFirmwareState, mtrr_def_type, 48);
BATON_ASSERT_OFFSET(BatonFirmwareState, mtrr_fixed, 56);
BATON_ASSERT_OFFSET(BatonFirmwareState, mtrr_base, 144);
BATON_ASSERT_OFFSET(BatonFirmwareState, mtrr_mask, 272);
BATON_ASSERT_OFFSET(BatonFirmwareState, mtrr_variable_count, 400);
BATON_ASSERT_OFFSET(BatonFirmwareState, reserved, 404);

BATON_STATIC_ASSERT(sizeof(BatonVirtualization) == 96);
BATON_ASSERT_OFFSET(BatonVirtualization, flags, 0);
BATON_ASSERT_OFFSET(BatonVirtualization, svm_revision, 4);
BATON_ASSERT_OFFSET(BatonVirtualization, svm_asids, 8);
BATON_ASSERT_OFFSET(BatonVirtualization, svm_features, 12);
BATON_ASSERT_OFFSET(BatonVirtualization, svm_vm_cr, 16);
BATON_ASSERT_OFFSET(BatonVirtualization, vmx_feature_control, 24);
BATON_ASSERT_OFFSET(BatonVirtualization, vmx_basic, 32);
BATON_ASSERT_OFFSET(BatonVirtualization, vmx_cr0_fixed0, 40);
BATON_ASSERT_OFFSET(BatonVirtualization, vmx_cr0_fixed1, 48);
BATON_ASSERT_OFFSET(BatonVirtualization, vmx_cr4_fixed0, 56);
BATON_ASSERT_OFFSET(BatonVirtualization, vmx_cr4_fixed1, 64);
BATON_ASSERT_OFFSET(BatonVirtualization, vmx_ept_vpid_cap, 72);
BATON_ASSERT_OFFSET(BatonVirtualization, hypervisor, 80);

BATON_STATIC_ASSERT(sizeof(BatonThreadLocalStorage) == 32);
BATON_ASSERT_OFFSET(BatonThreadLocalStorage, address, 0);
BATON_ASSERT_OFFSET(BatonThreadLocalStorage, file_bytes, 8);
BATON_ASSERT_OFFSET(BatonThreadLocalStorage, memory_bytes, 16);
BATON_ASSERT_OFFSET(BatonThreadLocalStorage, alignment, 24);

BATON_STATIC_ASSERT(sizeof(BatonTimeStamp) == 32);
BATON_ASSERT_OFFSET(BatonTimeStamp, tsc, 0);
BATON_ASSERT_OFFSET(BatonTimeStamp, name, 8);

BATON_STATIC_ASSERT(sizeof(BatonRegisterWrite) == 16);
BATON_ASSERT_OFFSET(BatonRegisterWrite, address, 0);
BATON_ASSERT_OFFSET(BatonRegisterWrite, value, 8);
BATON_ASSERT_OFFSET(BatonRegisterWrite, reserved, 12);

BATON_STATIC_ASSERT(sizeof(BatonPreviousBoot) == 32);
BATON_ASSERT_OFFSET(BatonPreviousBoot, state, 0);
BATON_ASSERT_OFFSET(BatonPreviousBoot, vector, 4);
BATON_ASSERT_OFFSET(BatonPreviousBoot, rip, 8);
BATON_ASSERT_OFFSET(BatonPreviousBoot, text, 16);
BATON_ASSERT_OFFSET(BatonPreviousBoot, text_bytes, 24);

BATON_STATIC_ASSERT(sizeof(BatonProcessor) == 64);
BATON_ASSERT_OFFSET(BatonProcessor, go, 0);
BATON_ASSERT_OFFSET(BatonProcessor, argument, 8);
BATON_ASSERT_OFFSET(BatonProcessor, apic_id, 16);
BATON_ASSERT_OFFSET(BatonProcessor, acpi_uid, 20);
BATON_ASSERT_OFFSET(BatonProcessor, flags, 24);
BATON_ASSERT_OFFSET(BatonProcessor, state, 28);
BATON_ASSERT_OFFSET(BatonProcessor, numa_domain, 32);
BATON_ASSERT_OFFSET(BatonProcessor, number, 36);
BATON_ASSERT_OFFSET(BatonProcessor, stack_base, 40);
BATON_ASSERT_OFFSET(BatonProcessor, stack_bytes, 48);
BATON_ASSERT_OFFSET(BatonProcessor, parked_tsc, 56);

BATON_STATIC_ASSERT(sizeof(BatonBootInfo) == 1264);
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
BATON_ASSERT_OFFSET(BatonBootInfo, flags, 280);
BATON_ASSERT_OFFSET(BatonBootInfo, boot_path, 288);
BATON_ASSERT_OFFSET(BatonBootInfo, secure_boot, 292);
BATON_ASSERT_OFFSET(BatonBootInfo, command_line, 296);
BATON_ASSERT_OFFSET(BatonBootInfo, modules, 304);
BATON_ASSERT_OFFSET(BatonBootInfo, module_count, 312);
BATON_ASSERT_OFFSET(BatonBootInfo, module_entry_bytes, 316);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_path, 320);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_file_bytes, 328);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_headers, 336);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_headers_bytes, 344);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_symbols, 352);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_symbols_bytes, 360);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_strings, 368);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_strings_bytes, 376);
BATON_ASSERT_OFFSET(BatonBootInfo, build_id, 384);
BATON_ASSERT_OFFSET(BatonBootInfo, build_id_bytes, 392);
BATON_ASSERT_OFFSET(BatonBootInfo, tls, 400);
BATON_ASSERT_OFFSET(BatonBootInfo, identity_mappings, 432);
BATON_ASSERT_OFFSET(BatonBootInfo, identity_mapping_count, 440);
BATON_ASSERT_OFFSET(BatonBootInfo, identity_mapping_entry_bytes, 444);
BATON_ASSERT_OFFSET(BatonBootInfo, boot_device, 448);
BATON_ASSERT_OFFSET(BatonBootInfo, random_seed, 528);
BATON_ASSERT_OFFSET(BatonBootInfo, firmware_vendor, 592);
BATON_ASSERT_OFFSET(BatonBootInfo, firmware_revision, 600);
BATON_ASSERT_OFFSET(BatonBootInfo, uefi_revision, 604);
BATON_ASSERT_OFFSET(BatonBootInfo, unix_time_seconds, 608);
BATON_ASSERT_OFFSET(BatonBootInfo, unix_time_tsc, 616);
BATON_ASSERT_OFFSET(BatonBootInfo, log, 624);
BATON_ASSERT_OFFSET(BatonBootInfo, log_bytes, 632);
BATON_ASSERT_OFFSET(BatonBootInfo, firmware_state, 640);
BATON_ASSERT_OFFSET(BatonBootInfo, virtualization, 1048);
BATON_ASSERT_OFFSET(BatonBootInfo, kernel_file, 1144);
BATON_ASSERT_OFFSET(BatonBootInfo, acknowledged, 1152);
BATON_ASSERT_OFFSET(BatonBootInfo, watchdog_seconds, 1156);
BATON_ASSERT_OFFSET(BatonBootInfo, watchdog_disarm, 1160);
BATON_ASSERT_OFFSET(BatonBootInfo, watchdog_disarm_count, 1168);
BATON_ASSERT_OFFSET(BatonBootInfo, watchdog_disarm_entry_bytes, 1172);
BATON_ASSERT_OFFSET(BatonBootInfo, previous_boot, 1176);
BATON_ASSERT_OFFSET(BatonBootInfo, processors, 1208);
BATON_ASSERT_OFFSET(BatonBootInfo, processor_count, 1216);
BATON_ASSERT_OFFSET(BatonBootInfo, processor_entry_bytes, 1220);
BATON_ASSERT_OFFSET(BatonBootInfo, processor_flags, 1224);
BATON_ASSERT_OFFSET(BatonBootInfo, reserved, 1228);
BATON_ASSERT_OFFSET(BatonBootInfo, event_log, 1232);
BATON_ASSERT_OFFSET(BatonBootInfo, event_log_bytes, 1240);
BATON_ASSERT_OFFSET(BatonBootInfo, event_log_format, 1248);
BATON_ASSERT_OFFSET(BatonBootInfo, event_log_flags, 1252);
BATON_ASSERT_OFFSET(BatonBootInfo, trust_flags, 1256);
BATON_ASSERT_OFFSET(BatonBootInfo, verified_by, 1260);

BATON_STATIC_ASSERT(sizeof(BatonRequestNote) == 40);
BATON_ASSERT_OFFSET(BatonRequestNote, name_bytes, 0);
BATON_ASSERT_OFFSET(BatonRequestNote, descriptor_bytes, 4);
BATON_ASSERT_OFFSET(BatonRequestNote, type, 8);
BATON_ASSERT_OFFSET(BatonRequestNote, name, 12);
BATON_ASSERT_OFFSET(BatonRequestNote, flags, 20);
BATON_ASSERT_OFFSET(BatonRequestNote, values, 24);

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"                /* C has no other */
#pragma GCC diagnostic ignored "-Wzero-as-null-pointer-constant" /* NULL */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wuseless-cast" /* of no use in 64-bit code only */
#endif
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

static inline const BatonVideoMode* baton_video_mode(const BatonFramebuffer* framebuffer,
                                                     uint32_t index) {
    return (const BatonVideoMode*)baton_array_entry(framebuffer->modes,
                                                    framebuffer->mode_entry_bytes, index);
}

static inline const BatonModule* baton_module(const BatonBootInfo* info, uint32_t index) {
    return (const BatonModule*)baton_array_entry(info->modules, info->module_entry_bytes, index);
}

static inline const BatonIdentityMapping* baton_identity_mapping(const BatonBootInfo* info,
                                                                 uint32_t index) {
    return (const BatonIdentityMapping*)baton_array_entry(
        info->identity_mappings, info->identity_mapping_entry_bytes, index);
}

static inline BatonProcessor* baton_processor(const BatonBootInfo* info, uint32_t index) {
    return (BatonProcessor*)(uintptr_t)baton_array_entry(info->processors,
                                                         info->processor_entry_bytes, index);
}

static inline const BatonTimeStamp* baton_time_stamp(const BatonBootInfo* info, uint32_t index) {
    return (const BatonTimeStamp*)baton_array_entry(info->time_stamps, info->time_stamp_entry_bytes,
                                                    index);
}

static inline const BatonRegisterWrite* baton_watchdog_disarm(const BatonBootInfo* info,
                                                              uint32_t index) {
    return (const BatonRegisterWrite*)baton_array_entry(info->watchdog_disarm,
                                                        info->watchdog_disarm_entry_bytes, index);
}

/* Writes a word, which the compiler leaves where it is. */
static inline void baton_write_word(uint64_t address, uint32_t value) {
    *(volatile uint32_t*)(uintptr_t)address = value;
}

/* Lets a parked processor call `function` with its record, whose `argument` is given; 0: it isn't
 * parked, nothing happens. The function has a stack and must not return. */
static inline int baton_start_processor(BatonProcessor* processor,
                                        void (*function)(BatonProcessor*), uint64_t argument) {
    if (processor->state != BATON_PROCESSOR_ONLINE ||
        (processor->flags & BATON_PROCESSOR_BOOT) != 0 || processor->go != 0)
        return 0;
    /* In this order, also for other processors (Intel SDM 3A section 8.2.2). */
    *(volatile uint64_t*)&processor->argument = argument;
    *(volatile uint64_t*)&processor->go = (uint64_t)(uintptr_t)function;
    return 1;
}

/* Says that the kernel has come as far as it wants to be watched, and disarms the
 * watchdog if there is one. Call it while the loader's page tables are loaded; whose IDT is does
 * not matter. A second call does nothing more. */
static inline void baton_acknowledge(const BatonBootInfo* info) {
    uint32_t i;
    baton_write_word((uint64_t)(uintptr_t)&info->acknowledged, BATON_ACKNOWLEDGED);
    for (i = 0; i < info->watchdog_disarm_count; i++)
        baton_write_word(baton_watchdog_disarm(info, i)->address,
                         baton_watchdog_disarm(info, i)->value);
    baton_write_word((uint64_t)(uintptr_t)&info->watchdog_disarm_count, 0);
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
