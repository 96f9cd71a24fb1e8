# SPDX-License-Identifier: BSD-2-Clause
"""The boot protocol for kernels that are linked in every way, and that request everything: what
kernel/conformance checks, and how each variant of it differs from the others."""

import artefacts
import pytest
from machine import Ovmf, UBoot, version
from paths import Pvh

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
