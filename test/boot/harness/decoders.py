# SPDX-License-Identifier: BSD-2-Clause
"""Tests that need the decoders of zstd and LZ4, which a loader can be built without."""

import artefacts
import pytest

needs_decoders = pytest.mark.skipif(set(artefacts.DECODERS) != {"zstd", "lz4"},
                                    reason="the loader was built without a decoder")
