# SPDX-License-Identifier: BSD-2-Clause
"""Copies of this checkout."""

import shutil
from pathlib import Path

import artefacts


def copy_sources(folder: Path) -> Path:
    """The checkout as `folder`, without what was built in it."""
    def left_out(directory, names):
        return {".git", "build"} if Path(directory) == artefacts.SOURCE else set()

    return Path(shutil.copytree(artefacts.SOURCE, folder, ignore=left_out))
