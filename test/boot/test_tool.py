# SPDX-License-Identifier: BSD-2-Clause
"""What the tool `baton` does, verb by verb."""

import json
import re
import shlex
import subprocess
from xml.etree import ElementTree

import artefacts
import pytest
from decoders import needs_decoders
from elf import PF_R, PF_W, PF_X, Elf, Segment
from kernels import TOP_2_GIB, code_kernel
from machine import UBoot
from paths import Pvh
from tool import FAULTING, FIXED, HANGING, PIE, baton, compiled, line_of

SUCCEEDS = bytes.fromhex("b810000000 e7f4 ebfe")  # mov eax, 0x10; out 0xf4, eax; jmp $
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
VERBS = ("new", "check", "plan", "image", "bundle", "measure", "run", "debug", "explain")


NOT_EXECUTABLE = Elf([Segment(TOP_2_GIB, PF_R | PF_W, SUCCEEDS)], entry=TOP_2_GIB)
WRITE_EXECUTE = Elf([Segment(TOP_2_GIB, PF_R | PF_W | PF_X, SUCCEEDS)], entry=TOP_2_GIB)


@pytest.fixture
def kernel_file(tmp_path):
    def write(kernel: Elf):
        file = tmp_path / "my-kernel.elf"
        file.write_bytes(kernel.build())
        return file

    return write


def test_check_says_what_a_boot_would_log(boot):
    """Addresses that depend on the machine aside."""
    machine = boot(artefacts.REPORTER)
    machine.wait_for_exit()
    result = baton("check", artefacts.REPORTER)
    assert result.returncode == 0
    assert result.stdout.endswith("reporter.elf: can be booted, 0 warnings\n")
    logged = re.sub(r"^\[ *\d+ us\] ", "", machine.debugcon, flags=re.M)
    segments = re.findall("^segment .* at ", result.stdout, re.M)
    assert len(segments) >= 2 and segments == re.findall("^segment .* at ", logged, re.M)
    for line in (r"^kernel \S+(: .*, entry .*)$", "^(direct map at .*)$"):
        assert re.search(line, result.stdout, re.M)[1] == re.search(line, logged, re.M)[1]


@pytest.mark.parametrize("memory", [pytest.param(2560, marks=pytest.mark.long), 3072])
def test_check_takes_the_machine_that_run_starts(memory):
    """By what depends on it: the end of the memory and of the framebuffer."""
    line = "^.*(direct map at .*)\r?$"
    run = baton("run", artefacts.REPORTER, "--memory", memory, "--timeout", 60)
    check = baton("check", artefacts.REPORTER, "--memory", memory)
    assert run.returncode == 0 and check.returncode == 0
    assert re.search(line, run.stdout, re.M)[1] == re.search(line, check.stdout, re.M)[1]


def test_check_names_an_error_with_its_cause_and_fix(boot, kernel_file):
    machine = boot(NOT_EXECUTABLE, firmware=UBoot)
    machine.wait_for_firmware()
    result = baton("check", kernel_file(NOT_EXECUTABLE))
    assert result.returncode == 1
    error = re.search(r"^error: (\w+): (?:\S+: )?(.*)$", machine.serial, re.M)
    found = re.search(r"^error: (\w+): my-kernel.elf: (.*)\ncause: .+\nfix:  .+", result.stdout, re.M)
    assert found.groups() == error.groups()


def test_check_fails_for_a_warning_if_it_is_strict(kernel_file):
    file = kernel_file(WRITE_EXECUTE)
    result = baton("check", file)
    assert result.returncode == 0 and "warning: " in result.stdout
    assert "can be booted, 1 warning\n" in result.stdout
    assert baton("check", file, "--strict").returncode == 1


