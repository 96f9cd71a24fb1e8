# SPDX-License-Identifier: BSD-2-Clause
"""Every mistake in an entry file or in loader.conf is a named error that says where it is, and so is
every file that an entry names wrongly. The load options' are in the unit tests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import artefacts
from test_hostile import numbers_in


@dataclass(frozen=True)
class Mistake:
    content: str | bytes
    error: str
    numbers: Mapping[str, int]
    subject: str = ""


def at(line: int, column: int, **more: int) -> dict[str, int]:
    return {"line": line, "column": column} | {name.replace("_", " "): value
                                               for name, value in more.items()}


GOOD = "kernel /good.elf\n"
# Those that keep a file from being an entry.
UNREADABLE = {
    "empty": Mistake("", "file_empty", {}),
    "too-large": Mistake(GOOD + "# long\n" * 150_000, "file_too_large", {"limit": 1 << 20}),
    "line-too-long": Mistake(GOOD + "options " + 65_530 * "x" + "\n", "boot_line_too_long",
                             {"line": 2, "bytes": 65_538, "limit": 65_536}),
    "nul": Mistake(b"kernel\0/good.elf\n", "boot_text_not_plain", at(1, 7, byte=0)),
    "delete": Mistake("# \x7f\n" + GOOD, "boot_text_not_plain", at(1, 3, byte=0x7F)),
    "return": Mistake("kernel /good.elf\rtitle Old\n", "boot_text_not_plain", at(1, 17, byte=13)),
    "utf-16": Mistake(GOOD.encode("utf-16"), "boot_text_not_plain", at(1, 4, byte=0)),
    "elf": Mistake(b"\x7fELF\x02\x01\x01", "boot_text_not_plain", at(1, 1, byte=0x7F)),
    "no-line": Mistake("\n", "boot_entry_without_kernel", {"lines": 0}),
    "no-kernel": Mistake("title x\n# kernel /good.elf\n", "boot_entry_without_kernel",
                         {"lines": 1}),
    "misspelt": Mistake("\nKernel /good.elf\n", "boot_entry_without_kernel", {"lines": 2}),
    "quote-open": Mistake('kernel "/good.elf\n', "boot_quote_open", at(1, 8)),
    "quote-open-later": Mistake(GOOD + 'module  /a"b c\n', "boot_quote_open", at(2, 11)),
    "quote-followed": Mistake('kernel "/good.elf" x\n', "boot_quote_followed", at(1, 20)),
    "quote-followed-initrd": Mistake(GOOD + 'initrd "/a" "/b"\n', "boot_quote_followed", at(2, 13)),
    "no-path": Mistake("kernel\n", "boot_path_empty", at(1, 7)),
    "root": Mistake("kernel /\n", "boot_path_empty", at(1, 8)),
    "dots": Mistake("kernel ./.\n", "boot_path_empty", at(1, 8)),
    "no-module": Mistake(GOOD + "module\n", "boot_path_empty", at(2, 7)),
    "path-too-long": Mistake("kernel /" + 1023 * "x", "boot_path_too_long",
                             at(1, 8, bytes=1024, limit=1023)),
    "up": Mistake("kernel /a/../good.elf\n", "boot_path_goes_up", at(1, 8)),
    "initrd-up": Mistake(GOOD + "initrd ..\n", "boot_path_goes_up", at(2, 8)),
    "tab": Mistake("kernel /good\t.elf\n", "boot_path_bad_character", at(1, 8, byte=9)),
    "kaslr": Mistake(GOOD + "kaslr maybe\n", "boot_setting_unknown", at(2, 7)),
    "kaslr-empty": Mistake(GOOD + "kaslr\n", "boot_setting_unknown", at(2, 6)),
    "wx": Mistake(GOOD + "wx  Refuse\n", "boot_setting_unknown", at(2, 5)),
    "kernel-twice": Mistake(GOOD + " " + GOOD, "boot_key_repeated",
                            at(2, 2, first_line=1, first_column=1)),
    "wx-twice": Mistake("wx allow\n" + GOOD + "wx allow\n", "boot_key_repeated",
                        at(3, 1, first_line=1, first_column=1)),
}
# Those that show when an entry is booted.
UNBOOTABLE = {
    "kernel-absent": Mistake("kernel /no/such.elf\n", "kernel_not_found", {}, r"\no\such.elf"),
    "kernel-in-no-directory": Mistake("kernel /good.elf/x\n", "kernel_not_found", {},
                                      r"\good.elf\x"),
    "kernel-long-name": Mistake("kernel /" + 300 * "x" + "\n", "kernel_not_found", {}, r"\xxx"),
    "kernel-odd-name": Mistake('kernel /a?<*>|:"".elf\n', "kernel_not_found", {}, r"\a?<*>|:"),
    "kernel-not-utf-8": Mistake(b"kernel /\xc3\x28\xff.elf\n", "kernel_not_found", {}, "\\"),
    "kernel-directory": Mistake("kernel /EFI\n", "file_is_a_directory", {}, r"\EFI"),
    "kernel-empty": Mistake("kernel /empty\n", "file_empty", {}, r"\empty"),
    "module-absent": Mistake(GOOD + "module /no.img text\n", "file_not_found", {}, r"\no.img"),
    "module-directory": Mistake(GOOD + "initrd /EFI/BOOT\n", "file_is_a_directory", {},
                                r"\EFI\BOOT"),
    "module-empty-compressed": Mistake(GOOD + "module /empty.zst\n", "file_empty", {},
                                       r"\empty.zst"),
    "second-module": Mistake(GOOD + "module /good.elf\nmodule /no\n", "file_not_found", {}, r"\no"),
}


def mismatch(name: str, mistake: Mistake, said: re.Match | None) -> str | None:
    """`said`: the error's name, then its text."""
    if said is None or said[1] != mistake.error or mistake.subject not in said[2]:
        return f"{name}: {mistake.error} {mistake.subject} expected, but: {said and said[0]}"
    numbers = numbers_in(said[2])
    wrong = {label: value for label, value in mistake.numbers.items() if numbers.get(label) != value}
    return f"{name}: {wrong} expected, but: {said[0]}" if wrong else None


