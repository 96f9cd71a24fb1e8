/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a kernel written in C does with the records: each helper of the headers, called from C11.
 */
#ifndef BATON_TEST_KERNEL_IN_C_H
#define BATON_TEST_KERNEL_IN_C_H

#include "abi/boot_info.h"
#include "abi/handoff.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The sizes of the records as C sees them. */
struct SizesInC {
    size_t boot_info, memory_range, kernel_segment, framebuffer, time_stamp;
    size_t video_mode, module, identity_mapping, boot_device, firmware_state;
    size_t virtualization, thread_local_storage, request_note, register_write;
    size_t previous_boot;
    size_t stage2_header, handoff, handoff_segment, crash_record;
};
struct SizesInC sizes_in_c(void);

int is_valid_in_c(const BatonBootInfo* info);
const void* array_entry_in_c(uint64_t array, uint32_t entry_bytes, uint32_t index);
const BatonMemoryRange* memory_range_in_c(const BatonBootInfo* info, uint32_t index);
const BatonKernelSegment* kernel_segment_in_c(const BatonBootInfo* info, uint32_t index);
const BatonFramebuffer* framebuffer_in_c(const BatonBootInfo* info, uint32_t index);
const BatonModule* module_in_c(const BatonBootInfo* info, uint32_t index);
const BatonVideoMode* video_mode_in_c(const BatonFramebuffer* framebuffer, uint32_t index);
const BatonIdentityMapping* identity_mapping_in_c(const BatonBootInfo* info, uint32_t index);
const BatonTimeStamp* time_stamp_in_c(const BatonBootInfo* info, uint32_t index);
void acknowledge_in_c(const BatonBootInfo* info);
void* physical_to_pointer_in_c(const BatonBootInfo* info, uint64_t physical);

#ifdef __cplusplus
}
#endif

#endif /* BATON_TEST_KERNEL_IN_C_H */