REQUESTING = """
#include <baton/boot_info.h>
BATON_REQUEST(BATON_REQUEST_STACK, 0, 262144, 0);
void _start(const BatonBootInfo* info) { (void)info; for (;;) __asm__("hlt"); }
"""
SCRIPT = """
ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); rodata PT_LOAD FLAGS(4); note PT_NOTE FLAGS(4); }
SECTIONS {
    . = 0xffffffff80000000;
    .text : { *(.text .text.*) } :text
    . = ALIGN(4096);
    .rodata : { *(.rodata .rodata.*) RODATA } :rodata
    NOTES
    /DISCARD/ : { *(.eh_frame* .comment .note.* .note) }
}
"""
KEPT = ".note : { *(.note.baton) } :rodata :note"


@pytest.mark.parametrize("rodata, notes, options, warning", [
    ("", KEPT, (), ""),
    ("", "", (), "the linker has discarded the kernel's requests"),
    ("", "", ("-g0", "-flto", "-O2"), "the linker has discarded the kernel's requests"),
    ("", "", ("-Wl,-s",), ""),
    ("*(.note.baton)", "", (), "1 request in no PT_NOTE, which the loader doesn't see, at offset 0x")],
    ids=["kept", "discarded", "optimised", "stripped", "no-pt-note"])
def test_check_warns_of_requests_that_the_linker_script_loses(tmp_path, rodata, notes, options, warning):
    """Discarded ones by a symbol: nothing else is left of them."""
    (tmp_path / "kernel.ld").write_text(SCRIPT.replace("RODATA", rodata).replace("NOTES", notes))
    kernel = compiled(tmp_path, REQUESTING, [*FIXED[:4], *options, "-Wl,-T,kernel.ld"])
    result = baton("check", kernel, "--strict")
    if not warning:
        assert result.returncode == 0 and "warning: " not in result.stdout, result.stdout
        return
    assert result.returncode == 1 and f"warning: {warning}" in result.stdout, result.stdout
    assert "give it a PT_NOTE program header" in result.stdout
    assert "can be booted, 1 warning\n" in result.stdout


def test_check_takes_the_memory_into_account(tmp_path):
    (tmp_path / "large.img").write_bytes(bytes(20 << 20))
    arguments = ["check", artefacts.REPORTER, "--module", tmp_path / "large.img", "--memory"]
    assert baton(*arguments, 64).returncode == 0
    result = baton(*arguments, 16)
    assert result.returncode == 1 and "error: out_of_memory: " in result.stdout


def test_plan_reads_memory_maps_as_linux_shows_them(tmp_path):
    log = tmp_path / "dmesg.txt"
    log.write_text("[    0.000000] BIOS-provided physical RAM map:\n"
                   "[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n"
                   "[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x0000000003ffffff] usable\n"
                   "[    0.000000] BIOS-e820: [mem 0x0000000004000000-0x0000000004000fff] ACPI NVS\n")
    iomem = tmp_path / "iomem.txt"
    iomem.write_text("00000000-0009fbff : System RAM\n00100000-03ffffff : System RAM\n"
                     "  01000000-01e00000 : Kernel code\n04000000-04000fff : ACPI Non-volatile\n")
    plans = [json.loads(baton("plan", artefacts.REPORTER, "--json", "--memory", file).stdout)
             for file in (log, iomem)]
    assert plans[0] == plans[1]
    assert plans[0]["physical"][-2]["type"] == "ACPI NVS"
    nothing = baton("plan", artefacts.REPORTER, "--memory", artefacts.SOURCE / "README.md")
    assert nothing.returncode == 1 and "memory map" in nothing.stderr


def test_plan_is_what_the_page_tables_say(tmp_path):
    """Every part's first page is in a range of the page tables, with the rights that it should have,
    and no two ranges overlap."""
    plan = json.loads(baton("plan", artefacts.REPORTER, "--json").stdout)
    ranges = plan["page_tables"]["ranges"]
    number = lambda text: int(text, 16)
    ends = 0
    for mapping in ranges:
        assert number(mapping["base"]) >= ends
        ends = number(mapping["base"]) + mapping["pages"] * mapping["page_bytes"]
    names = [part["what"] for part in plan["virtual"]]
    assert {"kernel stack", "guard page", "stage 2, code", "handoff record"} <= set(names)
    assert any(name.startswith("kernel, segment") and name.endswith("entry") for name in names)
    for part in plan["virtual"]:
        base = number(part["base"])
        holding = [m for m in ranges
                   if number(m["base"]) <= base < number(m["base"]) + m["pages"] * m["page_bytes"]]
        if part["what"] == "guard page":
            assert not holding
        else:
            [mapping] = holding
            assert mapping["access"] == part["access"]
            assert number(mapping["physical"]) + base - number(mapping["base"]) == number(
                part["physical"])
    memory = [(number(m["base"]), m["bytes"]) for m in plan["physical"]]
    assert memory == sorted(memory) and all(a + n <= b for (a, n), (b, _) in zip(memory, memory[1:]))
    assert {"kernel", "page tables", "stage 2", "kernel stack"} <= {m["what"] for m in plan["physical"]}


