# SPDX-License-Identifier: BSD-2-Clause
"""The same kernels, unmodified, over every way to start Baton: paths × promises, and what a path can't
give is what docs/boot-protocol.md says."""

import pytest

import artefacts
from paths import PATHS
from test_protocol import PLACEMENTS

DOCUMENT = (artefacts.SOURCE / "docs/boot-protocol.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["minus-2g", "1m", "pie", "write-execute"])
def test_kernel_by(expect_conformance, path, name):
    expect_conformance(name, PLACEMENTS[name] + ",seed-processor,svm,identity-mappings:3",
                       firmware=PATHS[path], words="fill")
