# SPDX-License-Identifier: BSD-2-Clause
"""Every mistake in an entry file, in loader.conf or in limine.conf is a named error that says where it
is, and so is every file that an entry names wrongly. The load options' are in the unit tests."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

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


HASH = 128 * "0"
# Entries in limine.conf: what comes after the title, with lines as if the title were line 0. Those that are
# none for Baton, which the log calls skipped.
LIMINE_SKIPPED = {
    "Linux": Mistake("protocol: linux\npath: boot():/good.elf", "boot_entry_other_protocol", {}, "linux"),
    "No protocol": Mistake("protocol:\npath: boot():/good.elf", "boot_entry_other_protocol", {}),
    "Capitals": Mistake("protocol: LIMINE\npath: boot():/good.elf", "boot_entry_other_protocol", {}, "LIMINE"),
    "Long": Mistake("protocol: " + 60_000 * "x", "boot_entry_other_protocol", {}, "xxxx"),
    "Arm": Mistake("path: boot():/good.elf\nif_arch: aarch64", "boot_entry_other_architecture", {}, "aarch64"),
    "BIOS": Mistake("path: boot():/good.elf\nif_fw_type: BIOS", "boot_entry_other_architecture", {}, "BIOS"),
}
LIMINE_REFUSED = {
    "Empty": Mistake("", "boot_entry_without_kernel", {"lines": 0}),
    "Old syntax": Mistake("KERNEL_PATH=boot():/good.elf", "boot_entry_without_kernel", {"lines": 0}),
    "No path": Mistake("path:", "boot_path_empty", at(1, 6)),
    "Root": Mistake("path: boot():/", "boot_path_empty", at(1, 7)),
    "Up": Mistake("path: boot():/a/../good.elf", "boot_path_goes_up", at(1, 7)),
    "Path too long": Mistake("path: boot():/" + 1024 * "x", "boot_path_too_long", at(1, 7, bytes=1024, limit=1023)),
    "Long path of macros": Mistake("path: boot():/" + 300 * "${LONG}", "boot_path_too_long", at(1, 7, limit=1023)),
    "Tab": Mistake("path: boot():/good\t.elf", "boot_path_bad_character", at(1, 7, byte=9)),
    "Partition": Mistake("path: boot(7):/good.elf", "boot_path_with_device", at(1, 7), "boot(7): is Limine's"),
    "Number": Mistake("path: boot(99999999999999999999):/good.elf", "boot_path_with_device", at(1, 7), "boot(9999"),
    "Negative": Mistake("path: boot(-1):/good.elf", "boot_path_with_device", at(1, 7), "boot(-1): is Limine's"),
    "Disk": Mistake("path: hdd(1:1):/good.elf", "boot_path_with_device", at(1, 7), "hdd(1:1): is Limine's"),
    "GUID": Mistake("path: guid():/good.elf", "boot_path_with_device", at(1, 7), "guid(): is Limine's"),
    "Label": Mistake("path: fslabel(ESP):/good.elf", "boot_path_with_device", at(1, 7), "fslabel(ESP): is Limine's"),
    "Server": Mistake("path: tftp():/good.elf", "boot_path_with_device", at(1, 7), "tftp(): is Limine's"),
    "Hash": Mistake(f"path: boot():/good.elf#{HASH}", "boot_path_with_hash", at(1, 7)),
    "Short hash": Mistake("path: boot():/good.elf#", "boot_path_with_hash", at(1, 7)),
    "Module's hash": Mistake(f"path: boot():/good.elf\nmodule_path: boot():/good.elf#{HASH}",
                             "boot_path_with_hash", at(2, 14)),
    "Gzip": Mistake("path: $boot():/good.elf", "boot_path_with_gzip", at(1, 7)),
    "No module": Mistake("path: boot():/good.elf\nmodule_path:", "boot_path_empty", at(2, 13)),
}
LIMINE_UNBOOTABLE = {
    "Open": Mistake("path: hdd(1:1:/good.elf", "kernel_not_found", {}, r"\hdd(1:1:\good.elf"),
    "No kernel": Mistake("path: boot():/no.elf", "kernel_not_found", {}, r"\no.elf"),
    "No such module": Mistake("path: boot():/good.elf\nmodule_path: boot():/no", "file_not_found", {}, r"\no"),
    "Not spoken": Mistake("path: boot():/good.elf\nprotocol: pvh", "protocol_not_spoken", {}),
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


def configuration(entries: Mapping[str, Mistake]) -> tuple[str, dict[str, Mistake]]:
    """A text with them, and each with the line numbers that it has there."""
    text = "${LONG}=" + 100 * "x" + "\ndefault_entry: 99999999999\n${LONG\n"
    placed = {}
    for name, mistake in entries.items():
        title = text.count("\n") + 1
        numbers = {label: number + title if label in ("line", "lines") else number
                   for label, number in mistake.numbers.items()}
        placed[name] = replace(mistake, numbers=numbers)
        text += f"/{name}\n{mistake.content}\n"
    return text, placed


def test_mistakes_in_a_configuration_of_limine(boot):
    entries = LIMINE_SKIPPED | LIMINE_REFUSED | LIMINE_UNBOOTABLE
    text, placed = configuration(entries)
    machine = boot(None, plan="start\noptions kernel=/good.elf\n", files={
        "/limine.conf": text, "/good.elf": artefacts.conformance_kernel("minus-2g")})
    machine.wait_for_exit(fatal="^baton: fault.*")
    booted = re.finditer(r"\] booting \S+ of \\limine.conf\n(?:\[.*\n)*error: (\w+): (.*)$", machine.debugcon,
                         re.MULTILINE)
    wrong = [mismatch(name, placed[name], re.search(
        rf"\] {name}: error: (\w+): (.*)$", machine.debugcon, re.MULTILINE)) for name in LIMINE_REFUSED]
    wrong += [mismatch(name, placed[name], next(booted, None)) for name in LIMINE_UNBOOTABLE]
    assert not any(wrong), "\n".join(filter(None, wrong))
    assert next(booted, None) is None
    for name, mistake in LIMINE_SKIPPED.items():
        machine.wait_for_debugcon(rf"\] {name}: skipped: {mistake.subject}.*the entry is for another ")
    machine.wait_for_debugcon("the loader came back with 0x8.* keeps 0 pages, 0 pools, 0 files$")
