# SPDX-License-Identifier: BSD-2-Clause
"""What `baton debug` and the commands of tools/gdb/ promise. One session checks many things: to come
to a stop through firmware takes seconds."""

import json
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import artefacts
import pytest
from tool import FAULTING, FIXED, PIE, baton, compiled

KERNEL = artefacts.conformance_kernel("request-kaslr")  # its slide is random
INFO_MEM = "python print(gdb.execute('monitor info mem', to_string=True))"  # else it goes to stderr
MARK = "== "
GIB = 1 << 30
PLACES = {  # in which function `baton break` stops, and in which file
    "stage1": ("(efi_main|stage1_main)", r"main\.cpp"),
    "before-exit": ("baton::leave_firmware", r"leave\.cpp"),
    "stage2": ("stage2_entry64", r"entry64\.asm"),
    "before-cr3": (r"baton::stage2::\(anonymous namespace\)::load_page_tables", r"stage2\.cpp"),
    "after-cr3": (r"(baton::stage2::\(anonymous namespace\)::stamp|execute)", r"stage2\.cpp"),
    "copy 1": (r"baton::stage2::\(anonymous namespace\)::load_segments", r"stage2\.cpp"),
    "before-jump": (r"enter_kernel\.?\[?jump\]?", r"enter_kernel\.asm"),
    "kernel-entry": ("_start", r"kernel/entry_registers\.inc"),
}
LAST_FRAMES = {"uefi": "efi_main", "pvh": r"start64"}


def session(kernel: Path | None, words: Sequence[str], commands: Sequence[str]) -> list[str]:
    """What GDB prints in a batch session: before the first command, and for each of them."""
    given = [word for i, command in enumerate(commands)
             for word in ("--ex", f"echo \\n{MARK}{i}\\n", "--ex", command)]
    result = baton("debug", *([kernel] if kernel else []), *words, "--batch", *given)
    parts = re.split(rf"^{MARK}\d+\n", result.stdout, flags=re.M)
    assert len(parts) == len(commands) + 1 and "Error" not in result.stderr, (
        result.stdout + result.stderr
    )
    return [part.replace("[Inferior 1 (process 1) detached]\n", "") for part in parts]


def debug(kernel: Path, *commands: str, via: str = "uefi", options: tuple = ()) -> dict[str, str]:
    """What each command prints. What is behind " # " in one is there to tell it from others."""
    parts = session(
        kernel,
        ("--via", via, "--break", "reset", *options),
        [command.split(" # ")[0] for command in commands],
    )
    return dict(zip(commands, parts[1:], strict=True))


def numbers(text: str) -> dict[str, int]:
    """Of `info registers`."""
    return {
        name: int(value, 16) for name, value in re.findall(r"^(\w+) +(0x[0-9a-f]+)", text, re.M)
    }


def tour_of(via):
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
    commands += [
        "info registers",
        "baton status",
        "baton plan",
        "baton bootinfo",
        "p *(BatonBootInfo *) $rdi",
        "baton memmap",
        "baton map",
        INFO_MEM,
        "baton walk $rip",
        "baton walk $rdi",
        "baton diff",
        "info threads",
        "baton serial",
        "set var *(unsigned char *) $rip = 0x90",
        "baton diff # poked",
    ]
    return via, debug(KERNEL, *commands, via=via, options=("--smp", "2"))


def check_each_place_stops_in_its_function_with_a_line(tour):
    via, answers = tour
    for place, (function, file) in PLACES.items():
        stack = answers["bt # after the jump" if place == "kernel-entry" else f"bt # {place}"]
        assert re.search(rf"^#0 +(0x\w+ in )?{function} ?\(.*\) at .*{file}:\d+$", stack, re.M), (
            place,
            stack,
        )


def check_backtraces_end_where_baton_was_entered(tour):
    via, answers = tour
    for place in ("stage1", "before-exit", "stage2"):
        frames = re.findall(r"^#\d+ .*", answers[f"bt # {place}"], re.M)
        assert re.search(LAST_FRAMES[via], frames[-1]), frames
    assert re.search(
        r"^#0 +stage2_entry64 .*\n#1 .* baton::\(anonymous namespace\)::call_stage2",
        answers["bt # within stage2_entry64"],
        re.M,
    )
    for place in ("before-cr3", "copy 1"):
        frames = re.findall(r"^#\d+ .*", answers[f"bt # {place}"], re.M)
        assert "stage2_entered" in frames[-1] and "stage2_run" in frames[-2], frames


