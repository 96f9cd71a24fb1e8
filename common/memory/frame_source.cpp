// SPDX-License-Identifier: BSD-2-Clause
#include "memory/frame_source.hpp"

namespace baton {

BatonMemoryType memory_type(MemoryUse use) {
    switch (use) {
    case MemoryUse::kernel:
    case MemoryUse::kernel_file:
    case MemoryUse::module:
        return BATON_MEMORY_KERNEL_AND_MODULES;
    default:
        return BATON_MEMORY_LOADER_RECLAIMABLE;
    }
}

const char* name_of(MemoryUse use) {
    switch (use) {
    case MemoryUse::workspace:
        return "workspace";
    case MemoryUse::boot_entries:
        return "boot entries";
    case MemoryUse::read_buffer:
        return "read buffer";
    case MemoryUse::fetched_file:
        return "fetched file";
    case MemoryUse::file_name:
        return "file name";
    case MemoryUse::compressed_file:
        return "compressed file";
    case MemoryUse::decompressor:
        return "decompressor";
    case MemoryUse::decompressed_file:
        return "decompressed file";
    case MemoryUse::kernel:
        return "kernel";
    case MemoryUse::kernel_source:
        return "kernel, to be moved";
    case MemoryUse::kernel_symbols:
        return "kernel symbols";
    case MemoryUse::kernel_file:
        return "kernel file";
    case MemoryUse::module:
        return "module";
    case MemoryUse::kernel_stack:
        return "kernel stack";
    case MemoryUse::processor_stack:
        return "processor stacks";
    case MemoryUse::processor_area:
        return "processor areas";
    case MemoryUse::processor_trampoline:
        return "processor trampoline";
    case MemoryUse::page_tables:
        return "page tables";
    case MemoryUse::stage2:
        return "stage 2";
    case MemoryUse::handoff_record:
        return "handoff record";
    case MemoryUse::boot_info:
        return "BootInfo";
    case MemoryUse::firmware_map:
        return "firmware's memory map";
    case MemoryUse::event_log:
        return "TPM event log";
    }
    return "";
}

} // namespace baton