def test_plan_is_a_table_and_a_picture_too(tmp_path):
    table = baton("plan", artefacts.REPORTER).stdout
    picture = tmp_path / "plan.svg"
    assert baton("plan", artefacts.REPORTER, "--svg", "-o", picture).returncode == 0
    root = ElementTree.parse(picture).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    width, height = int(root.get("width")), int(root.get("height"))
    for part in json.loads(baton("plan", artefacts.REPORTER, "--json").stdout)["virtual"]:
        assert part["what"] in table and part["what"] in texts
        assert f"0x{int(part['base'], 16):016x}" in table
        assert f"0x{int(part['base'], 16):016x}" in texts
    for element in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 < int(element.get("x")) < width and 0 < int(element.get("y")) < height


def test_plan_of_what_cannot_be_booted_is_the_error(kernel_file):
    result = baton("plan", kernel_file(NOT_EXECUTABLE))
    assert result.returncode == 1 and result.stdout == "" and result.stderr.startswith("error: ")


def image(tmp_path, *arguments):
    """An image of the reporter with two modules of the same name, and what the reporter says."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a=b file.img").write_bytes(name.encode() * 1000)
    result = baton("image", artefacts.REPORTER, "-o", tmp_path / "out.img", "--module",
                   tmp_path / "one/a=b file.img", f"--module={tmp_path}/two/a=b file.img=the = text",
                   "--append", "a=\"1  2\"", "--append=b", *arguments)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return tmp_path / "out.img"


def expect_report(machine):
    machine.wait_for_exit()
    machine.wait_for_debugcon('report: kernel "/baton/boot/kernel.elf", command line "a="1  2" b", ')
    machine.wait_for_debugcon('report: module "/baton/0/a=b file.img" "", 3000 bytes')
    machine.wait_for_debugcon('report: module "/baton/1/a=b file.img" "the = text", 3000 bytes')


def test_image_is_a_disk_with_a_system_partition(boot_image, tmp_path):
    file = image(tmp_path)
    table = subprocess.run(["/sbin/sfdisk", "--dump", file], capture_output=True, text=True,
                           check=True)
    assert "label: gpt" in table.stdout and f"type={ESP}" in table.stdout
    verified = subprocess.run(["/sbin/sfdisk", "--verify", file], capture_output=True, text=True)
    assert "No errors detected" in verified.stdout
    expect_report(boot_image(file))


def test_iso_with_much_on_it_boots_from_a_cd_and_from_a_stick(boot_image, tmp_path):
    """El Torito counts the sectors of an image in 16 bits: 32 MiB."""
    (tmp_path / "large.img").write_bytes(bytes(48 << 20))
    file = image(tmp_path, "--iso", "--module", tmp_path / "large.img")
    for disk in ("cd", "usb"):
        machine = boot_image(file, disk)
        expect_report(machine)
        machine.wait_for_debugcon('report: module "/baton/2/large.img" "", 50331648 bytes')


def test_image_that_cannot_be_made_leaves_what_was_there(tmp_path):
    kernel = tmp_path / "kernel.elf"
    kernel.write_bytes(code_kernel(SUCCEEDS).build())
    output = tmp_path / "disk.img"
    output.write_text("what was there")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/mformat").write_text("#!/bin/sh\necho no room >&2; exit 1\n")
    (tmp_path / "bin/mformat").chmod(0o755)
    result = baton("image", kernel, "-o", output, env={"PATH": f"{tmp_path}/bin:/usr/bin"})
    assert result.returncode == 1
    assert result.stderr == "baton: mformat failed: no room\n"
    assert output.read_text() == "what was there"
    assert {file.name for file in tmp_path.iterdir()} == {"bin", "kernel.elf", "disk.img"}


@pytest.mark.parametrize("arguments, program, package", [
    (["image"], "mformat", "mtools"), (["image", "--iso"], "mformat", "mtools"),
    pytest.param(["image", "--compress=lz4"], "lz4", "lz4", marks=needs_decoders),
    pytest.param(["image", "--compress"], "zstd", "zstd", marks=needs_decoders),
    (["run"], "mformat", "mtools"),
    (["debug"], "mformat", "mtools")])
def test_missing_program_is_told_with_its_package(tmp_path, arguments, program, package):
    output = [] if arguments[0] in ("run", "debug") else ["-o", tmp_path / "x.img"]
    result = baton(*arguments, artefacts.REPORTER, *output,
                   env={"PATH": str(tmp_path)})
    assert result.returncode == 1
    assert f"there is no program {program}: install it (Debian package {package})" in result.stderr


@pytest.mark.parametrize("kind, flags, settings", [
    ("fixed", FIXED, []), ("pie", PIE, ["kaslr on"]), ("stripped", (*FIXED, "-g0", "-s"), [])])
def test_explain_finds_functions_and_lines(boot, tmp_path, kind, flags, settings):
    kernel = compiled(tmp_path, FAULTING, flags)
    entry = "\n".join(["kernel /baton/kernel.elf", "after-fault exit", *settings, ""])
    machine = boot(kernel, files={"/loader/entries/a.conf": entry}, firmware=Pvh)
    machine.wait_for_exit(37)
    log = tmp_path / "serial.log"
    log.write_text(machine.serial)
    result = baton("explain", log, "--kernel", kernel)
    assert result.returncode == 0, result.stderr
    assert "baton: fault: #PF page fault" in result.stdout
    if kind == "stripped":
        assert re.search(r"^rip    0x\w{16}  in my-kernel.elf, which has no symbol there$",
                         result.stdout, re.M)
        return
    lines = FAULTING.splitlines()
    number = {text: 1 + next(i for i, line in enumerate(lines) if text in line)
              for text in ("return *p", "peek(p + 4)", "= look(")}
    assert re.search(rf"^rip    0x\w{{16}}  peek at .*my-kernel.c:{number['return *p']}\n"
                     rf" +inlined in look at .*my-kernel.c:{number['peek(p + 4)']}\n"
                     rf"stack  0x\w{{16}}  _start at .*my-kernel.c:{number['= look(']}$",
                     result.stdout, re.M), result.stdout
    assert "is not the kernel" not in result.stdout

    # Pasted: the report alone, with another program's prefix, and from a pipe.
    report = re.search(r"^baton: fault.*^baton: end of report", machine.serial, re.M | re.S).group()
    pasted = "".join(f"12:00 serial| {line}\r\n" for line in report.splitlines())
    result_of_pasted = baton("explain", "--kernel", kernel, stdin=None, input=pasted)
    assert re.findall("^(?:rip|stack) .*", result_of_pasted.stdout, re.M) == re.findall(
        "^(?:rip|stack) .*", result.stdout, re.M)


def test_explain_notices_another_kernel(boot, tmp_path):
    kernel = compiled(tmp_path, FAULTING)
    machine = boot(kernel, firmware=Pvh, files={
        "/loader/entries/a.conf": "kernel /baton/kernel.elf\nafter-fault exit\n"})
    machine.wait_for_exit(37)
    other = compiled(tmp_path, FAULTING.replace("+ 1", "+ 2"), name="other.elf")
    result = baton("explain", "--kernel", other, stdin=None, input=machine.serial)
    assert "other.elf is not the kernel that faulted" in result.stdout


def test_explain_knows_stage2(tmp_path):
    """A made-up report, since stage 2 doesn't fault by itself: its entry point, at 5 MiB."""
    kernel = compiled(tmp_path, FAULTING)
    report = ("baton: fault: #UD invalid opcode, vector 6, in stage 2 + 0x{0:x}\n"
              "step   loading descriptor tables\n"
              "rip    0x{1:016x}  rflags 0x0000000000000002\n"
              "stack  0xffffffff80001001\nbaton: end of report: stopped\n")
    symbols = subprocess.run(["nm", artefacts.STAGE2.with_suffix(".elf")], capture_output=True,
                             text=True, check=True).stdout
    entry = int(re.search(r"^(\w+) \w stage2_entry64$", symbols, re.M)[1], 16)
    result = baton("explain", "--kernel", kernel, stdin=None,
                   input=report.format(entry, (5 << 20) + entry))
    assert re.search(rf"^rip    0x{(5 << 20) + entry:016x}  stage2_entry64 at .*entry64.asm:\d+$",
                     result.stdout, re.M), result.stdout


