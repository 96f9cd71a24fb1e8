# SPDX-License-Identifier: BSD-2-Clause
"""The seeds that the other files here make, by fuzz target and name."""

SEEDS: dict[str, dict[str, bytes]] = {}


def seed(target: str, name: str, content: bytes) -> None:
    seeds = SEEDS.setdefault(target, {})
    assert name not in seeds
    seeds[name] = content
