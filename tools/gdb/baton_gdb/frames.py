# SPDX-License-Identifier: BSD-2-Clause
"""Backtraces end where Baton was entered: the caller is firmware, about which nothing is known."""

import gdb

FIRST_FUNCTIONS = ("efi_main",)


class EndAtEntry:
    def __init__(self):
        self.name = "baton-entry"
        self.priority = 100
        self.enabled = True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        for frame in frames:
            yield frame
            if frame.inferior_frame().name() in FIRST_FUNCTIONS:
                return


EndAtEntry()
