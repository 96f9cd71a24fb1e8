#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks sources with clang-format, clang-tidy and shellcheck. `./baton lint` calls it, after it has
made the lists of compiler calls and the generated headers.

    lint.py BUILD [--all | --since COMMIT]

Without options it checks what changed since the main branch: since the commit where HEAD left `main`
or `origin/main`. On the main branch itself it checks what isn't committed, else the last commit.

A changed header is checked through a source that includes it. A source that was clean is not
checked again until something changes that it depends on: BUILD/lint/clean/ has a file for each.
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
# The unit tests are left out: GoogleTest's headers make each of them take a minute.
LINTED = re.compile(r"(common|stage1|stage1-efi|stage1-pvh|stage2-stub|kernel|tools|test/boot|test/bench|test/fuzz)/.*\.(c|cpp)")
# Released headers stay as they were.
FROZEN = re.compile(r"test/released/.*\.h")
SHELL = re.compile(r"baton|\.ci/run|.*\.sh")  # `baton` includes all *.bash
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>|(\w))', re.MULTILINE)
TIDY, FORMAT = "clang-tidy-19", "clang-format-19"
# States that the analyzer looks at in a function, where all sources are checked: a quarter of its
# default, which it keeps for the few that changed. It takes a third of the time, and large functions
# alone reach the limit.
SHALLOW = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=60000")]


def git(*arguments: str) -> str:
    """What git prints; "" where it fails."""
    result = subprocess.run(["git", "-C", SOURCE, *arguments], capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else ""


def base_of_changes() -> str:
    """The commit to compare with; "" where there is none."""
    head = git("rev-parse", "HEAD")
    for branch in ("main", "origin/main"):
        base = git("merge-base", "HEAD", branch)
        if base and base != head:
            return base
    return head if git("status", "--porcelain") else git("rev-parse", "--verify", "--quiet", "HEAD~1")


def changed_since(commit: str) -> set[str]:
    changed = git("diff", "--name-only", "--diff-filter=d", commit, "--")
    return set(changed.splitlines()) | set(git("ls-files", "--others", "--exclude-standard").splitlines())


def every_file() -> set[str]:
    found = set()
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__")
                      and not (Path(folder) == SOURCE and name.startswith("build"))]
        found |= {str((Path(folder) / name).relative_to(SOURCE)) for name in names}
    return found


