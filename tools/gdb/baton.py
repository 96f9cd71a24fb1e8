# SPDX-License-Identifier: BSD-2-Clause
"""Commands and pretty printers for GDB 12 or later: `source baton.py`, then `help baton`.

docs/debugging.md is a walk-through."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent.absolute()))

import baton_gdb.commands  # noqa: E402, F401
import baton_gdb.frames  # noqa: E402, F401
import baton_gdb.mode32  # noqa: E402, F401
import baton_gdb.printers  # noqa: E402, F401
