# SPDX-License-Identifier: BSD-2-Clause
"""docs/handoff-abi.md, promise by promise: a foreign first stage (handoff/caller.c) that QEMU starts
by PVH, and the callers that the document shows. A test's name has the numbers that it checks."""

import re
import struct
import subprocess
import time
from pathlib import Path

import artefacts
import pytest
from faults import AT_ENTRY, IN_STAGE2, VARIES, expect_report, matches, report, report_on

DOCUMENT = (artefacts.SOURCE / "docs/handoff-abi.md").read_text(encoding="utf-8")
REPORTED = 2 * 42 + 1  # isa-debug-exit makes it of the caller's exit_value
KERNEL = 0xFFFF_FFFF_8000_0000
STACK_TOP = KERNEL + 0x3000
HIGH_BLOCK = 0x0A00_3000
LA57 = 1 << 12
ENTRIES = ["32", "64"]

HANDED_OVER = AT_ENTRY | {"rdi": 0xFFFF_8000_0012_3456, "rsp": STACK_TOP - 8, "rip": KERNEL}
# The kernel's second entry reads what a report doesn't tell into registers.
SECOND_ENTRY = HANDED_OVER | {
    "rax": 0x0007_0106_0007_0406,  # PAT
    "rbx": 0x400,  # DR7
    "rcx": 0x277, "rdx": 6 * 8 - 1,  # limit of the GDT
    "rsi": 0,  # the first word after the segment's file bytes
    "rbp": 256 * 16 - 1,  # limit of the IDT
    "r8": 0x1F80, "r9": 0x37F,  # MXCSR, x87 control word
    "r10": 0x20, "r11": 0x10, "r12": 0x10, "r13": 0x10, "r14": 0x10, "r15": 0,  # TR, DS … LDTR
    "rip": VARIES, "rflags": VARIES}


def in_kernel(offset: str = "0x0", entry: int = KERNEL) -> str:
    return (f"baton: fault: #UD invalid opcode, vector 6, in kernel + {offset}\n"
            f"step   in the kernel, entered at {entry:#x}")


@pytest.fixture
def hand_over(boot_by_pvh):
    """hand_over(mode): has caller.c hand over, and waits for the end. Returns the machine."""

    def hand_over(mode: str, caller: Path = artefacts.HANDOFF_CALLER, **options):
        machine = boot_by_pvh(caller, mode, **options)
        machine.wait_for_exit(REPORTED)
        return machine

    return hand_over


@pytest.mark.parametrize("levels", [4, 5])
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("place", ["", "-high"])
def test_h2_h4_h6_h7_h11_h12_h16_h18_kernel_gets_the_machine_by(hand_over, entry, levels, place):
    registers = HANDED_OVER | {"cr4": HANDED_OVER["cr4"] | (LA57 if levels == 5 else 0)}
    expect_report(hand_over(f"{entry}-{levels}{place}"),
                  report(in_kernel(), registers, [0], "leaving QEMU"))


def test_h2_h11_kernel_gets_the_machine_from_a_block_above_4_gib(hand_over):
    expect_report(hand_over("64-4-above", memory_mib=4096),
                  report(in_kernel(), HANDED_OVER, [0], "leaving QEMU"))


@pytest.mark.parametrize("entry", ENTRIES)
def test_h16_kernel_finds_the_state_that_a_report_does_not_tell_by(hand_over, entry):
    expect_report(hand_over(f"{entry}-4-state"),
                  report(in_kernel("0x*", KERNEL + 16), SECOND_ENTRY, [0], "leaving QEMU"))


