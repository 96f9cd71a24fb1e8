# SPDX-License-Identifier: BSD-2-Clause
"""The generator writes the same each time, and refuses what it does not know with file and line."""
import subprocess
import sys

import pytest

from conftest import BINDINGS, HEADER, SOURCE

NAMES = ("boot_info.inc", "boot_info.s", "boot_info.rs", "boot_info.zig")


def generate(*words):
    command = [sys.executable, SOURCE / "tools/bindings/generate.py", *words]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def test_build_made_what_the_headers_say():
    for header in (HEADER, HEADER.with_name("handoff.h")):
        done = generate(header, "--output", BINDINGS, "--check")
        assert done.returncode == 0, done.stderr


def test_output_is_the_same_each_time(tmp_path):
    for folder in ("one", "two"):
        assert generate(HEADER, "--output", tmp_path / folder).returncode == 0
    for name in NAMES:
        text = (tmp_path / "one" / name).read_bytes()
        assert text == (tmp_path / "two" / name).read_bytes()
        assert b"SPDX-License-Identifier: BSD-2-Clause" in text.splitlines()[0]
        assert str(tmp_path).encode() not in text and str(SOURCE).encode() not in text


def test_check_names_a_stale_file(tmp_path):
    assert generate(HEADER, "--output", tmp_path).returncode == 0
    (tmp_path / "boot_info.rs").write_text("// other\n")
    done = generate(HEADER, "--output", tmp_path, "--check")
    assert done.returncode == 1
    assert "boot_info.rs is not" in done.stderr and "boot_info.inc" not in done.stderr
    assert (tmp_path / "boot_info.rs").read_text() == "// other\n"


STRUCT = "typedef struct BatonGuid {"
FIELD = "    uint64_t base_physical; /* multiple of 4096 */"
REFUSED = {
    "bit-field": (FIELD, "    uint32_t a : 3;", "'['"),
    "pointer": (FIELD, "    void* base;", "can't be of type 'void'"),
    "float": (FIELD, "    double base;", "can't be of type 'double'"),
    "union": (STRUCT, "union BatonAny { uint32_t a; };", "unknown construct 'union'"),
    "attribute": (STRUCT, "typedef struct __attribute__((aligned(16),x)) BatonGuid {", "attribute"),
    "line comment": (STRUCT, "// words", "unexpected"),
    "variable": (STRUCT, "extern int baton;", "unknown construct 'extern'"),
    "condition": (STRUCT, "#if 0", "unknown directive '#if 0'"),
    "macro": (STRUCT, "#define BATON_MIN(a, b) a", "BATON_MIN has no counterpart"),
    "expression": (STRUCT, "#define BATON_BIT (1 << 3)", "BATON_BIT is '(1 << 3)'"),
    "twice": (STRUCT, "#define BATON_BOOT_INFO_VERSION 99u", "there twice"),
    "function": (STRUCT, "static inline int baton_new(void) { return 1; }", "baton_new has no"),
    "enumerator": (STRUCT, "enum BatonOther { BATON_OTHER };", "BATON_OTHER must say its value"),
    "unknown enum": (FIELD, "    uint32_t base; /* enum BatonNone */", "no enumeration BatonNone"),
    "no array": (FIELD, "    uint64_t base; /* BatonGuid[] */\n    uint64_t pad;", "no count and"),
    "offset": ("BATON_ASSERT_OFFSET(BatonGuid, bytes, 0);",
               "BATON_ASSERT_OFFSET(BatonGuid, bytes, 4);", "is at 0; the header asserts 4"),
    "no assertion": ("BATON_ASSERT_OFFSET(BatonGuid, bytes, 0);", "", "the header asserts None"),
}  # fmt: skip
# Refused where the declaration stands, not where the assertion does, and after the whole is read.
ELSEWHERE = {"offset": "    uint8_t bytes[16];", "no assertion": "    uint8_t bytes[16];"}


@pytest.mark.parametrize("case", REFUSED)
def test_unknown_is_refused_with_its_line(tmp_path, case):
    known, unknown, words = REFUSED[case]
    text = HEADER.read_text()
    assert known in text
    text = text.replace(known, unknown, 1)
    if case in ("unknown enum", "no array"):  # right in all but what the comment says
        text = agree(text, case)
    header = tmp_path / "boot_info.h"
    header.write_text(text)
    line = text[: text.index(ELSEWHERE.get(case, unknown))].count("\n") + 1
    done = generate(header, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.startswith(f"{header}:{line}: ") and words in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


def agree(text, case):
    """The assertions of BatonMemoryRange for its changed first field."""
    text = text.replace("BatonMemoryRange, base_physical, 0", "BatonMemoryRange, base, 0")
    if case == "no array":
        add = "BATON_ASSERT_OFFSET(BatonMemoryRange, pad, 8);\n"
        start = text.index("BATON_STATIC_ASSERT(sizeof(BatonMemoryRange)")
        end = text.index("BATON_STATIC_ASSERT(sizeof(BatonKernelSegment)")
        block = text[start:end]
        for name, at in (("origin", 32), ("attributes", 24), ("firmware_type", 20), ("type", 16),
                         ("bytes", 8)):
            block = block.replace(f"Range, {name}, {at}", f"Range, {name}, {at + 8}")
        text = text[:start] + block.replace("== 40", "== 48") + add + text[end:]
    return text
