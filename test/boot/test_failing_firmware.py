# SPDX-License-Identifier: BSD-2-Clause
"""A firmware whose calls fail, each of them, one after the other: the loader boots all the same, or
comes back with a named error and has kept nothing. The shim counts."""

import re

import artefacts
import pytest

# What reaches every call of the loader's: wishes of all kinds, entries, a module.
FILES = {
    "/loader/loader.conf": "default test.conf\n",
    "/loader/entries/test.conf": "kernel /baton/kernel.elf\nmodule /os/module=text\n",
    "/os/module": "a module",
    "/baton/wished.txt": "as wished",
}
SWEPT = ["AllocatePages", "AllocatePool"]


@pytest.mark.parametrize("call", SWEPT)
def test_every_call_fails_once(boot, call):
    machine = boot(artefacts.conformance_kernel("wish-everything"), files=FILES,
                   plan=f"no-console\nmemory-attributes\nsweep {call}\n")
    machine.wait_for_debugcon(rf"^shim: swept {call}: \d+ calls$")
    print(machine.debugcon)
    assert 0