def test_mistakes_in_entries(boot):
    files = {"/good.elf": artefacts.conformance_kernel("minus-2g"), "/empty": b"", "/empty.zst": b"",
             "/loader/entries/directory.conf/x": "x", "/loader/loader.conf": b"default\0x\n"}
    for name, mistake in (UNREADABLE | UNBOOTABLE).items():
        files[f"/loader/entries/{name}.conf"] = mistake.content
    machine = boot(None, plan="start\noptions kernel=/good.elf\n", files=files)
    try:
        machine.wait_for_exit(fatal="^baton: fault.*")
    finally:
        said = machine.debugcon
        wrong = [mismatch(name, mistake, re.search(
            rf"\] {name}\.conf: error: (\w+): (.*)$", said, re.MULTILINE))
            for name, mistake in UNREADABLE.items()]
        wrong += [mismatch(name, mistake, re.search(
            rf"\] booting \S.* of {name}\.conf\n(?:\[.*\n)*error: (\w+): (.*)$", said,
            re.MULTILINE)) for name, mistake in UNBOOTABLE.items()]
        assert not any(wrong), "\n".join(filter(None, wrong))
    machine.wait_for_debugcon(r"\] directory\.conf: error: file_is_a_directory: ")
    machine.wait_for_debugcon(r"\] loader\.conf: error: boot_text_not_plain: .*"
                              r"\(line 0x1, column 0x8, byte 0x0\)$")
    machine.wait_for_debugcon("the loader came back with 0x8.* keeps 0 pages, 0 pools, 0 files$")