def check_the_kernel_is_entered_as_promised_with_a_random_slide(tour):
    _, answers = tour
    registers = numbers(answers["info registers"])
    header = subprocess.run(
        ["readelf", "-h", KERNEL], capture_output=True, text=True, check=True
    ).stdout
    entry = int(re.search(r"Entry point address: +(0x\w+)", header)[1], 16)
    slide = int(re.search(r"slide (0x\w+)", answers["baton status"])[1], 16)
    assert slide != 0 and registers["rip"] == (entry + slide) % (1 << 64)
    assert "magic = 0x4444441111" in answers["p *(BatonBootInfo *) $rdi"]
    plain = lambda text: re.findall(r"\w+|[{}]", text)
    assert plain(answers["p *(BatonBootInfo *) $rdi"].split(" = ", 1)[1]) == plain(
        answers["baton bootinfo"]
    )
    assert "boot_path = BATON_BOOT_PATH_" in answers["baton bootinfo"]
    assert f"kernel_entry = {registers['rip']:#x}" in answers["baton plan"]


def check_status_tells_stage_step_and_mode(tour):
    _, answers = tour
    assert (
        "in stage 2, copying and zeroing segments (copying 1 of 4), at 0x"
        in answers["baton status # copy 1"]
    )
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


def check_map_and_walk_agree_with_qemus_own(tour):
    _, answers = tour
    ours = [(int(begin, 16) & (1 << 48) - 1, (int(end, 16) & (1 << 48) - 1) + 1, access[1] == "w")
            for begin, end, access in re.findall(
            r"^(0x\w+)-(0x\w+) ([r-][w-][x-]) -> ", answers["baton map"], re.M)]
    low = (1 << 48) - 1
    qemus = [(int(begin, 16) & low, (int(end, 16) - 1 & low) + 1, access[2] == "w")
             for begin, end, access in re.findall(
             r"^(\w{16})-(\w{16}) \w{16} ([u-][r-][w-])", answers[INFO_MEM], re.M)]
    assert len(ours) > 8 and merged(ours) == merged(qemus)
    assert "W+X" not in answers["baton map"]
    assert re.search(r"^level 1, .* r-x.*, a page of 4 KiB$", answers["baton walk $rip"], re.M)
    for range_ in re.findall(r"^(0x\w+)-0x\w+ r-x -> (0x\w+)", answers["baton map"], re.M):
        begin, physical = (int(word, 16) for word in range_)
        rip = numbers(answers["info registers"])["rip"]
        if begin <= rip < begin + (1 << 20) and begin >> 63:
            assert f"{rip:#x} is at {physical + rip - begin:#x}" in answers["baton walk $rip"]


def check_diff_is_clean_at_the_entry_and_finds_a_poked_byte(tour):
    _, answers = tour
    assert re.search(r"^the kernel's image is as it should be, \d+ words of it relocated$",
                     answers["baton diff"], re.M)
    rip = numbers(answers["info registers"])["rip"]
    poked = answers["baton diff # poked"]
    assert re.search(rf"^  {rip:#x} \(_start.*\): 90, should be (?!90)\w\w$", poked, re.M), poked
    assert "the kernel's image is different in 1 bytes" in poked


def check_all_processors_are_threads_and_the_console_is_there(tour):
    _, answers = tour
    assert len(re.findall(r"^[* ] +\d+ +Thread", answers["info threads"], re.M)) == 2
    assert "entering the kernel at 0x" in answers["baton serial"]
    assert re.search(r"^0x\w+-0x\w+ loader reclaimable: stage 2$", answers["baton memmap"], re.M)


CHECKS = (check_each_place_stops_in_its_function_with_a_line,
          check_backtraces_end_where_baton_was_entered,
          check_the_kernel_is_entered_as_promised_with_a_random_slide,
          check_status_tells_stage_step_and_mode, check_map_and_walk_agree_with_qemus_own,
          check_diff_is_clean_at_the_entry_and_finds_a_poked_byte,
          check_all_processors_are_threads_and_the_console_is_there)


@pytest.mark.slow
@pytest.mark.parametrize("via", ["pvh", "uefi"])
def test_debugger_knows_each_place_of_the_handoff(via):
    tour = tour_of(via)
    for check in CHECKS:
        check(tour)


