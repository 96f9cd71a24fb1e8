# SPDX-License-Identifier: BSD-2-Clause
"""The boot protocol for kernels that are linked in every way, and that request everything: what
kernel/conformance checks, and how each variant of it differs from the others."""

import artefacts
import pytest
from kernels import MIB, with_physical
from machine import FAULT_REPORTED, SUCCESS, Ovmf, UBoot, version
from paths import Pvh
from tool import compiled

# Ubuntu's OVMF of 2024 doesn't say of all its runtime code that it is not written to.
PROTECTS_RUNTIME_CODE = not version("ovmf").startswith("2024.02")

# name: the features that make it differ
PLACEMENTS = {
    "minus-2g": "no-pie,no-kaslr,no-wx,relro",
    "upper-half": "no-pie",
    "1m": "no-pie",
    "16m": "no-pie",
    "pie": "pie,no-kaslr,relro",
    "pie-relr": "pie",
    "shared": "pie",
    "write-execute": "wx",
    "executable-stack": "stack-executable-wanted",
}
REQUESTS = {  # that no firmware has a part in
    "protocol": "",
    "stack": "",
    "smallest-stack": "",
    "direct-map": "",
    "symbols": "symbols",
    "refuse-write-execute": "no-wx",
    "kernel-file": "kernel-file",
    "unknown": "",
    "identity": "",
    "identity-1m": "",
    "kaslr": "kaslr,pie",
    "base": "no-kaslr,pie",
}


LESS_OFTEN = ("upper-half", "1m", "16m", "pie", "shared", "write-execute", "executable-stack")


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.long)
                                  if name in LESS_OFTEN else name for name in PLACEMENTS])
def test_kernel_linked(expect_conformance, name):
    expect_conformance(name, PLACEMENTS[name] + ",seed-processor,svm,mtrr,identity-mappings:3",
                       words="fill")


@pytest.mark.parametrize("name", PLACEMENTS)
def test_on_u_boot_kernel_linked(expect_conformance, name):
    expect_conformance(name, PLACEMENTS[name], firmware=UBoot)


@pytest.mark.parametrize("name", REQUESTS)
def test_request(expect_conformance, name):
    expect_conformance(f"request-{name}", REQUESTS[name], firmware=Pvh)


@pytest.mark.parametrize("firmware", [Pvh, Ovmf])
def test_request_physical_and_identity(expect_conformance, firmware):
    """A kernel whose virtual addresses are its physical ones."""
    expect_conformance("request-physical", firmware=firmware)


@pytest.mark.parametrize("offset", [-15 * MIB, 32 * MIB])
def test_request_physical(expect_conformance, offset):
    """Elsewhere than the virtual addresses, and where stage 1 is: then stage 2 moves it."""
    kernel = artefacts.conformance_kernel("request-physical-alone").read_bytes()
    machine = expect_conformance("request-physical-alone", kernel=with_physical(kernel, offset),
                                 firmware=Pvh)
    assert ("stage 2 will move" in machine.debugcon) == (offset < 0)


# As xv6 and its like have it: page tables of its own by V2P(), and a device at its physical address.
V2P_KERNEL = """
#include <baton/boot_info.h>
@NOTES@
#define KERNBASE 0xffffffff80000000
#define V2P(address) ((uint64_t)(address) - KERNBASE)
typedef uint64_t Table[512] __attribute__((aligned(4096)));
static Table root, directories, directory;
void _start(void) {
    uint32_t version = *(volatile uint32_t*)0xfee00030; /* of the local APIC */
    for (uint64_t i = 0; i < 512; i++)
        directory[i] = i << 21 | 0x83;
    directories[510] = V2P(directory) | 3;
    root[511] = V2P(directories) | 3;
    __asm__ volatile("mov %0, %%cr3" : : "r"(V2P(root)) : "memory");
    __asm__ volatile("outl %0, $0xf4" : : "a"((version & 0xff) >= 0x10 ? 0x10 : 0x11));
    for (;;)
        __asm__ volatile("hlt");
}
"""
V2P_SCRIPT = """
ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); note PT_NOTE FLAGS(4); }
SECTIONS {
    . = 0xffffffff80100000;
    .text : AT(ADDR(.text) - 0xffffffff80000000) { *(.text .text.*) } :text
    .note : AT(ADDR(.note) - 0xffffffff80000000) { KEEP(*(.note.baton)) } :text :note
    . = ALIGN(4096);
    .data : AT(ADDR(.data) - 0xffffffff80000000) { *(.data .bss COMMON) } :data
    /DISCARD/ : { *(*) }
}
"""


