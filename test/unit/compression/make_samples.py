# SPDX-License-Identifier: BSD-2-Clause
"""A file, and what the command line tools of zstd and LZ4 make of it: make_samples.py FOLDER"""

import pathlib
import random
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
numbers = random.Random(7)
WORDS = [numbers.randbytes(numbers.randrange(2, 24)) for _ in range(400)]
# Words, a block of equal bytes, one that can't be compressed, and one of literals only.
PLAIN = b"".join(numbers.choices(WORDS, k=30_000)) + bytes(200_000) + numbers.randbytes(70_000) \
    + bytes(numbers.choices(range(50), range(50), k=140_000))
assert len(PLAIN) > 600_000
(folder / "plain").write_bytes(PLAIN)
(folder / "first").write_bytes(PLAIN[:300_001])
(folder / "second").write_bytes(PLAIN[300_001:])


def make(name, *command, source=None):
    """By way of pipes a compressor doesn't know the size in advance."""
    source = source or (folder / "plain").open("rb")
    (folder / name).write_bytes(
        subprocess.run(command, stdin=source, check=True, stdout=subprocess.PIPE).stdout)


def join(name, *parts):
    (folder / name).write_bytes(b"".join((folder / part).read_bytes() for part in parts))


def of_file(name, *command, source="plain"):
    output = ["-o"] if command[0] == "zstd" else []
    subprocess.run([*command, folder / source, *output, folder / name], check=True)


of_file("sized.zst", "zstd", "-qf", "-19")
of_file("fast.zst", "zstd", "-qf", "--fast=5", "--no-check")
of_file("one.zst", "zstd", "-qf", "-1", "--no-check", "--no-content-size")
make("unsized.zst", "zstd", "-qc")
make("unsized_long.zst", "zstd", "-qc", "--ultra", "-22", "--long=27", "--no-check")
of_file("first.zst", "zstd", "-qf", source="first")
of_file("second.zst", "zstd", "-qf", source="second")
join("frames.zst", "first.zst", "second.zst")
SKIPPABLE = bytes.fromhex("502a4d18 03000000 616263")
(folder / "skippable.zst").write_bytes(SKIPPABLE + (folder / "sized.zst").read_bytes() + SKIPPABLE)
of_file("sized.lz4", "lz4", "-qf9", "--content-size")
of_file("unsized.lz4", "lz4", "-qf")
of_file("linked.lz4", "lz4", "-qf", "-BD", "-B4", "-BX")
of_file("small.lz4", "lz4", "-qf", "-B5", "--no-frame-crc")
of_file("first.lz4", "lz4", "-qf", "-B4", source="first")
of_file("second.lz4", "lz4", "-qf", "--content-size", source="second")
join("frames.lz4", "first.lz4", "second.lz4")
(folder / "skippable.lz4").write_bytes(SKIPPABLE + (folder / "sized.lz4").read_bytes() + SKIPPABLE)
make("nothing.zst", "zstd", "-qc", source=subprocess.DEVNULL)
make("nothing.lz4", "lz4", "-qc", source=subprocess.DEVNULL)

# Each length has an end of its own, for what takes several bytes at once.
LENGTHS = [PLAIN[:length] for length in range(72)]
(folder / "lengths").write_bytes(b"".join(LENGTHS))
for name, *command in [("lengths.zst", "zstd", "-qc"), ("lengths.lz4", "lz4", "-qcBX")]:
    (folder / name).write_bytes(b"".join(
        subprocess.run(command, input=content, check=True, stdout=subprocess.PIPE).stdout
        for content in LENGTHS))