@pytest.mark.parametrize(
    "via",
    ["microvm", "linux", "multiboot2-bios", pytest.param("multiboot2", marks=pytest.mark.long)],
)
def test_debugger_knows_the_last_step_by(via):
    answers = debug(KERNEL, "baton break before-jump", "continue", "bt", "baton status", "stepi",
                    "baton diff", via=via)
    assert re.search(r"^#0 +enter_kernel.* at .*enter_kernel\.asm:\d+$", answers["bt"], re.M), answers
    assert re.search(r"^stage 1 +baton-pvh\.elf, loaded at 0x\w+$", answers["baton status"], re.M)
    assert "_start () at" in answers["stepi"]
    assert "the kernel's image is as it should be" in answers["baton diff"]


def test_first_line_of_stage1_is_refused_where_it_has_passed():
    result = baton("debug", KERNEL, "--via", "linux", "--break", "stage1", "--batch")
    assert "stage 1 runs already: it was found where it waits" in result.stderr


def test_breakpoints_outlive_a_change_of_paging_levels():
    """It leaves long mode, and comes back to it."""
    places = ("before-cr3", "after-cr3", "copy 1", "kernel-entry")
    commands = [f"baton break {place}" for place in places]
    for place in places:
        commands += [f"continue # {place}", f"bt 1 # {place}", f"baton status # {place}"]
    answers = debug(artefacts.conformance_kernel("request-five-level"), *commands, via="pvh")
    for place in places:
        function, file = PLACES[place]
        assert re.search(
            rf"^#0 +(0x\w+ in )?{function} ?\(.*\) at .*{file}:\d+$",
            answers[f"bt 1 # {place}"],
            re.M,
        ), answers[f"bt 1 # {place}"]
        levels = 4 if place == "before-cr3" else 5
        assert f"64-bit, {levels} levels" in answers[f"baton status # {place}"]


def test_first_stop_is_the_kernels_entry_or_reset():
    for options, at in ([], r"_start \(\) at"), (["--break", "reset"], r"^0x0+fff0 in \?\?"):
        result = baton("debug", "--via", "pvh", *options, "--ex", "bt 1", "--batch")
        assert re.search(at, result.stdout, re.M), result.stdout
        assert ("Breakpoint 1" in result.stdout) == (not options)


@pytest.mark.parametrize("place", ["nowhere", "copy", "copy x", "copy N", "stage"])
def test_place_that_is_unknown_is_told_before_anything_starts(place):
    result = baton("debug", "--break", place)
    assert result.returncode == 2 and "kernel-entry|fault" in result.stderr


def test_status_is_that_of_gdb():
    at_reset = ("--via", "pvh", "--break", "reset", "--batch")
    assert baton("debug", *at_reset, "--ex", "quit 3").returncode == 3
    assert baton("debug", *at_reset, "--ex", "quit").returncode == 0
    killed = baton("debug", *at_reset, "--ex", "python import os; os.kill(os.getpid(), 9)")
    assert killed.returncode == 128 + 9


def test_time_is_kept_and_a_machine_that_cannot_start_is_told():
    at_reset = ("--via", "pvh", "--break", "reset", "--batch")
    late = baton(
        "debug", *at_reset, "--timeout", "2", "--ex", "python __import__('time').sleep(60)"
    )
    assert late.returncode == 1 and "GDB did not end within 2 s" in late.stderr
    wrong = baton("debug", *at_reset, "--", "-no-such-option")
    assert wrong.returncode == 1 and "QEMU did not start" in wrong.stderr


# Its second instruction, in a function of its own, resets the machine: there is no IDT any more.
TRIPLE_FAULTING = """
#include <stdint.h>
__attribute__((noinline)) void die(void) {
    static const struct __attribute__((packed)) { uint16_t limit; uint64_t base; } none;
    __asm__ volatile("lidt %0; ud2" : : "m"(none));
}
void _start(const void* info) {
    (void)info;
    die();
    for (;;)
        __asm__ volatile("hlt");
}
"""


def test_triple_fault_stops_where_it_happens(tmp_path):
    kernel = compiled(tmp_path, TRIPLE_FAULTING)
    answers = debug(
        kernel, "baton break kernel-entry", "continue", "continue # on", "bt", via="pvh"
    )
    assert re.search(
        r"^baton: the guest has triple-faulted, at 0xffffffff8\w+, in the kernel; CR2 0x0$",
        answers["continue # on"],
        re.M,
    ), answers
    assert re.search(
        r"^#0 +(0x\w+ in )?die \(.*\) at my-kernel\.c:\d+\n#1 .* _start \(", answers["bt"], re.M
    )