@pytest.mark.parametrize("mode", ["longer", "short", "large-high", "interrupts"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_h4_h8_h13_h23_kernel_gets_the_same_machine_with(hand_over, entry, mode):
    expect_report(hand_over(f"{entry}-4-{mode}"),
                  report(in_kernel(), HANDED_OVER, [0], "leaving QEMU"))


def test_h9_kernel_that_is_in_place_stays_there(hand_over):
    expect_report(hand_over("32-4-in-place-state"),
                  report(in_kernel("0x*", KERNEL + 16), SECOND_ENTRY, [0], "leaving QEMU"))


@pytest.mark.parametrize("mode", ["32-4", "64-4", "64-5-high"])
def test_h8_h23_caller_of_version_1_0_still_works_by(hand_over, mode):
    machine = hand_over(mode, artefacts.HANDOFF_CALLER_1_0)
    machine.wait_for_debugcon("^caller: handing over by version 1.0$")
    registers = HANDED_OVER | {"cr4": HANDED_OVER["cr4"] | (LA57 if "-5" in mode else 0)}
    expect_report(machine, report(in_kernel(), registers, [0], "leaving QEMU"))


IN_32_BITS = dict.fromkeys(AT_ENTRY, 0) | {
    "rsp": VARIES, "rip": VARIES, "rflags": 2, "cs": 0x10, "ss": 0x18, "cr0": 0x11, "cr3": VARIES}
EAX, EBX = 0x36D7_6289, 0x987_6543


def in_kernel32(offset: str = "0x0") -> str:
    return (f"baton: fault: #UD invalid opcode, vector 6, in kernel + {offset}\n"
            "step   in the kernel, entered at 0x*\nmode   32-bit protected mode, no paging")


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("levels", [4, 5])
def test_h24_h25_32_bit_kernel_gets_the_machine_by(hand_over, entry, levels):
    found = expect_report(hand_over(f"{entry}-{levels}-kernel32-registers"),
                          report(in_kernel32(), IN_32_BITS | {"rax": EAX, "rbx": EBX}, None,
                                 "leaving QEMU"))
    assert int(re.search(r"rsp +(\w+)", found)[1], 16) % 4096 == 0  # the stack's top


def test_h24_32_bit_kernel_finds_the_segments(hand_over):
    registers = IN_32_BITS | {
        "rcx": 5 * 8 - 1, "rdx": 32 * 8 - 1,  # limits of the GDT and the IDT
        "rsi": 0x20, "rdi": 0, "rbp": 0x18, "rax": 0x18, "rbx": 0x18_0018,  # TR, LDTR, DS, ES, FS, GS
        "rflags": VARIES}
    expect_report(hand_over("32-4-state-kernel32"),
                  report(in_kernel32("0x*"), registers, None, "leaving QEMU"))


@pytest.mark.parametrize("entry", ENTRIES)
def test_h25_h26_kernel_has_segments_of_its_own_by(hand_over, entry):
    expect_report(hand_over(f"{entry}-4-gdt-registers"),
                  report(in_kernel(), HANDED_OVER | {"cs": 0x28, "ss": 0x30, "rax": EAX, "rbx": EBX},
                         [0], "leaving QEMU"))


def test_h26_kernel_finds_its_segments(hand_over):
    registers = SECOND_ENTRY | {"cs": 0x28, "ss": 0x30, "rdx": 9 * 8 - 1, "r10": 0x38} | dict.fromkeys(
        ("r11", "r12", "r13", "r14"), 0x30)
    expect_report(hand_over("64-4-state-gdt"),
                  report(in_kernel("0x*", KERNEL + 16), registers, [0], "leaving QEMU"))


@pytest.mark.parametrize("how", ["", "-gdt"])
def test_h27_nothing_is_reported_where_that_is_asked_for(boot_by_pvh, how):
    machine = boot_by_pvh(artefacts.HANDOFF_CALLER, f"64-4-silent{how}")
    deadline = time.monotonic() + 20
    while not machine.has_triple_faulted:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "baton: fault" not in machine.debugcon


def processor(number: int, text: str) -> str:
    """The line on one that has not been parked."""
    return rf"^baton: processor {number}, APIC id 0x{number:x}: {text}$"


def reports_on(machine) -> list[str]:
    return re.findall(r"^baton: fault: (?:.*\n)*?baton: end of report: .*\n", machine.debugcon, re.M)


def of_processor(number: int, offset: str = "0x0", entry: int = KERNEL) -> str:
    headline, step = in_kernel(offset, entry).split("\n")
    cpu = f"processor {number}, APIC id {number:#x}" if number else "processor 0, which boots"
    return f"{headline}\ncpu    {cpu}\n{step}"


def parked(number: int) -> dict:
    return HANDED_OVER | {"rdi": HANDED_OVER["rdi"] + number - 1,
                          "rsp": KERNEL + (16 + 2 * (number - 1) + 1) * 4096 - 8}


WITH_OTHERS = {"processors": 4}
ORDERS = KERNEL + 0x800


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("levels", [4, 5])
@pytest.mark.parametrize("how", ["", "-mailbox"])
def test_h28_h29_h31_h33_another_processor_gets_the_kernel_by(hand_over, entry, levels, how):
    if how and levels == 5:
        pytest.skip("a mailbox's processors stay with the firmware's number of levels")
    registers = parked(2) | {"cr4": HANDED_OVER["cr4"] | (LA57 if levels == 5 else 0)}
    machine = hand_over(f"{entry}-{levels}-processors{how}", **WITH_OTHERS)
    expect_report(machine, report(of_processor(2), registers, [0], "leaving QEMU"))


def test_h31_another_processor_finds_the_state_that_a_report_does_not_tell(hand_over):
    registers = SECOND_ENTRY | {name: parked(2)[name] for name in ("rdi", "rsp")}
    expect_report(hand_over("64-4-processors-state", **WITH_OTHERS),
                  report(of_processor(2, "0x*", KERNEL + 16), registers, [0], "leaving QEMU"))


def test_h26_h31_another_processor_finds_the_kernels_segments(hand_over):
    registers = SECOND_ENTRY | {name: parked(2)[name] for name in ("rdi", "rsp")} | {
        "cs": 0x28, "ss": 0x30, "rdx": 9 * 8 - 1, "r10": 0x38} | dict.fromkeys(
        ("r11", "r12", "r13", "r14"), 0x30)
    expect_report(hand_over("64-4-processors-state-gdt", **WITH_OTHERS),
                  report(of_processor(2, "0x*", KERNEL + 16), registers, [0], "leaving QEMU"))


def test_h31_another_processor_has_the_boot_processors_mtrrs(hand_over):
    machine = hand_over("64-4-processors-mtrr", **WITH_OTHERS)
    assert "\nrax    0x0000000000000c06" in report_on(machine.debugcon)


def test_h27_h31_nothing_of_another_processor_is_reported_where_that_is_asked_for(boot_by_pvh):
    machine = boot_by_pvh(artefacts.HANDOFF_CALLER, "64-4-processors-silent", **WITH_OTHERS)
    deadline = time.monotonic() + 20
    while not machine.has_triple_faulted:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "baton: fault" not in machine.debugcon


@pytest.mark.parametrize("entry", ENTRIES)
def test_h33_reports_of_several_processors_do_not_mix(hand_over, entry):
    machine = hand_over(f"{entry}-4-processors-all", **WITH_OTHERS)
    found = sorted(reports_on(machine))
    assert len(found) == 3
    for number, text in enumerate(sorted(found, key=lambda text: text.split("\n")[1]), 1):
        ends = [end for end in ("stopped", "leaving QEMU") if f"of report: {end}" in text]
        assert matches(report(of_processor(number), parked(number), [0], ends[0]), text)
    assert [text.count("leaving QEMU") for text in reports_on(machine)] == [0, 0, 1]


AT_ORDERS = of_processor(0, "0x822", ORDERS)


IN_TRAMPOLINE = "#UD invalid opcode, vector 6, in the trampoline \\+ 0x[0-9a-f]{1,2}"
DEATHS = {"missing": ([], ""),  # below
          "late": ([1, 2, 3], "no answer within 300 ms"),
          "bad-stack": ([3], "its stack at 0xffffffff80016000 is not mapped"),
          "real-mode": ([1, 2, 3], IN_TRAMPOLINE),
          "protected-mode": ([1, 2, 3], IN_TRAMPOLINE),
          "dies": ([3], "died before it was parked")}


@pytest.mark.parametrize("how", DEATHS)
def test_h30_h32_a_kernel_runs_without_a_processor_that_is(hand_over, how):
    numbers, text = DEATHS[how]
    machine = hand_over(f"64-4-processors-{how}-then", **WITH_OTHERS)
    if how == "missing":
        assert "baton: processor 3, APIC id 0x63: no answer within 300 ms\n" in machine.debugcon
    for number in numbers:
        assert re.search(processor(number, text), machine.debugcon, re.M)
    assert machine.debugcon.count("baton: processor") == max(len(numbers), 1)
    last = reports_on(machine)[-1]
    assert last.startswith(AT_ORDERS.split("\n")[0]) and "processor 0, which boots" in last


def test_h33_a_processor_that_dies_before_it_is_parked_is_reported_and_stops_alone(hand_over):
    machine = hand_over("64-4-processors-dies-then", **WITH_OTHERS)
    first, last = reports_on(machine)
    assert "\ncpu    processor 3, APIC id 0x3\nstep   starting\n" in first
    assert "cause  write to 0x0000600000000000: not present at level 4" in first
    assert first.endswith("baton: end of report: stopped\n")
    assert last.endswith("baton: end of report: leaving QEMU\n")


@pytest.mark.parametrize("how", ["missing", "late", "bad-stack", "real-mode", "dies"])
def test_h32_a_required_processor_that_is_missing_is_reported(hand_over, how):
    machine = hand_over(f"32-4-processors-{how}-required", **WITH_OTHERS)
    last = reports_on(machine)[-1]
    assert last.startswith("baton: fault: a required processor is missing, in stage 2 + 0x")
    assert "\ncpu    processor 0, which boots\n" in last


def test_h32_a_second_processor_with_the_same_id_halts(hand_over):
    machine = hand_over("64-4-processors-mailbox-same-id-missing-then", **WITH_OTHERS)
    machine.wait_for_debugcon(processor(1, "another one has the same id, and halts"))
    machine.wait_for_debugcon(processor(2, "no answer within 300 ms"))


@pytest.mark.parametrize(("how", "cause"), [
    ("no-area", "write to 0x*: not present at level 1"),
    ("no-trampoline", "fetch from 0x0000000000008000: no-execute at level 1")])
def test_h28_h29_page_tables_without_what_processors_need_are_reported(hand_over, how, cause):
    found = report_on(hand_over(f"64-4-processors-{how}", **WITH_OTHERS).debugcon)
    assert found.startswith("baton: fault: page tables without stage 2, in stage 2 + 0x")
    assert re.search("^cause  " + cause.replace("*", "[0-9a-f]+") + "$", found, re.M)


def test_h3_h10_h14_wrong_records_are_refused_with_nothing_changed(boot_by_pvh):
    boot_by_pvh(artefacts.HANDOFF_CALLER, "refuse").wait_for_exit()


@pytest.mark.parametrize(("cpu", "mode"), [("max,lm=off", "refuse-here"),
                                           ("max,la57=off", "refuse-la57")])
def test_h10_h14_processor_is_refused_that_lacks_what_is_asked_for(boot_by_pvh, cpu, mode):
    boot_by_pvh(artefacts.HANDOFF_CALLER, mode, cpu=cpu).wait_for_exit()


def refused(number: int, field: str) -> str:
    return report(f"""baton: fault: handoff record refused, in stage 2 + 0x*
error  {number:#x}: {field}""", IN_STAGE2, None, "leaving QEMU")


@pytest.mark.parametrize(("number", "field"), [
    (6, "cr0, cr4 or efer"), (7, "page_table_root"), (8, "an address"), (9, "segments"),
    (10, "a segment"), (12, "processors")])
@pytest.mark.parametrize("place", ["", "-high"])
def test_h10_h14_the_32_bit_entry_reports_that_it_refuses(hand_over, number, field, place):
    expect_report(hand_over(f"32-4{place}-wrong-{number}"), refused(number, field))


@pytest.mark.parametrize(("mode", "cpu"), [("32-4", "max,nx=off"), ("32-5", "max,la57=off")])
def test_h10_h14_the_32_bit_entry_reports_what_the_processor_lacks(hand_over, mode, cpu):
    expect_report(hand_over(mode, cpu=cpu), refused(5, "processor"))


@pytest.mark.parametrize(("number", "field"), [(1, "magic"), (2, "version_major"), (3, "size")])
def test_h10_h14_h20_what_is_no_record_is_refused_in_the_crash_record(boot_by_pvh, number, field):
    machine = boot_by_pvh(artefacts.HANDOFF_CALLER, f"32-4-high-wrong-{number}")
    machine.wait_for_debugcon("^caller: handing over")
    state, text = 20, 48
    fault = 3
    [offset] = struct.unpack_from("<I", artefacts.STAGE2.read_bytes(), 40)
    word = lambda at: machine.physical_word(HIGH_BLOCK + offset + at)
    deadline = time.monotonic() + 10
    while word(state) != fault:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = b"".join(struct.pack("<I", word(text + at)) for at in range(0, 128, 4)).decode()
    assert found.startswith("baton: fault: handoff record refused, in stage 2 + 0x")
    assert f"\nerror  {number:#x}: {field}\n" in found
    assert "baton: fault" not in machine.debugcon and "baton: fault" not in machine.serial


@pytest.mark.parametrize(("mode", "cause"), [
    ("no-page", "not present at level 1"), ("other-page", "mapped to another address"),
    ("far-table", "the table can't be read at level 1")])
def test_h12_h17_the_32_bit_entry_reports_page_tables_without_stage2(hand_over, mode, cause):
    machine = hand_over(f"32-4-high-{mode}")
    found = report_on(machine.debugcon)
    assert found.startswith("baton: fault: page tables without stage 2, in stage 2 + 0x")
    assert f"\ncause  fetch from {HIGH_BLOCK:#018x}: {cause}\n" in found


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("how", ["", "-interrupts"])
def test_h5_h13_h17_stage2_reports_a_fault_of_its_own_by(hand_over, entry, how):
    wanted = report("""baton: fault: #PF page fault, vector 14, in stage 2 + 0x*
step   copying segment 0 to 0xfffff00000000000
error  0x2: write, page not present, supervisor
cause  write to 0xfffff00000000000: not present at level 4
walk   level 4, entry 480 at 0x*: 0x0000000000000000, not present""",
                    IN_STAGE2 | {"rdi": 0xFFFF_F000_0000_0000, "cr2": 0xFFFF_F000_0000_0000},
                    None, "leaving QEMU")
    found = expect_report(hand_over(f"{entry}-4-unmapped{how}"), wanted)
    interrupts_and_direction = 0x600
    assert int(re.search(r"rflags (\w+)", found)[1], 16) & interrupts_and_direction == 0


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("how", ["", "-unmapped"])
def test_h17_faults_are_reported_on_the_uarts_that_answer(hand_over, entry, how):
    """Of the others, one isn't mapped, and one isn't there."""
    machine = hand_over(f"{entry}-4-uarts{how}")
    assert report_on(machine.serial.replace("\r", "")) == report_on(machine.debugcon)


def test_h19_time_stamps_are_where_the_record_says(hand_over):
    text = report_on(hand_over("32-4-time").debugcon)
    words = [int(word, 16) for word in re.findall(r"0x\w+", text[text.index("\nstack "):])]
    assert words[0] == 0 and 0 < words[1] < words[3] < words[5] < words[7]
    assert not any(words[2:9:2]) and not any(words[9:])


def test_h20_crash_record_is_in_the_block(boot_by_pvh):
    machine = boot_by_pvh(artefacts.HANDOFF_CALLER, "32-4-high-halt")
    machine.wait_for_debugcon("^baton: end of report: stopped$")
    [offset] = struct.unpack_from("<I", artefacts.STAGE2.read_bytes(), 40)
    words = [machine.physical_word(HIGH_BLOCK + offset + at) for at in (0, 4, 20, 32)]
    fault, invalid_opcode = 3, 6
    assert words == [*struct.unpack("<II", b"LSTWORDS"), fault, invalid_opcode]


@pytest.mark.parametrize(("language", "suffix"), [("c", "c"), ("nasm", "asm")])
def test_h1_h2_h4_caller_in_the_document_works(tmp_path, boot_by_pvh, language, suffix):
    [code] = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.M | re.S)
    blocks = re.findall(r"^```sh\n(.*?)^```$", DOCUMENT, re.M | re.S)
    [commands] = [block for block in blocks if f"caller.{suffix}" in block]
    (tmp_path / f"caller.{suffix}").write_text(code)
    (tmp_path / "stage2.bin").symlink_to(artefacts.STAGE2)
    (tmp_path / "build").symlink_to(artefacts.BUILD)
    build = re.sub(r"^qemu-system.*", "", commands, flags=re.M | re.S)
    result = subprocess.run(["bash", "-ec", build], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    machine = boot_by_pvh(tmp_path / "caller.elf")
    machine.wait_for_exit()
    assert machine.debugcon == "Hello from a kernel\n"


def test_document_shows_how_its_caller_is_started():
    [commands] = re.findall(r"^qemu-system(?:.*\\\n)*.*$", DOCUMENT, re.M)
    assert "-kernel caller.elf" in commands and "isa-debug-exit,iobase=0xf4" in commands


def test_every_number_of_the_document_has_a_test():
    numbers = set(re.findall(r"^- \*\*(H\d+)\*\*", DOCUMENT, re.M))
    assert numbers == {f"H{n}" for n in range(1, len(numbers) + 1)}
    tested = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for name in re.findall(r"^def test_((?:h\d+_)+)", file.read_text(encoding="utf-8"), re.M):
            tested |= set(re.findall(r"h\d+", name))
    assert {number.lower() for number in numbers} == tested


def test_refusals_of_the_document_are_those_of_the_header():
    header = (artefacts.HEADERS / "baton/handoff.h").read_text(encoding="utf-8")
    of_header = re.findall(r"^ +(BATON_REFUSED_\w+) = (\d+)", header, re.M)
    of_document = re.findall(r"^\| (\d+) `(BATON_REFUSED_\w+)`", DOCUMENT, re.M)
    assert of_header and of_header == [(name, number) for number, name in of_document]
