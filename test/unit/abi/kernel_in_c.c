/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_in_c.h"

struct SizesInC sizes_in_c(void) {
    const struct SizesInC sizes = {
        .boot_info = sizeof(BatonBootInfo),
        .memory_range = sizeof(BatonMemoryRange),
        .kernel_segment = sizeof(BatonKernelSegment),
        .framebuffer = sizeof(BatonFramebuffer),
        .time_stamp = sizeof(BatonTimeStamp),
        .video_mode = sizeof(BatonVideoMode),
        .module = sizeof(BatonModule),
        .identity_mapping = sizeof(BatonIdentityMapping),
        .boot_device = sizeof(BatonBootDevice),
        .firmware_state = sizeof(BatonFirmwareState),
        .virtualization = sizeof(BatonVirtualization),
        .thread_local_storage = sizeof(BatonThreadLocalStorage),
        .request_note = sizeof(BatonRequestNote),
        .register_write = sizeof(BatonRegisterWrite),
        .previous_boot = sizeof(BatonPreviousBoot),
        .stage2_header = sizeof(BatonStage2Header),
        .handoff = sizeof(BatonHandoff),
        .handoff_segment = sizeof(BatonHandoffSegment),
        .crash_record = sizeof(BatonCrashRecord),
    };
    return sizes;
}

int is_valid_in_c(const BatonBootInfo* info) {
    return baton_boot_info_is_valid(info);
}

const void* array_entry_in_c(uint64_t array, uint32_t entry_bytes, uint32_t index) {
    return baton_array_entry(array, entry_bytes, index);
}

const BatonMemoryRange* memory_range_in_c(const BatonBootInfo* info, uint32_t index) {
    return baton_memory_range(info, index);
}

const BatonKernelSegment* kernel_segment_in_c(const BatonBootInfo* info, uint32_t index) {
    return baton_kernel_segment(info, index);
}

const BatonFramebuffer* framebuffer_in_c(const BatonBootInfo* info, uint32_t index) {
    return baton_framebuffer(info, index);
}

const BatonModule* module_in_c(const BatonBootInfo* info, uint32_t index) {
    return baton_module(info, index);
}

const BatonVideoMode* video_mode_in_c(const BatonFramebuffer* framebuffer, uint32_t index) {
    return baton_video_mode(framebuffer, index);
}

const BatonIdentityMapping* identity_mapping_in_c(const BatonBootInfo* info, uint32_t index) {
    return baton_identity_mapping(info, index);
}

const BatonTimeStamp* time_stamp_in_c(const BatonBootInfo* info, uint32_t index) {
    return baton_time_stamp(info, index);
}

void acknowledge_in_c(const BatonBootInfo* info) {
    baton_acknowledge(info);
}

void* physical_to_pointer_in_c(const BatonBootInfo* info, uint64_t physical) {
    return baton_physical_to_pointer(info, physical);
}