class Source:
    """A source that clang-tidy reads, with its compiler call."""

    def __init__(self, name: str, entry: dict):
        self.name = name
        # What clang doesn't know: an option of GCC's, and a header compiled by GCC.
        command = re.sub(r" -fno-gnu-unique\b| -malign-data=abi\b| -Winvalid-pch -include \S+/cmake_pch\.hxx\b", "",
                         entry["command"])
        self.entry = entry | {"command": command}
        words = shlex.split(command)
        folders = [word[2:] for word in words if word.startswith("-I") and len(word) > 2]
        folders += [following for word, following in zip(words, words[1:]) if word in ("-I", "-isystem")]
        self.folders = tuple(os.path.join(entry["directory"], folder) for folder in folders)
        self.files, self.known = closure(entry["file"], self.folders)

    def key(self, settings: str) -> str:
        """Differs as soon as anything differs that clang-tidy's findings depend on; "" if that can't
        be said."""
        if not self.known or not settings:
            return ""
        parts = [settings, self.entry["command"], *(f"{file} {digest(file)}" for file in sorted(self.files))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@functools.cache
def digest(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


@functools.cache
def includes(file: str) -> tuple[tuple[str, bool], ...] | None:
    """The names that a file includes, and whether in quotes; None: one is the result of a macro."""
    found = INCLUDE.findall(Path(file).read_text(encoding="utf-8", errors="replace"))
    if any(macro for _, _, macro in found):
        return None
    return tuple((quoted or angled, bool(quoted)) for quoted, angled, _ in found)


@functools.cache
def is_file(path: str) -> bool:
    return os.path.isfile(path)


def closure(file: str, folders: tuple[str, ...]) -> tuple[set[str], bool]:
    """All files that `file` may include, whichever #if they are in and whichever folder is searched
    first, but for the system's; and whether these are all."""
    files, waiting, known = set(), [file], True
    while waiting:
        name = waiting.pop()
        if name in files:
            continue
        files.add(name)
        names = includes(name)
        known = known and names is not None
        for included, quoted in names or ():
            for folder in ((os.path.dirname(name),) if quoted else ()) + folders:
                path = os.path.normpath(os.path.join(folder, included))
                if not path.startswith("/usr/") and is_file(path):
                    waiting.append(path)
    return files, known


def read_sources(build: Path) -> list[Source]:
    """Each source once, as it is compiled first: for the target where it is compiled for the host,
    too."""
    sources = {}
    for database in (build / "compile_commands.json", build / "fuzz/compile_commands.json"):
        for entry in json.loads(database.read_text()):
            name = os.path.relpath(entry["file"], SOURCE)
            if LINTED.fullmatch(name) and name not in sources and os.path.isfile(entry["file"]):
                sources[name] = Source(name, entry)
    return list(sources.values())


def choose(sources: list[Source], changed: set[str]) -> list[Source]:
    """The changed sources, and one for each changed header that none of them includes: its own, or
    the one that includes least."""
    chosen = {source.name: source for source in sources if source.name in changed}
    seen = {file for source in chosen.values() for file in source.files}
    for header in sorted(name for name in changed if re.fullmatch(r".*\.(h|hpp|inc|def)", name)):
        path = str(SOURCE / header)
        users = [source for source in sources if path in source.files]
        if path not in seen and users:
            best = min(users, key=lambda source: (Path(source.name).stem != Path(header).stem,
                                                  len(source.files), source.name))
            chosen[best.name] = best
            seen |= best.files
    return list(chosen.values())


def settings() -> str:
    """What the findings depend on, but for the sources: version, configuration, and the system's
    headers, as their packages have versions."""
    if not shutil.which("dpkg-query"):
        return ""
    packages = subprocess.run(["dpkg-query", "--show"], capture_output=True, text=True, check=True).stdout
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    configuration = (SOURCE / ".clang-tidy").read_text() + Path(__file__).read_text()
    return hashlib.sha256((packages + version + configuration).encode()).hexdigest()


def tidy_one(source: Source, folder: Path, options: list[str]) -> tuple[bool, str]:
    result = subprocess.run([TIDY, "-quiet", "-p", folder, *options, source.entry["file"]],
                            capture_output=True, text=True, errors="replace")
    # It counts warnings in the standard library's headers, which nobody wants to know.
    lines = [line for line in (result.stdout + result.stderr).splitlines()
             if not re.fullmatch(r"\d+ warnings? generated\.", line)]
    return result.returncode == 0 and not lines, "\n".join(lines)


def tidy(sources: list[Source], build: Path, options: list[str]) -> bool:
    folder, clean = build / "lint", build / "lint/clean"
    clean.mkdir(parents=True, exist_ok=True)
    (folder / "compile_commands.json").write_text(json.dumps([source.entry for source in sources]))
    state = settings()
    state = state and " ".join([state, *options])
    keys = {source.name: source.key(state) for source in sources}
    known = {file.name for file in clean.iterdir()}
    waiting = [source for source in sources if keys[source.name] not in known]
    # What takes longest comes first, so that the last ones are short.
    waiting.sort(key=lambda source: -sum(os.path.getsize(file) for file in source.files))
    print(f"baton: clang-tidy: {len(waiting)} sources to check, "
          f"{len(sources) - len(waiting)} clean as before", file=sys.stderr, flush=True)
    good = True
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = {pool.submit(tidy_one, source, folder, options): source for source in waiting}
        for future in concurrent.futures.as_completed(futures):
            fine, text = future.result()
            if text:
                print(text, flush=True)
            if fine and (key := keys[futures[future].name]):
                (clean / key).touch()
            good = good and fine
    for file in clean.iterdir():
        if file.stat().st_mtime < time.time() - 30 * 86400:
            file.unlink()
    return good


def succeeds(*command: str) -> bool:
    return subprocess.run(command, cwd=SOURCE).returncode == 0


def check(build: Path, changed: set[str], everything: bool) -> bool:
    """Prints what is found; true where that is nothing."""
    changed = {name for name in changed if not FROZEN.fullmatch(name) and (SOURCE / name).is_file()}
    good = True
    scripts = sorted({"baton" if name.endswith(".bash") else name
                      for name in changed if SHELL.fullmatch(name) or name.endswith(".bash")})
    if scripts:
        good = succeeds("shellcheck", "-x", *scripts) and good
    formatted = sorted(name for name in changed if re.fullmatch(r".*\.[ch](pp)?", name))
    if formatted:
        good = succeeds(FORMAT, "--dry-run", "-Werror", *formatted) and good
    sources = read_sources(build)
    if not everything and ".clang-tidy" not in changed:
        sources = choose(sources, changed)
    return tidy(sources, build, SHALLOW if everything else []) and good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true")
    what.add_argument("--since", metavar="COMMIT")
    given = parser.parse_args()
    base = "" if given.all else given.since or base_of_changes()
    if base and not git("rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"):
        print(f"baton: there is no commit {base}", file=sys.stderr)
        return 2
    changed = changed_since(base) if base else every_file()
    return 0 if check(given.build, changed, not base) else 1


if __name__ == "__main__":
    sys.exit(main())
