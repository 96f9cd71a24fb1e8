# SPDX-License-Identifier: BSD-2-Clause
"""Each error of the table is raised by a test, and what is written of it for people who look it up
is not in the loader."""

import re
from itertools import chain
from pathlib import Path

import artefacts
import hostile
import test_hostile_entries as entries

TABLE = (artefacts.SOURCE / "common/core/errors.def").read_text(encoding="utf-8")
# What a kernel's file alone can raise.
OF_KERNELS = ["The ELF header", "The segments", "Position-independent kernels",
              "What the kernel requests"]
# Neither input nor firmware leads here: why there is an error all the same.
NOT_RAISED = {
    "file_path_too_long": "paths are checked where they are read; this guards a buffer",
    "stage2_mismatch": "both stages come from one build; this guards against a mixed one",
}


def errors_by_group() -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for title, name in re.findall(r'^BATON_ERROR(?:_GROUP\("(.*?)"\)|\((\w+),)', TABLE, re.MULTILINE):
        if title:
            group = groups.setdefault(title, [])
        else:
            group.append(name)
    return groups


def words_of(files: list[Path]) -> set[str]:
    return set(chain.from_iterable(re.findall(r"\w+", file.read_text(encoding="utf-8"))
                                   for file in files))


def test_each_error_of_a_kernel_is_that_of_a_hostile_one():
    raised = {kernel.error for batch in hostile.BATCHES.values() for kernel in batch}
    assert sum(map(len, hostile.BATCHES.values())) >= 150
    for group in OF_KERNELS:
        assert set(errors_by_group()[group]) <= raised, group


def test_each_error_has_a_test():
    tests = artefacts.SOURCE / "test"
    # Those of core/ are about errors as such, and raise none.
    unit = [file for file in tests.glob("unit/*/*_test.cpp") if file.parent.name != "core"]
    named = words_of(unit + [file for file in tests.glob("boot/**/*.py") if file != Path(__file__)])
    groups = errors_by_group()
    assert set(groups["Boot entries and load options"]) <= words_of(unit)
    assert {mistake.error for mistake in chain(entries.UNREADABLE.values(),
                                               entries.UNBOOTABLE.values())} <= set(
        chain.from_iterable(groups.values()))
    untested = set(chain.from_iterable(groups.values())) - named - NOT_RAISED.keys()
    assert not untested


def test_causes_and_fixes_cost_the_loader_nothing():
    loader = artefacts.LOADER.read_bytes()
    header = (artefacts.BUILD / "common/core/include/core/packed_errors.hpp").read_text()
    packed = bytes(map(int, re.search(r"kText\[\] = {(.*),}", header)[1].split(",")))
    assert packed in loader
    document = (artefacts.SOURCE / "docs/errors.md").read_text(encoding="utf-8")
    texts = re.findall(r"^\*\*(?:Cause|Fix):\*\* (.{20,40})", document, re.MULTILINE)
    assert len(texts) > 100
    assert not [text for text in texts if text.encode() in loader]
    # What is packed are the names, the labels and the sentences.
    characters = int(re.search(r"kCharacters = (\d+)", header)[1])
    assert characters < sum(map(len, re.findall('".*"', TABLE))) / 2
