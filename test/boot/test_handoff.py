# SPDX-License-Identifier: BSD-2-Clause
"""Stage 2 called by somebody else than Baton's stage 1: the relay kernel, a foreign caller, hands
over once more with a record of its own."""

import artefacts
import pytest

RELAY = artefacts.BUILD / "test/boot/relay/relay.elf"
FAULT_EXIT_STATUS = 2 * 42 + 1  # isa-debug-exit makes it of the record's exit_value
WISH_LA57 = artefacts.BUILD / "test/boot/relay/relay-la57.elf"


def start(boot, mode: str, kernel=RELAY, **options):
    entry = f"kernel /relay.elf\noptions {mode}\n"
    return boot(None, files={"/loader/entries/relay.conf": entry, "/relay.elf": kernel}, **options)


def test_stage2_refuses_a_record_it_does_not_know_and_gives_it_back(boot):
    machine = start(boot, "refuse")
    machine.wait_for_exit()
    machine.wait_for_debugcon("^relay: PASS")


def test_stage2_copies_a_segment_and_zeroes_the_rest_and_nothing_else(boot):
    machine = start(boot, "copy")
    machine.wait_for_exit()
    machine.wait_for_debugcon("^relay: PASS")


def test_stage2_reports_a_fault_while_copying_and_leaves_qemu_if_asked(boot):
    machine = start(boot, "fault")
    machine.wait_for_exit(FAULT_EXIT_STATUS)
    report = r"^baton: exception #PF, vector 0xe, error code 0x2, .*cr2 0xfffff0{11}, .*step copy"
    machine.wait_for_debugcon(report)
    machine.wait_for_serial(report)


@pytest.mark.parametrize("kernel", [RELAY, WISH_LA57], ids=["from 4 to 5", "from 5 to 4"])
def test_stage2_changes_the_number_of_paging_levels(boot, kernel):
    machine = start(boot, "levels", kernel)
    machine.wait_for_exit()
    machine.wait_for_debugcon("^relay: PASS")