@pytest.mark.parametrize("flags", [FIXED, PIE])
def test_first_fault_stops_with_its_report(tmp_path, flags):
    """The backtrace goes from stage 2's report to the line of the kernel that did it."""
    kernel = compiled(tmp_path, FAULTING, flags)
    answers = debug(kernel, "baton break fault", "continue", "bt", "baton serial", "baton status",
                    "baton walk 16", via="pvh")
    assert "end_after_fault" in answers["continue"]
    frames = re.findall(r"^#\d+ .*", answers["bt"], re.M)
    at = next(i for i, frame in enumerate(frames) if "<signal handler called>" in frame)
    line = FAULTING.splitlines().index("    return *p;") + 1
    assert f"my-kernel.c:{line}" in frames[at + 1] and "peek" in frames[at + 1], frames
    assert "look (" in frames[at + 2] and "_start (" in frames[at + 3], frames
    assert "baton: fault: #PF page fault, vector 14, in kernel" in answers["baton serial"]
    assert "in stage 2, entering the kernel, at 0x" in answers["baton status"]
    assert ("not present" in answers["baton walk 16"]
            and "0x10 is not mapped" in answers["baton walk 16"])


# As soon as GDB lets it go on, the first of the others runs, then the second dies; the third waits.
PROCESSORS = """
#include <baton/boot_info.h>
BATON_REQUEST(BATON_REQUEST_PROCESSORS, BATON_REQUEST_REQUIRED, BATON_PROCESSORS_PARKED, 0);
static volatile unsigned counter;
__attribute__((noinline)) static void count_up(void) {
    for (;;)
        ++counter;
}
static void work(BatonProcessor* processor) {
    if (processor->argument == 2)
        *(volatile int*)16;
    count_up();
}
static volatile int is_held = 1;
__attribute__((noinline)) static void hold(void) {
    __builtin_ia32_pause();
}
void _start(const BatonBootInfo* info) {
    while (is_held)
        hold();
    baton_start_processor(baton_processor(info, 1), work, 1);
    while (counter == 0)
        __builtin_ia32_pause();
    baton_start_processor(baton_processor(info, 2), work, 2);
    for (;;)
        __asm__ volatile("hlt");
}
"""
RUN_ON = "python from baton_gdb.session import _run_for; _run_for(0.5)"


def places(status: str) -> list[str]:
    """Of the processors, by their numbers, without addresses."""
    found = re.findall(r"^cpu (\d+) +(?:APIC id 0x(\w+)|boot processor): (.*)$", status, re.M)
    assert [int(number) for number, _, _ in found] == list(range(len(found)))
    assert all(int(apic_id or "0", 16) == int(number) for number, apic_id, _ in found)
    return [re.sub("0x[0-9a-f]+", "N", place) for _, _, place in found]


@pytest.fixture(scope="module")
def four_processors(tmp_path_factory):
    kernel = compiled(tmp_path_factory.mktemp("processors"), PROCESSORS)
    commands = ["baton break stage2", "continue", "baton status", "baton plan",
                "baton break ap-start", "baton break ap-parked", "continue # ap-start",
                "baton status # ap-start", "x/2i $cs * 16 + $pc",
                "set scheduler-locking on", "stepi", "stepi # 2", "set scheduler-locking off",
                "thread 1", "bt # boot processor", "delete 2",
                "continue # ap-parked", "baton status # ap-parked", "bt # ap-parked", "delete 3",
                "break hold", "continue # hold", "baton status # hold", "delete 4",
                "set var is_held = 0", "baton break fault", "break count_up", "continue # count", "bt # count",
                "set scheduler-locking on # count", "stepi # count", "p counter",
                "set scheduler-locking off # count", "delete 6", "continue # fault",
                "baton status # fault", "bt # fault", RUN_ON, "baton status # halted", "info threads"]
    return debug(kernel, *commands, via="pvh", options=("--smp", "4"))