def test_explain_tells_cause_and_fix_of_an_error(boot, tmp_path):
    machine = boot(NOT_EXECUTABLE, firmware=Pvh)
    machine.wait_for_firmware()
    result = baton("explain", "--kernel", artefacts.REPORTER, stdin=None, input=machine.serial)
    assert result.returncode == 0
    name = re.search(r"error: (entry_\w+): ", machine.serial)[1]
    assert re.search(rf"^error: {name}: .*\ncause: .+\nfix:  .+", result.stdout, re.M)


def test_explain_says_that_there_is_nothing_to_explain(tmp_path):
    result = baton("explain", "--kernel", artefacts.REPORTER, stdin=None, input="all went well\n")
    assert result.returncode == 1 and result.stdout == ""
    assert "no fault report" in result.stderr


def test_run_explains_a_fault(tmp_path):
    result = baton("run", compiled(tmp_path, FAULTING), "--via", "pvh", "--timeout", 60)
    assert result.returncode == 1
    assert re.search("^rip .* peek at .*my-kernel.c:", result.stderr, re.M)


@pytest.mark.parametrize("path", ["uefi", "pvh", "microvm", "linux", "multiboot2-bios"])
def test_run_ends_at_once_with_an_error_of_the_loader(kernel_file, path):
    result = baton("run", kernel_file(NOT_EXECUTABLE), "--via", path, "--timeout", 60)
    assert result.returncode == 1
    assert "baton: the loader booted nothing\nerror: entry_not_executable: " in result.stderr
    assert result.stderr.count("\nfix: ") == 1
    assert "s no result" not in result.stderr and "kernel reported" not in result.stderr


