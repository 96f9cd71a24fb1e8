# SPDX-License-Identifier: BSD-2-Clause
"""The promises of the documents: each has a name of its own, and the conformance kernel checks it."""

import re
from collections import Counter

import artefacts

DOCS = artefacts.SOURCE / "docs"
PROTOCOL = (DOCS / "boot-protocol.md").read_text(encoding="utf-8")


def promises_in(text: str) -> list[str]:
    """Bold names: **M9**, and **A14 – A17** for all of these."""
    names = []
    for first, number, last in re.findall(r"\*\*([A-Z])(\d+)(?: – \1(\d+))?\*\*", text):
        names += [f"{first}{n}" for n in range(int(number), int(last or number) + 1)]
    return names


def checked_promises() -> set[str]:
    sources = [file.read_text(encoding="utf-8")
               for file in (artefacts.SOURCE / "kernel/conformance").rglob("*.cpp")]
    return {name for text in sources
            for name in re.findall(r'(?:^ *\{|print_result\()"([A-Z]\d+)"', text, re.MULTILINE)}


def test_each_promise_has_one_name():
    names = Counter(name for file in sorted(DOCS.rglob("*.md"))
                    for name in promises_in(file.read_text(encoding="utf-8")))
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []


def test_the_conformance_kernel_checks_each_promise_to_a_kernel():
    # E and F are about what is booted at all: the tests of the loader are for these.
    to_kernels = {name for name in promises_in(PROTOCOL) if name[0] not in "EF"}
    assert checked_promises() == to_kernels


def test_the_pvh_test_kernel_checks_its_promises():
    """The others are about what is booted at all, and about faults: test_pvh.py."""
    document = (DOCS / "protocols/pvh.md").read_text(encoding="utf-8")
    source = (artefacts.SOURCE / "kernel/protocols/pvh/pvh.c").read_text(encoding="utf-8")
    checked = set(re.findall(r'begin_promise\("(P\d+)"', source))
    assert checked == set(promises_in(document)) - {"P1", "P3", "P16"}


def test_the_limine_test_kernel_checks_its_promises():
    """The others are about what is booted at all: test/unit/protocols/limine_recognise_test.cpp."""
    document = (DOCS / "protocols/limine.md").read_text(encoding="utf-8")
    source = "".join(file.read_text(encoding="utf-8") for file in
                     (artefacts.SOURCE / "kernel/protocols/limine").glob("*.cpp"))
    checked = set(re.findall(r'begin_promise\("(L\d+)"', source))
    assert checked == set(promises_in(document)) - {"L1", "L2", "L4"}


def test_the_multiboot_test_kernels_check_their_promises():
    """The others are about what is booted at all, about 64-bit code and about faults:
    test_multiboot.py."""
    for version, elsewhere in ((1, {"J1", "J3", "J4", "J14"}),
                               (2, {"G1", "G3", "G4", "G5", "G7", "G19", "G21"})):
        name = {1: "multiboot", 2: "multiboot2"}[version]
        document = (DOCS / f"protocols/{name}.md").read_text(encoding="utf-8")
        source = (artefacts.SOURCE / f"kernel/protocols/multiboot/multiboot{version}.c").read_text(
            encoding="utf-8")
        checked = set(re.findall(r'(?:begin_promise|check_state|check_image)\("([GJ]\d+)"', source))
        assert checked == set(promises_in(document)) - elsewhere


def test_origins_are_those_of_the_sources():
    [promise] = re.findall(r"^- \*\*M9\*\* .*(?:\n  .*)*$", PROTOCOL, re.MULTILINE)
    promise = " ".join(promise.replace("`origin`", "").split())
    *literals, module = re.findall(r"`([^`]{3,})`", promise)
    sources = "".join(file.read_text(encoding="utf-8")
                      for folder in ("common", "stage1")
                      for file in (artefacts.SOURCE / folder).rglob("*.cpp"))
    for literal in literals:
        assert f'"{literal}"' in sources
    assert re.fullmatch(r"module [\w.]+", module)  # the file's name alone: builder_test.cpp
