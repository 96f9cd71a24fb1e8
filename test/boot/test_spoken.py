# SPDX-License-Identifier: BSD-2-Clause
"""`baton check` names the protocols that a file speaks, the one that is used, and which requests are
met."""

import json
import re
import struct

import pytest
from elf import PF_R, PF_X, PT_NOTE, Elf, Segment
from hostile import TEXT
from hostile_protocols import (ADDRESSES, AT, END, HHDM, HLT, MP, VIDEO, elf32, flat, limine,
                               limine_request, multiboot1, multiboot2, pvh, revision_tag, tag)
from kernels import TOP_2_GIB
from notes import BASE_ADDRESS, FRAMEBUFFER, STACK, request
from tool import baton

REQUIRED, WANTED = 1, 0
RSDP = 0xC5E77B6B397E7B43, 0x27637845ACCDCF3C  # an id of Limine's


def check(tmp_path, content: bytes, *words) -> tuple[dict, str]:
    """What it says, for programs and for people."""
    file = tmp_path / "my-kernel.elf"
    file.write_bytes(content)
    found = json.loads(baton("check", file, "--json", *words).stdout)
    text = baton("check", file, *words)
    assert text.returncode == (0 if found["can_be_booted"] else 1)
    return found, text.stdout


def used(found: dict) -> list[str]:
    return [each["name"] for each in found["protocols"] if each["used"]]


def with_notes(*notes: bytes) -> bytes:
    return Elf([Segment(TOP_2_GIB, PF_R | PF_X, TEXT),
                Segment(TOP_2_GIB + 0x1000, PF_R, b"".join(notes), type=PT_NOTE, align=4)],
               entry=TOP_2_GIB).build()


def test_check_says_of_each_request_whether_it_is_met(tmp_path):
    kernel = with_notes(request(STACK, 0x20000), request(FRAMEBUFFER, 800, 600, WANTED),
                        request(BASE_ADDRESS, 0x1234_5000, 0, WANTED))
    found, text = check(tmp_path, kernel)
    assert used(found) == ["baton"] and [each["name"] for each in found["protocols"]] == [
        "baton", "plain"]
    assert [(each["name"], each["required"], each["met"]) for each in found["requests"]] == [
        ("STACK", True, True), ("FRAMEBUFFER", False, True), ("BASE", False, False)]
    for line in ("protocol baton: 3 notes; used", "protocol plain: any ELF64 file",
                 "request STACK 0x20000, required: met", "request FRAMEBUFFER 0x320, 0x258: met",
                 "request BASE 0x12345000: not met"):
        assert re.search(f"^{line}$", text, re.M), text
    required, text = check(tmp_path, with_notes(request(BASE_ADDRESS, 0x1234_5000)))
    assert required["error"]["name"] == "request_not_met"
    assert required["requests"][0]["met"] is False
    assert "request BASE 0x12345000, required: not met\n" in text


def test_check_takes_the_protocol_that_it_is_told(tmp_path):
    kernel = with_notes(request(STACK, 0x20000))
    found, _ = check(tmp_path, kernel, "--protocol", "plain")
    assert used(found) == ["plain"] and not found["requests"]
    assert used(check(tmp_path, kernel, "--set", "protocol=auto")[0]) == ["baton"]
    other, text = check(tmp_path, with_notes(), "--protocol", "baton")
    assert other["error"]["name"] == "protocol_not_spoken" and not used(other)
    assert "error: protocol_not_spoken: baton: " in text


@pytest.mark.parametrize("kernel, protocols, requests", [
    (elf32(multiboot1(VIDEO, 0, 0, 0, 0, 0, 0, 640, 480, 32)), {"multiboot": "header at 0x1000"},
     [("framebuffer", "640 x 480", True)]),
    (elf32(multiboot1(VIDEO, 0, 0, 0, 0, 0, 1, 80, 25, 0)), {"multiboot": "header at 0x1000"},
     [("text mode", "", False)]),
    (flat(multiboot1(ADDRESSES, AT, AT, 0, 0, AT + 0x40)),
     {"multiboot": "header at 0x0, address fields"}, []),
    (elf32(multiboot2(tag(1, 6, 5, 15), tag(5, 800, 600, 32), END)),
     {"multiboot2": "header at 0x1000"},
     [("BIOS boot device", "tag 5", False), ("memory map", "tag 6", True),
      ("ACPI new RSDP", "tag 15", None), ("framebuffer", "800 x 600", True)]),
    (elf32(multiboot1() + bytes(4) + multiboot2(tag(7), tag(9, AT), tag(10, AT, 1 << 31, 4096, 0), END)),
     {"multiboot2": "header at 0x1010, EFI boot services kept, relocatable",
      "multiboot": "header at 0x1000"}, []),
    (pvh(AT), {"pvh": "a note with the 32-bit entry point", "plain": "any ELF64 file"}, [])],
    ids=["multiboot", "text-mode", "flat", "multiboot2", "both", "pvh"])