def test_status_shows_each_processors_place(four_processors):
    status = lambda when: places(four_processors[f"baton status{when}"])
    boot_place, *others = status("")
    assert boot_place == "in stage 2, setting up its stack and its descriptor tables, at N"
    assert others == ["waiting for SIPI"] * 3
    boot_place, *others = status(" # ap-start")
    assert boot_place.startswith("in stage 2, ")
    assert set(others) <= {"waiting for SIPI", "in the trampoline, at N"}
    assert re.match(r"processor (\d), APIC id 0x\1: in the trampoline, at 0x\w+000\n",
                    four_processors["baton status # ap-start"])
    assert re.search("^CR3 +0x0\n(.*\n)*mode +real mode$", four_processors["baton status # ap-start"], re.M)
    assert "parked" in status(" # ap-parked")[1:]
    assert status(" # hold") == ["in the kernel, at N", *["parked"] * 3]
    assert status(" # fault") == ["in the kernel, at N", "in the kernel, at N", "reporting a fault", "parked"]
    assert status(" # halted") == ["in the kernel, at N", "in the kernel, at N", "halted after a fault",
                                   "parked"]
    assert re.search(r"^processor 3: APIC id 0x3, stack 0x\w+-0x\w+, area 0x\w+$",
                     four_processors["baton plan"], re.M)


def test_breakpoints_stop_other_processors(four_processors):
    """One in real mode stops at an offset, is stepped on from there, and does not stop again."""
    assert re.search(r"^Thread [234] hit Breakpoint 2, 0x0+ in ", four_processors["continue # ap-start"],
                     re.M)
    assert re.search(r":\s+cli\s*\n.*:\s+cld\s*$", four_processors["x/2i $cs * 16 + $pc"])
    assert "0x0000000000000002 in" in four_processors["stepi # 2"]
    assert re.search(r"^Thread [234] hit Breakpoint 3, park_processor \(\)",
                     four_processors["continue # ap-parked"], re.M)
    assert re.search(r"^#1 .* processor_run.*\n#2 .* processor_entry", four_processors["bt # ap-parked"],
                     re.M)
    assert re.search(r"^#\d .* baton::stage2::start_processors", four_processors["bt # boot processor"],
                     re.M)


def test_kernels_code_is_debugged_on_other_processors(four_processors):
    assert re.search("^Thread 2 hit Breakpoint 6, count_up", four_processors["continue # count"], re.M)
    assert re.search(r"^#0 +count_up \(\) at my-kernel\.c:.*\n#1 .* in work \(processor=.*\) at my-kernel\.c:",
                     four_processors["bt # count"], re.M)
    assert re.search(r"= \d+$", four_processors["p counter"], re.M)
    frames = re.findall(r"^#\d+ .*", four_processors["bt # fault"], re.M)
    at = next(i for i, frame in enumerate(frames) if "<signal handler called>" in frame)
    assert "work (" in frames[at + 1]
    threads = four_processors["info threads"]
    assert re.search(r"^\W+2 +Thread 1\.2 .* count_up \(", threads, re.M), threads


# In the trampoline, after its IDT is loaded: what becomes of the processor.
TRAMPOLINES = {"ud2": (b"\x0f\x0b", "halted after a fault"), "jmp $": (b"\xeb\xfe", "didn't come")}
IDT_LOADED = 0x11


@pytest.mark.parametrize("code", TRAMPOLINES)
def test_status_shows_what_became_of_a_processor(tmp_path, code):
    content, place = TRAMPOLINES[code]
    answers = debug(
        compiled(tmp_path, PROCESSORS), "baton break stage2", "continue",
        "python from baton_gdb.session import session, offset_of; "
        "from baton_gdb.memory import write_physical; handoff = session.handoff(); "
        f"write_physical(int(handoff['trampoline']) + {IDT_LOADED}, {content}); "
        "write_physical(session.values['handoff'] + offset_of('BatonHandoff', 'processor_wait_ms'), "
        "(100).to_bytes(4, 'little'))",
        "baton break fault", "continue # missing", "baton status", via="pvh", options=("--smp", "2"))
    assert places(answers["baton status"])[1:] == [place]


def test_no_breakpoint_where_no_processor_is_started():
    for place in ("ap-start", "ap-parked"):
        result = baton("debug", KERNEL, "--via", "pvh", "--smp", "2", "--break", place, "--batch")
        assert "no other processor is started" in result.stderr
        assert "cpu 1" not in result.stdout


