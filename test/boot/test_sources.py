# SPDX-License-Identifier: BSD-2-Clause
"""Where the sources of the decoders come from."""

import os
import subprocess
from pathlib import Path

import artefacts

FETCH = artefacts.SOURCE / "cmake/fetch_sources.sh"


def without_network(tmp_path: Path) -> dict[str, str]:
    program = tmp_path / "bin/apt-get"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 100\n")
    program.chmod(0o755)
    return os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_sources_that_cannot_be_fetched_are_told_with_the_way_out(tmp_path):
    result = subprocess.run(
        ["cmake", "-G", "Ninja", "-S", artefacts.SOURCE, "-B", tmp_path / "build",
         f"-DBATON_UPSTREAM_SOURCES={tmp_path}/sources"],
        env=without_network(tmp_path), capture_output=True, text=True)
    assert result.returncode != 0
    told = " ".join(result.stderr.split())
    assert "The sources of zstd and LZ4 can't be fetched with apt-get" in told
    assert "-DBATON_UPSTREAM_SOURCES=the folder that holds them" in told
    assert not list((tmp_path / "sources").iterdir())  # nor is there half of one


def test_sources_that_are_there_are_not_fetched(tmp_path):
    for package in ("libzstd", "lz4"):
        (tmp_path / "sources" / package).mkdir(parents=True)
    subprocess.run([FETCH, tmp_path / "sources", "libzstd", "lz4"], check=True,
                   env=without_network(tmp_path))
