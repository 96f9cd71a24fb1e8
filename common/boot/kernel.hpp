// SPDX-License-Identifier: BSD-2-Clause
//
// The kernel: its file is opened and recognised, planned, and loaded.
#pragma once

#include "boot/services.hpp"
#include "config/boot_entry.hpp"
#include "protocols/protocol.hpp"

#include <string_view>

namespace baton {

/// A kernel's file, and what it asks for.
struct OpenKernel {
    const KernelFile* file;
    const Protocol* protocol;
    Requests requests; // what the entry says overrides them
    bool kaslr;        // is requested
    bool five_level;
};

/// Opens the kernel of `entry` and reads its headers. Errors: of Platform::open_kernel(),
/// KernelFile::open(), recognise(), and request_not_met.
Result<OpenKernel> open_kernel(const Services& with, const BootEntry& entry, Processor processor);

/// Decides where the kernel's segments go; takes requests that can't be met out of `kernel`.
/// Errors: of Protocol::plan(), and write_execute_refused.
Result<KernelPlan> plan_kernel(const Services& with, const BootEntry& entry, OpenKernel& kernel,
                               const RandomNumbers& random);

/// Gets the planned segments into frames, and relocates them. Errors: of place(), relocate(), and
/// of KernelFile's functions that read.
Result<Kernel> load_kernel(const Services& with, const BootEntry& entry, const OpenKernel& kernel,
                           const KernelPlan& plan);

/// A line that says where the kernel is. Where that was chosen at random, it is a secret: a serial
/// line or a screen shows it only if the entry asks for it.
void describe_place(Log& log, const BootEntry& entry, bool kaslr, const TextWriter& text);

/// How much was read and decompressed since `start`.
void describe_decompression(Log& log, std::string_view path, const DecompressedFile& file,
                            uint64_t bytes, uint64_t start);

} // namespace baton