# Two functions of 32-bit code at a virtual address that nothing maps at the entry.
CODE_OF_32_BITS = """
#define NOTE 4, 4, 18, 0x6e6558
__attribute__((section(".note.xen"), used, aligned(4))) static const unsigned note[] = {NOTE, 0x200000};
__attribute__((noinline)) int twice(int value) {
    volatile int kept = value;
    return kept + kept;
}
__attribute__((section(".text.first"))) void _start(void) {
    twice(21);
    for (;;)
        __asm__ volatile("hlt");
}
"""
SCRIPT_OF_32_BITS = """
ENTRY(_start)
PHDRS { all PT_LOAD FLAGS(7); note PT_NOTE FLAGS(4); }
SECTIONS {
    . = 0xc0200000;
    .text : AT(0x200000) { *(.text.first) *(.text*) *(.rodata*) *(.data*) } :all
    .note.xen : AT(ADDR(.note.xen) - 0xc0000000) { *(.note.xen) } :all :note
    /DISCARD/ : { *(.note.gnu*) *(.eh_frame) *(.comment) }
}
"""


def kernel_of_32_bits(folder: Path) -> Path:
    (folder / "my-kernel.c").write_text(CODE_OF_32_BITS)
    (folder / "kernel.ld").write_text(SCRIPT_OF_32_BITS)
    subprocess.run(["gcc", "-m32", "-g", "-O1", "-fno-omit-frame-pointer", "-ffreestanding", "-fno-pic",
                    "-no-pie", "-nostdlib", "-static", "-Wl,-T,kernel.ld", "-Wl,--build-id=none",
                    "-o", "my-kernel.elf", "my-kernel.c"], cwd=folder, check=True)
    return folder / "my-kernel.elf"


@pytest.mark.parametrize("via", ["pvh", pytest.param("uefi", marks=pytest.mark.long)])
def test_kernel_of_32_bits_is_debugged_at_its_physical_addresses(tmp_path, via):
    kernel = kernel_of_32_bits(tmp_path)
    answers = debug(kernel, "baton break kernel-entry", "continue", "bt", "baton status", "x/2i $pc",
                    "baton diff", "break twice", "continue # in twice", "bt # in twice", via=via,
                    options=("--timeout", "60"))
    assert re.search(r"^#0 +_start \(\) at my-kernel\.c:8$", answers["bt"], re.M), answers
    assert "in the kernel, at 0x200000\n" in answers["baton status"]
    assert re.search("^mode +32-bit protected mode, paging off$", answers["baton status"], re.M)
    assert "(bad)" not in answers["x/2i $pc"] and "%rbp" not in answers["x/2i $pc"]
    assert "%ebp" in answers["x/2i $pc"]
    assert "the kernel's image is as it should be" in answers["baton diff"]
    assert re.search(r"^#0 +(0x\w+ in )?twice .* at my-kernel\.c:\d+\n#1 +0x\w+ in _start \(.*\) at "
                     r"my-kernel\.c:9$", answers["bt # in twice"], re.M), answers["bt # in twice"]


@pytest.mark.long
def test_stage1_is_found_where_it_waits_for_a_debugger(tmp_path):
    """Without what the firmware tells: by the entry's `debug wait`."""
    answers = debug(
        KERNEL,
        "python import baton_gdb.uefi; " "baton_gdb.uefi.DebugImageInfo.find = lambda self: False",
        "baton break before-exit",
        "continue",
        "bt",
    )
    assert re.search("^#0 .*leave_firmware", answers["bt"], re.M), answers
    assert re.search("^#.* efi_main", answers["bt"], re.M)


@pytest.mark.long
def test_stage1_is_found_above_4_gib_on_a_machine_that_runs(boot, tmp_path):
    """By the firmware's table; it waits in its entry."""
    machine = boot(KERNEL, memory_mib=6144, plan="load-high 16\n",
                   files={"/loader/entries/a.conf": "kernel /baton/kernel.elf\ndebug wait\n"})
    base = int(machine.wait_for_debugcon(r"stage 1 for UEFI, at (0x\w+)$")[1], 16)
    assert base >= 4 * GIB
    machine.wait_for_debugcon(r"waiting for a debugger")
    machine.start_debug_server(tmp_path / "gdb")
    words = [word for command in ( f"source {artefacts.SOURCE}/tools/gdb/baton.py",
             f"baton attach {tmp_path}/gdb {KERNEL}", "baton status", "baton break before-exit",
             "continue", "bt", ) for word in ("-ex", command)]
    result = subprocess.run(
        ["gdb", "-q", "-nx", "-batch", *words], capture_output=True, text=True, timeout=200
    )
    assert f"stage 1   BOOTX64.EFI, loaded at {base:#x}\n" in result.stdout, (
        result.stdout + result.stderr
    )
    assert re.search(r"^#0 .*leave_firmware(.*\n)*#\d+ .* efi_main", result.stdout, re.M)