def test_check_reads_the_marks_of_other_protocols(tmp_path, kernel, protocols, requests):
    found, _ = check(tmp_path, kernel if isinstance(kernel, bytes) else kernel.build())
    assert {each["name"]: each["mark"] for each in found["protocols"]} == protocols
    assert used(found) == list(protocols)[:1]
    assert [(each["name"], each["values"], each.get("met")) for each in found["requests"]] == requests
    for name in protocols:
        file = tmp_path / "my-kernel.elf"
        assert used(json.loads(baton("check", file, "--json", "--protocol", name).stdout)) == [name]


def test_check_says_which_requests_of_limine_are_answered(tmp_path):
    """Wherever they are, whatever the response was; what depends on the machine is not known."""
    filled = bytearray(limine_request(HHDM))
    filled[40:48] = b"\xff" * 8
    kernel = limine(revision_tag(3), limine_request(MP), limine_request(RSDP), limine_request((1, 2)),
                    text=HLT + bytes(filled)).build()
    found, text = check(tmp_path, kernel)
    assert found["protocols"][0] == {"name": "limine", "mark": "base revision 3, 4 requests",
                                     "used": True}
    assert [(each["name"], each.get("met")) for each in found["requests"]] == [
        ("hhdm", True), ("mp", True), ("rsdp", None), ("1 unknown id", False)]
    assert re.search("^request hhdm: met\nrequest mp: met\nrequest rsdp\n", text, re.M), text
    assert used(check(tmp_path, kernel, "--protocol", "plain")[0]) == ["plain"]


def linux_image(version: int) -> bytes:
    image = bytearray(0x1000)
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", image, 0x206, version)
    return bytes(image)


def efi_program(image: bytes = bytes(0x1000)) -> bytes:
    image = bytearray(image)
    image[:2] = b"MZ"
    struct.pack_into("<I", image, 0x3C, 0x80)
    image[0x80:0x84] = b"PE\0\0"
    return bytes(image)


@pytest.mark.parametrize("content, error, names", [
    (linux_image(0x20F), "kernel_is_linux", {"linux": "a bzImage, Linux's boot protocol 2.15"}),
    (efi_program(), "kernel_is_efi_program", {"uefi": "a program of UEFI's (PE)"}),
    (efi_program(linux_image(0x20C)), "kernel_is_linux",
     {"linux": "a bzImage, Linux's boot protocol 2.12", "uefi": "a program of UEFI's (PE)"}),
    (b"no kernel at all", "elf_bad_magic", {})])
def test_check_says_what_a_file_is_that_other_loaders_boot(tmp_path, content, error, names):
    found, text = check(tmp_path, content)
    assert found["error"]["name"] == error and not used(found)
    assert {each["name"]: each["mark"] for each in found["protocols"]} == names
    for name, mark in names.items():
        assert f"protocol {name}: {mark}\n" in text
    assert re.search(rf"^error: {error}: .*\ncause: .+\nfix:  ", text, re.M)


# What the kernel's protocol is, by `baton plan`.

# As Linux prints it with efi=debug: the firmware has what is below 2 MiB until it is left.
EFI_MAP = """
efi: mem00: [Conventional Memory|   |  ] range=[0x0000000000001000-0x000000000009ffff] (0MB)
efi: mem01: [Boot Data          |   |  ] range=[0x0000000000100000-0x00000000001fffff] (1MB)
efi: mem02: [Conventional Memory|   |  ] range=[0x0000000000200000-0x0000000007ffffff] (126MB)
"""


@pytest.mark.parametrize("kernel", [elf32(multiboot1()), elf32(multiboot2(END)),
                                    flat(multiboot1(ADDRESSES, AT, AT, 0, 0, AT + 0x40)),
                                    pvh(AT), pvh(AT, is_32_bit=True)],
                         ids=["multiboot", "multiboot2", "flat", "pvh", "pvh-32"])
def test_plan_shows_physical_places_and_moves(tmp_path, kernel):
    file, memory = tmp_path / "my-kernel", tmp_path / "map.txt"
    file.write_bytes(kernel if isinstance(kernel, bytes) else kernel.build())
    memory.write_text(EFI_MAP)
    in_place, moved = (json.loads(baton("plan", file, "--json", *words).stdout)
                       for words in ((), ("--memory", memory)))
    [code] = [part for part in in_place["virtual"] if part["what"].endswith("entry")]
    assert code["base"] == code["physical"] == "0x100000" and not in_place["moves"]
    assert in_place["mode"] == "32-bit, no paging" and in_place["entry"].startswith("0x1000")
    [move] = moved["moves"]
    assert move["to"] == "0x100000" and int(move["from"], 16) >= 0x200000
    assert moved["virtual"] and moved["protocol"] == in_place["protocol"]
    table = baton("plan", file, "--memory", memory).stdout
    assert re.search(rf"^stage 2 moves \d+ KiB from {move['from']} to 0x100000$", table, re.M)
    assert re.match(rf"my-kernel: protocol {moved['protocol']}, entry 0x\w+ in 32-bit mode", table)
    assert "usable" in {part["type"] for part in moved["physical"]} and not any(
        part["base"] == "0x180000" for part in moved["physical"])