def test_run_ends_with_an_error_from_before_there_are_settings(kernel_file):
    """Without them, the loader stops the machine instead of ending it."""
    result = baton("run", kernel_file(code_kernel(SUCCEEDS)), "--via=pvh", "--timeout=60", "--",
                   "-append", "after-fault=exit wx=maybe --")
    assert result.returncode == 1
    assert "baton: the loader booted nothing\nerror: boot_setting_unknown: " in result.stderr
    assert result.stderr.count("\nfix: ") == 1


def test_run_fails_where_grub_has_no_memory_for_a_module(kernel_file, tmp_path):
    with (tmp_path / "large.img").open("wb") as file:
        file.truncate(100 << 20)
    result = baton("run", kernel_file(code_kernel(SUCCEEDS)), "--via=multiboot2-bios", "--memory=64",
                   "--timeout=60", "--module", tmp_path / "large.img")
    assert result.returncode == 1
    assert "baton: GRUB could not start the loader\n" in result.stderr
    assert "out of memory" in result.stdout


def test_debug_ends_with_an_error_of_the_loader(kernel_file):
    result = baton("debug", kernel_file(NOT_EXECUTABLE), "--via=pvh", "--timeout=90", "--batch")
    assert result.returncode == 1
    assert "baton: the loader booted nothing\nerror: entry_not_executable: " in result.stderr


