// SPDX-License-Identifier: BSD-2-Clause
//
// What the kernel checks about the machine and the record that it was given. Each check prints a
// line "ok   name" or "kernel: FAIL: name: expected …, found …".
#pragma once

#include "console.hpp"

#include <baton/boot_info.hpp>

class CheckList {
  public:
    void pass(std::string_view name) { print_line("ok   ", name); }

    template<class... Parts>
    void fail(std::string_view name, const Parts&... what) {
        ++failures_;
        print_line("kernel: FAIL: ", name, ": ", what...);
    }

    void skip(std::string_view name, std::string_view why) { print_line("skip ", name, ": ", why); }

    void equal(std::string_view name, uint64_t expected, uint64_t found) {
        if (found == expected) {
            pass(name);
        } else {
            fail(name, "expected ", Hex{expected}, ", found ", Hex{found});
        }
    }

    unsigned failures() const { return failures_; }

  private:
    unsigned failures_ = 0;
};

// check_boot_info.cpp

/// Whether there is a record that this kernel can read. Nothing else of it may be read before.
void check_record(CheckList& checks, const BatonBootInfo* info);
/// What the record says: memory map, firmware's tables, framebuffers, time stamps. The last of
/// these must not lie after `start_tsc`, when the kernel started.
void check_contents(CheckList& checks, const baton::BootInfoView& boot, uint64_t start_tsc);

// check_image.cpp

/// The address of the first byte of .bss that is not zero, 0 if all are. Must be called before
/// anything is written there, that is, before a variable there is used.
uint64_t first_nonzero_in_bss();
void check_bss(CheckList& checks, uint64_t first_nonzero);
/// The kernel's own segments: contents, addresses, frames.
void check_image(CheckList& checks, const baton::BootInfoView& boot);
/// Accesses that must fault. Needs the exception handlers.
void check_protection(CheckList& checks, const baton::BootInfoView& boot);

// check_machine.cpp

/// The stack pointer at the kernel's entry, and what is on the stack.
void check_stack(CheckList& checks, const baton::BootInfoView& boot, uint64_t entry_rsp);
void check_registers(CheckList& checks, const baton::BootInfoView& boot);
