# SPDX-License-Identifier: BSD-2-Clause
"""What `baton debug` and the commands of tools/gdb/ promise. One session checks many things: to come to
a stop through firmware takes seconds."""

import re
import subprocess
from pathlib import Path

import artefacts
import pytest
from tool import baton

KERNEL = artefacts.conformance_kernel("wish-kaslr")  # its slide is random
MARK = "== "
PLACES = {  # in which function `baton break` stops, and in which file
    "stage1": ("(efi_main|stage1_main)", r"main\.cpp"),
    "before-exit": ("baton::HandoffBuilder::leave_firmware", r"builder_records\.cpp"),
    "stage2": ("stage2_entry64", r"entry\.asm"),
    "before-cr3": (r"baton::stage2::\(anonymous namespace\)::load_page_tables", r"stage2\.cpp"),
    "after-cr3": (r"(baton::stage2::\(anonymous namespace\)::stamp|stage2_run)", r"stage2\.cpp"),
    "copy 1": (r"baton::stage2::\(anonymous namespace\)::load_segments", r"stage2\.cpp"),
    "before-jump": (r"enter_kernel\.?\[?jump\]?", r"entry\.asm"),
    "kernel-entry": ("_start", r"conformance/entry\.asm"),
}
LAST_FRAMES = {"uefi": "efi_main", "pvh": r"start64"}


def debug(kernel: Path, *commands: str, via: str = "uefi", options: tuple = ()) -> dict[str, str]:
    """What each command prints, in a batch session; "" is what comes before the first. What is behind
    " # " in a command is there to tell it from others."""
    words = [word for command in commands for word in
             ("--ex", f"echo \\n{MARK}{command}\\n", "--ex", command.split(" # ")[0])]
    result = baton("debug", kernel, "--via", via, "--batch", *options, *words, timeout=220)
    parts = re.split(rf"^{MARK}(.*)\n", result.stdout, flags=re.M)
    answers: dict[str, str] = {"": parts[0], "errors": result.stderr}
    for command, text in zip(parts[1::2], parts[2::2], strict=True):
        answers[command] = answers.get(command, "") + text
    assert "Error" not in result.stderr, result.stdout + result.stderr
    return answers


def numbers(text: str) -> dict[str, int]:
    """Of `info registers`."""
    return {name: int(value, 16) for name, value in re.findall(r"^(\w+) +(0x[0-9a-f]+)", text, re.M)}


@pytest.fixture(scope="module", params=["pvh", "uefi"])
def tour(request):
    """One boot with two processors, from the first line of stage 1 to the kernel's."""
    commands = ["baton break stage1", "continue", "bt # stage1"]
    for place in list(PLACES)[1:]:
        commands.append(f"baton break {place}")
    for place in list(PLACES)[1:]:
        commands += [f"continue # {place}", f"bt # {place}"]
        if place == "stage2":
            commands += ["stepi", "stepi", "bt # within stage2_entry64"]
        if place == "copy 1":
            commands += ["baton status # copy 1"]
        if place == "before-jump":
            commands += ["stepi # jump", "bt # after the jump"]
            break  # the jump has taken it to the last place
    commands += ["info registers", "baton status", "baton plan", "baton bootinfo", "p *(BatonBootInfo *) $rdi",
                 "baton memmap", "baton map", "monitor info mem", "baton walk $rip", "baton walk $rdi",
                 "baton diff", "info threads", "baton serial",
                 "set var *(unsigned char *) $rip = 0x90", "baton diff # poked"]
    return request.param, debug(KERNEL, *commands, via=request.param, options=("--smp", "2"))


def test_each_place_stops_in_its_function_with_a_line(tour):
    via, answers = tour
    for place, (function, file) in PLACES.items():
        stack = answers["bt # after the jump" if place == "kernel-entry" else f"bt # {place}"]
        assert re.search(rf"^#0 +(0x\w+ in )?{function} ?\(.*\) at .*{file}:\d+$", stack, re.M), (place, stack)


def test_backtraces_end_where_baton_was_entered(tour):
    via, answers = tour
    for place in ("stage1", "before-exit", "stage2"):
        frames = re.findall(r"^#\d+ .*", answers[f"bt # {place}"], re.M)
        assert re.search(LAST_FRAMES[via], frames[-1]), frames
    assert re.search(r"^#1 .* call_stage2\(.*\n(#.*\n)+", answers["bt # within stage2_entry64"], re.M) \
        or "baton::call_stage2" in answers["bt # within stage2_entry64"]
    for place in ("before-cr3", "copy 1"):
        frames = re.findall(r"^#\d+ .*", answers[f"bt # {place}"], re.M)
        assert "stage2_entered" in frames[-1] and "stage2_run" in frames[-2], frames