def test_run_says_by_the_watchdog_where_a_kernel_hangs(tmp_path):
    result = baton("run", compiled(tmp_path, HANGING, PIE), "--via=pvh", "--timeout=3")
    assert result.returncode == 1
    assert "baton: fault: watchdog, in kernel + " in result.stderr, result.stderr
    assert re.search(rf"^rip .* wait_for_flag at .*my-kernel.c:{line_of(HANGING, 'for ever')}\n"
                     r"(rflags.*\n|r.*\n)*stack .* begin at ", result.stderr, re.M), result.stderr


@pytest.mark.parametrize(("flags", "arguments"), [
    (PIE, ["--via=microvm", "--", "-append", "after-fault=exit kaslr=on log=memory --"]),
    (FIXED, ["--via=pvh", "--smp=2", "--", "-machine", "hpet=off"])], ids=["microvm", "pvh"])
def test_run_says_by_itself_where_a_kernel_hangs(tmp_path, flags, arguments):
    """The one machine has no timer for the watchdog, and the other no time. Where chance has put the
    kernel, it is recognised by its code, without a word of the log's."""
    result = baton("run", compiled(tmp_path, HANGING, flags), "--timeout=3", *arguments)
    assert result.returncode == 1
    assert "baton: no result within 3 s\nCPU 0  in the kernel, in a loop at 0x" in result.stderr
    assert "in which no register changes: it hangs" in result.stderr
    assert "slide" not in result.stdout
    for function, text in (("rip .* wait_for_flag", "for ever"), ("stack .* begin", "wait_for_flag();"),
                           ("stack .* _start", "first of all")):
        assert re.search(rf"^{function} at .*my-kernel.c:{line_of(HANGING, text)}$", result.stderr,
                         re.M), result.stderr


@pytest.mark.parametrize(("wait", "what"), [
    ("cli; hlt", "with interrupts off: it hangs"), ("sti; hlt", "it waits for an interrupt"),
    ("inc %%rcx", "registers change (rcx)")], ids=["halted", "idle", "loop"])
def test_run_tells_a_hang_from_work(tmp_path, wait, what):
    mask = "mov $0xff, %%al; out %%al, $0x21; out %%al, $0xa1"  # of the interrupt controllers
    source = (f'void _start(void) {{ __asm__ volatile("{mask}" : : : "rax"); '
              f'for (;;) __asm__ volatile("{wait}" : : : "rcx"); }}')
    kernel = compiled(tmp_path, source)
    result = baton("run", kernel, "--via=microvm", "--timeout=3")
    assert result.returncode == 1
    assert re.search(rf"^CPU 0  in the kernel, .*{re.escape(what)}", result.stderr, re.M), result.stderr
    assert re.search("^rip .* _start at .*my-kernel.c:1$", result.stderr, re.M), result.stderr


def test_run_says_where_a_triple_fault_was(tmp_path):
    source = """
struct __attribute__((packed)) { unsigned short limit; unsigned long base; } none;
__attribute__((noinline)) void fall(void) {
    __asm__ volatile("lidt %0" : : "m"(none));
    *(volatile int*)0x1238 = 1; /* the fault */
}
void _start(void) {
    fall(); /* here */
    for (;;)
        ;
}
"""
    result = baton("run", compiled(tmp_path, source), "--via=pvh", "--smp=2", "--timeout=60")
    assert result.returncode == 1
    assert ("baton: the guest triple-faulted\nCPU 0  in the kernel: there is no IDT: its limit is 0x0\n"
            in result.stderr)
    assert re.search(r"^rsp    0x\w{16}  cr2    0x0{12}1238  cr3    0x\w{16}$", result.stderr, re.M)
    for name, text in (("rip", "the fault"), ("stack", "here")):
        assert re.search(rf"^{name} .* at .*my-kernel.c:{line_of(source, text)}$", result.stderr,
                         re.M), result.stderr
    assert "CPU 1" not in result.stderr