@pytest.mark.parametrize("notes, status", [
    ("BATON_REQUEST(BATON_REQUEST_PHYSICAL, BATON_REQUEST_REQUIRED, 1, 0);\n"
     "BATON_REQUEST(BATON_REQUEST_IDENTITY, BATON_REQUEST_REQUIRED, 1ull << 32, 0);", SUCCESS),
    ("BATON_REQUEST(BATON_REQUEST_PHYSICAL, BATON_REQUEST_REQUIRED, 1, 0);", FAULT_REPORTED)])
def test_kernel_that_counts_on_physical_addresses(boot, tmp_path, notes, status):
    """Its notes are all that is Baton's in it."""
    (tmp_path / "kernel.ld").write_text(V2P_SCRIPT)
    kernel = compiled(tmp_path, V2P_KERNEL.replace("@NOTES@", notes),
                      ("-fno-pie", "-mcmodel=kernel", "-static", "-no-pie", "-Wl,-Tkernel.ld",
                       "-Wl,--no-warn-rwx-segments", "-fno-asynchronous-unwind-tables"))
    machine = boot(kernel, firmware=Pvh, files={
        "/loader/entries/test.conf": "kernel /baton/kernel.elf\nafter-fault exit\n"})
    machine.wait_for_exit(status)


def test_request_physical_where_no_memory_is(boot):
    """Required, it is an error; else a warning."""
    kernel = artefacts.conformance_kernel("request-physical-alone").read_bytes()
    machine = boot(with_physical(kernel, 0xA0000 - 16 * MIB), firmware=Pvh)
    machine.wait_for_debugcon(r"^error: destination_not_free: .*0xa0000, ")


def test_request_runtime_map(expect_conformance):
    """Variables are in a flash chip, far from memory."""
    expect_conformance("request-runtime-map", "runtime-map,runtime-variables")


def test_on_u_boot_request_runtime_map(expect_conformance):
    """It doesn't say which part of its code is data."""
    machine = expect_conformance("request-runtime-map", "runtime-map", firmware=UBoot)
    machine.wait_for_debugcon("warning: runtime services at 0x[0-9a-f]+ are writable and executable")


@pytest.mark.parametrize(("firmware", "devices"), [
    (Ovmf, ["virtio-rng-pci"]), (UBoot, []), (Pvh, [])])
def test_random_seed_is_in_boot_info_alone(expect_conformance, firmware, devices):
    expect_conformance("minus-2g", words="search", firmware=firmware, devices=devices)


def test_request_framebuffer(expect_conformance):
    expect_conformance("request-framebuffer", "width:1024,height:768")


def test_request_module(expect_conformance):
    expect_conformance("request-module", "modules:1", firmware=UBoot,
                       files={"/baton/requested.txt": "as requested"})


def test_request_watchdog(expect_conformance):
    expect_conformance("request-watchdog", "watchdog:60,identity-mappings:5", words="fill",
                       firmware=Pvh)


@pytest.mark.skipif(PROTECTS_RUNTIME_CODE, reason="this firmware says which of it is written to")
def test_runtime_code_that_may_be_written_to_is_not_mapped_where_that_is_refused(boot):
    machine = boot(artefacts.conformance_kernel("request-everything"))
    machine.wait_for_debugcon("^error: request_not_met: RUNTIME_MAP: ")


@pytest.mark.skipif(not PROTECTS_RUNTIME_CODE, reason="the kernel refuses this runtime code")
def test_request_everything(expect_conformance):
    features = ("pie,kaslr,la57,symbols,runtime-map,runtime-variables,kernel-file,"
                "width:1024,height:768")
    machine = expect_conformance("request-everything", features)
    machine.wait_for_debugcon("this version doesn't know what the kernel requests in 1 note$")


def test_executable_segment_that_is_writable_is_warned_of(expect_conformance):
    machine = expect_conformance("write-execute", "wx", firmware=Pvh)
    machine.wait_for_debugcon(r"warning: writable and executable at once: 0xffffffff8\w+, "
                              r".* by the flags of segment 3 itself: .*PHDRS")