def test_the_kernel_is_entered_as_promised_with_a_random_slide(tour):
    _, answers = tour
    registers = numbers(answers["info registers"])
    header = subprocess.run(["readelf", "-h", KERNEL], capture_output=True, text=True, check=True).stdout
    entry = int(re.search(r"Entry point address: +(0x\w+)", header)[1], 16)
    slide = int(re.search(r"slide (0x\w+)", answers["baton status"])[1], 16)
    assert slide != 0 and registers["rip"] == (entry + slide) % (1 << 64)
    assert "magic = 0x4444441111" in answers["p *(BatonBootInfo *) $rdi"]
    assert answers["p *(BatonBootInfo *) $rdi"].split(" = ", 1)[1] == answers["baton bootinfo"].split(" = ", 1)[1]
    assert "boot_path = BATON_BOOT_PATH_" in answers["baton bootinfo"]
    assert f"kernel_entry = {registers['rip']:#x}" in answers["baton plan"]


def test_status_tells_stage_step_and_mode(tour):
    _, answers = tour
    assert "in stage 2, copying and zeroing segments (copying 1 of 4), at 0x" in answers["baton status # copy 1"]
    assert re.search(r"^CR3 +0x\w+: the kernel's$", answers["baton status # copy 1"], re.M)
    assert "in the kernel, at 0x" in answers["baton status"]
    for line in ("CR0 +0x80010033: PG WP NE MP PE", "EFER +0xd00: NXE LMA LME",
                 "mode +64-bit, 4 levels of page tables"):
        assert re.search(f"^{line}$", answers["baton status"], re.M), line


def merged(ranges):
    """(begin, end, writable), with those that go on joined."""
    result = []
    for begin, end, writable in ranges:
        if result and result[-1][1] == begin and result[-1][2] == writable:
            result[-1][1] = end
        else:
            result.append([begin, end, writable])
    return result


def test_map_and_walk_agree_with_qemus_own(tour):
    _, answers = tour
    ours = [(int(begin, 16) & (1 << 48) - 1, (int(end, 16) & (1 << 48) - 1) + 1, access[1] == "w")
            for begin, end, access in re.findall(r"^(0x\w+)-(0x\w+) ([r-][w-][x-]) -> ",
                                                 answers["baton map"], re.M)]
    qemus = [(int(begin, 16), int(end, 16), access[2] == "w") for begin, end, access in
             re.findall(r"^(\w{16})-(\w{16}) \w{16} ([u-][r-][w-])", answers["monitor info mem"], re.M)]
    assert len(ours) > 8 and merged(ours) == merged(qemus)
    assert "W+X" not in answers["baton map"]
    assert re.search(r"^level 1, .* r-x.*, a page of 4 KiB$", answers["baton walk $rip"], re.M)
    for range_ in re.findall(r"^(0x\w+)-0x\w+ r-x -> (0x\w+)", answers["baton map"], re.M):
        begin, physical = (int(word, 16) for word in range_)
        rip = numbers(answers["info registers"])["rip"]
        if begin <= rip < begin + (1 << 20) and begin >> 63:
            assert f"{rip:#x} is at {physical + rip - begin:#x}" in answers["baton walk $rip"]


def test_diff_is_clean_at_the_entry_and_finds_a_poked_byte(tour):
    _, answers = tour
    assert "the kernel's image is as it should be, 411 words of it relocated" in answers["baton diff"] \
        or re.search(r"the kernel's image is as it should be, \d{3} words of it relocated", answers["baton diff"])
    rip = numbers(answers["info registers"])["rip"]
    poked = answers["baton diff # poked"]
    assert re.search(rf"^  {rip:#x} \(_start.*\): 90, should be (?!90)\w\w$", poked, re.M), poked
    assert "the kernel's image is different in 1 bytes" in poked


def test_all_processors_are_threads_and_the_console_is_there(tour):
    _, answers = tour
    assert len(re.findall(r"^[* ] +\d+ +Thread", answers["info threads"], re.M)) == 2
    assert "entering the kernel at 0x" in answers["baton serial"]
    assert re.search(r"^0x\w+-0x\w+ loader reclaimable: stage 2$", answers["baton memmap"], re.M)