def test_run_says_where_a_reset_was(tmp_path):
    source = """
void _start(void) {
    for (;;)
        __asm__ volatile("outb %0, %1" : : "a"((char)6), "d"((short)0xcf9));
}
"""
    result = baton("run", compiled(tmp_path, source), "--via=pvh", "--timeout=60")
    assert result.returncode == 1
    assert "baton: the guest reset without a result\nCPU 0  in the kernel\n" in result.stderr
    assert re.search("^rip .* _start at .*my-kernel.c:", result.stderr, re.M), result.stderr


def test_run_with_a_window_shows_the_example_kernel_for_the_whole_time():
    """And it succeeds at the end. The window itself is left out here."""
    result = baton("run", "--display", "--via=pvh", "--timeout=3", "--", "-display", "none")
    assert result.returncode == 0, result.stderr
    assert "Press a key to end" in result.stdout


def test_run_by_grub_refuses_what_would_arrive_as_something_else(tmp_path):
    result = baton("run", artefacts.REPORTER, "--via", "multiboot2", "--append", "it's",
                   cwd=tmp_path)
    assert result.returncode == 1
    assert "GRUB changes quotes and backslashes" in result.stderr


# Those of `run` and `debug` boot half a dozen times through the firmware.
@pytest.mark.parametrize("verb", [
    pytest.param(verb, marks=pytest.mark.long if verb in ("run", "debug") else ())
    for verb in VERBS])
def test_examples_of_help_work(tmp_path, verb):
    help_text = baton(verb, "--help").stdout
    examples = re.findall(rf"^  \S*baton (.*)$", help_text, re.M)
    assert len(examples) >= 2 and any(example.startswith(verb) for example in examples)
    kernel = compiled(tmp_path, FAULTING) if verb == "explain" else tmp_path / "my-kernel.elf"
    if verb == "explain":
        (tmp_path / "serial.log").write_text(
            baton("run", kernel, "--via", "pvh", "--timeout", 60).stdout)
    else:
        kernel.write_bytes(code_kernel(SUCCEEDS).build())
    (tmp_path / "initrd.img").write_text("content")
    for example in examples:
        command = f"{shlex.quote(str(artefacts.TOOL))} {example}".replace(
            "| baton ", f"| {shlex.quote(str(artefacts.TOOL))} ")
        is_server = example.endswith("--server-only")  # it waits for debuggers
        result = subprocess.run(["bash", "-c", command + (" --timeout 1" if is_server else "")],
                                cwd=tmp_path, capture_output=True, timeout=120,
                                stdin=subprocess.DEVNULL)
        assert result.returncode == is_server, result.stderr.decode(errors="replace")


def test_manual_has_every_option_and_no_mistake():
    page = artefacts.BUILD / "tools/baton/baton.1"
    formatted = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True,
                               env={"MANWIDTH": "200", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})
    if formatted.returncode == 0:
        assert formatted.stderr == ""
    text = page.read_text().replace("\\", "")
    for verb in VERBS:
        for option in re.findall(r"--[a-z-]+", baton(verb, "--help").stdout):
            assert option in text, (verb, option)


def completed(tmp_path, *words):
    """What Bash offers for the last of the words."""
    script = (f"source {artefacts.BUILD}/tools/baton/baton.bash; COMP_WORDS=({shlex.join(words)}); "
              f"COMP_CWORD={len(words) - 1}; _baton; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    return subprocess.run(["bash", "-euc", script], cwd=tmp_path, capture_output=True, text=True,
                          check=True).stdout.split()


def test_bash_completes_verbs_options_and_files(tmp_path):
    (tmp_path / "kernel.elf").touch()
    assert set(completed(tmp_path, "baton", "")) == {"help", *VERBS}
    assert completed(tmp_path, "baton", "im") == ["image"]
    for verb in VERBS:
        wanted = set(re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", baton(verb, "--help").stdout, re.M))
        assert set(completed(tmp_path, "baton", verb, "--")) == wanted
    assert completed(tmp_path, "baton", "run", "ker") == ["kernel.elf"]
    assert set(completed(tmp_path, "baton", "run", "--set", "kaslr")) == {"kaslr=on", "kaslr=off"}
    assert completed(tmp_path, "baton", "explain", "--kernel", "k") == ["kernel.elf"]
