# SPDX-License-Identifier: BSD-2-Clause
"""What the load options of the firmware's boot entry say goes first. The firmware's boot application
is the shim here, which starts the loader with load options."""

import artefacts
from kernels import code_kernel
from machine import UBoot

# mov eax, 0x10; out 0xf4, eax; hlt
REPORT_SUCCESS = bytes.fromhex("b810000000 e7f4 f4")


def start(boot, options: str, **files):
    return boot(None, plan=f"options {options}\n", files=files, firmware=UBoot)


def test_load_options_name_the_kernel_its_modules_and_its_command_line(boot):
    conformance = artefacts.BUILD / "kernel/conformance/conformance-minus-2g.elf"
    machine = start(
        boot, "loader.efi kernel=/os/k.elf module=/os/m.bin=text -- expect=modules:1 from options",
        **{"/os/k.elf": conformance, "/os/m.bin": "module contents",
           "/loader/entries/other.conf": "kernel /os/none.elf\n"})
    machine.wait_for_exit()
    machine.wait_for_debugcon(r"^conformance: \d+ kept, 0 broken")
    machine.wait_for_debugcon(r"booting \\os\\k\.elf")
    assert "none.elf" not in machine.debugcon


def test_load_options_that_name_no_kernel_leave_the_choice_to_the_entries(boot):
    machine = start(boot, "loader.efi",
                    **{"/loader/entries/other.conf": "kernel /os/k.elf\n",
                       "/os/k.elf": code_kernel(REPORT_SUCCESS)})
    machine.wait_for_exit()
    machine.wait_for_debugcon(r"booting \\os\\k\.elf of other\.conf")


def test_malformed_load_options_are_a_named_error_and_the_entries_are_tried(boot):
    machine = start(boot, "module=/os/m.bin -- no kernel",
                    **{"/loader/entries/other.conf": "kernel /os/k.elf\n",
                       "/os/k.elf": code_kernel(REPORT_SUCCESS)})
    machine.wait_for_exit()
    machine.wait_for_debugcon(r"load options: error: load_options_without_kernel: ")