GUIDE = (artefacts.SOURCE / "docs/debugging.md").read_text(encoding="utf-8")
TRANSCRIPTS = re.findall(r"^```text\n\$ ./baton debug (.*)\n((?:.*\n)*?)```$", GUIDE, re.M)
PROGRAMS = {name: text
            for text, name in re.findall(r"^```c\n(/\* (\w+)\.c \*/\n(?:.*\n)*?)```$", GUIDE, re.M)}


def masked(text: str) -> list[str]:
    """Its lines, without numbers, the folders of files, and what GDB 13 and 16, or GCC 12 and 14, show
    in two ways: types of parameters beside the parameters, their order in a function that the compiler has
    changed, a function that is not known, and which line of a file an instruction is of."""
    text = re.sub(r"(?<=\w)\([^()\n]*\)(?= \()", "", text)
    text = re.sub(
        r"(?<= \()[^()\n]*=[^()\n]*(?=\) at )", lambda m: ", ".join(sorted(m[0].split(", "))), text
    )
    text = re.sub(r"\b(\w+)=\1@entry=", r"\1=", text)
    text = text.replace(" in ??? ()", " in  ()")
    text = re.sub(r"(?:[\w.-]*/)+(?=[\w-]+\.\w+)", "", text)
    text = re.sub(r"^Thread \d+ hit ", "", text, flags=re.M)
    text = re.sub(r"0x[0-9a-f]+|\d+", "N", text)
    text = re.sub(r"^N\t.*", "N\t", text, flags=re.M)
    return [re.sub(" +", " ", line).strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    "arguments, body", TRANSCRIPTS, ids=[line.split()[0] for line, _ in TRANSCRIPTS]
)
def test_guide_shows_what_a_session_shows(tmp_path, arguments, body):
    words = shlex.split(arguments)
    kernel = None
    if words[0].endswith(".elf"):
        name = words.pop(0).removesuffix(".elf")
        kernel = compiled(tmp_path, PROGRAMS[name], PIE if name == "linked" else FIXED,
                          name=f"{name}.elf", source_name=f"{name}.c")
    shown = re.split(r"^\(gdb\) (.*)\n", body, flags=re.M)
    parts = session(kernel, words, shown[1::2])
    for what, wanted, found in zip(["", *shown[1::2]], shown[::2], parts, strict=True):
        # Into how many ranges a map falls is the compiler's and the firmware's.
        kinds = set if what == "baton map" else list
        assert kinds(masked(found)) == kinds(masked(wanted)), what


def test_guide_shows_a_configuration_that_is_json():
    [text] = re.findall(r"^```json\n((?:.*\n)*?)```$", GUIDE, re.M)
    [configuration] = json.loads(text)["configurations"]
    assert configuration["MIMode"] == "gdb"


@pytest.mark.parametrize("released, with_symbols", [
                         (artefacts.LOADER, artefacts.LOADER.with_name("BOOTX64.EFI.debug")),
                         (artefacts.STAGE2, artefacts.STAGE2.with_suffix(".elf")), ])
def test_what_is_debugged_is_the_code_that_is_released(tmp_path, released, with_symbols):
    subprocess.run(
        ["objcopy", "-O", "binary", "-j", ".text", with_symbols, tmp_path / "code"], check=True
    )
    code = (tmp_path / "code").read_bytes()
    assert len(code) > 4096 and code in released.read_bytes()


def test_server_alone_tells_a_debugger_what_to_do(tmp_path):
    command = [artefacts.TOOL, "debug", KERNEL, "--via", "pvh", "--break", "kernel-entry",
               "--server-only"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    ) as server:
        try:
            server.stdout.readline()
            lines = [server.stdout.readline().rstrip() for _ in range(4)]
            assert lines[0].startswith("source ") and lines[1].startswith("baton attach "), lines
            assert lines[2:] == ["baton break kernel-entry", "continue"]
            words = [word for line in [*lines, "bt"] for word in ("-ex", line)]
            result = subprocess.run(
                ["gdb", "-q", "-nx", "-batch", *words], capture_output=True, text=True, timeout=100
            )
            assert re.search(r"^#0 +_start \(\)", result.stdout, re.M), (
                result.stdout + result.stderr
            )
        finally:
            server.terminate()
