# SPDX-License-Identifier: BSD-2-Clause
"""The documents as one set: an index, links that lead somewhere, names that exist, one width, and the
words that people read."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import artefacts
import pytest

SOURCE = artefacts.SOURCE
DOCS = SOURCE / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
README = SOURCE / "README.md"
COLUMNS = 100
TABLE_COLUMNS = 120  # a row can't be wrapped

# Words and phrases that a reader stumbles over, and what to write instead.
WORDS = {
    r"wish(?:es|ed)?": "request",
    r"cures?": "fix",
    r"last words": "crash record",
    r"claims?": "memory range",
    r"tells?|told": "says, shows, reports",
    r"(?:go(?:es)?) over": "overrides",
    r"behind": "after",
    r"at the most|at the least": "at most, at least",
    r"anew": "again",
    r"besides": "also",
    r"put right": "fix; clean",
    r"room for": "buffer, capacity, space",
    r"who(?:ever)? starts Baton": "what starts Baton",
    r"of (?:the )?[\w-]+'s(?=[,.;:)]|$)": "the X's Y",
}


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    """Markdown without its blocks of code, whose lines are left empty."""
    blank = lambda block: "\n" * block[0].count("\n")
    return re.sub(r"^```.*?^```$", blank, text, flags=re.M | re.S)


def found_words(text: str) -> list[str]:
    return [f"{match[0]!r} in {text[max(0, match.start() - 40):match.end() + 20]!r}: write {better}"
            for word, better in WORDS.items()
            for match in re.finditer(rf"\b(?:{word})(?!\w)", text, re.I | re.M)]


@pytest.mark.parametrize("file", [README, *PAGES], ids=lambda file: file.name)
def test_documents_have_plain_words(file):
    assert found_words(without_code(text_of(file))) == []


@pytest.mark.parametrize("table", ["errors", "settings", "requests"])
def test_tables_of_texts_have_plain_words(table):
    text = text_of(SOURCE / f"common/core/{table}.def")
    texts = " ".join(re.findall(r'"((?:[^"\\]|\\.)*)"', re.sub(r'"\s*\n\s*"', "", text)))
    assert found_words(texts) == []


def help_texts() -> dict[str, str]:
    def printed(*command) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    tool = printed(artefacts.TOOL, "--help")
    verbs = re.findall(r"^  (\w+) {2,}", tool.split("Verbs:")[1], re.M)
    assert "check" in verbs and "run" in verbs
    return ({"./baton help": printed(SOURCE / "baton", "help"), "baton --help": tool} |
            {f"baton {verb} --help": printed(artefacts.TOOL, verb, "--help") for verb in verbs})


def test_help_has_plain_words_and_defaults():
    for command, text in help_texts().items():
        assert found_words(text) == [], command
        assert "without it" not in re.sub("OVMF\\) or without it", "", text), command


def test_each_page_is_in_the_index_and_begins_with_its_reader():
    index = text_of(DOCS / "README.md")
    linked = set(re.findall(r"^- \[.*?\]\((.*?)\)", index, re.M))
    assert linked == {str(page.relative_to(DOCS)) for page in PAGES} - {"README.md"}
    for page in PAGES:
        title, _, first = text_of(page).partition("\n\n")
        assert title.startswith("# ") and first.startswith("For "), page.name


@pytest.mark.parametrize("file", [README, *PAGES], ids=lambda file: file.name)
def test_lines_of_documents_are_wrapped(file):
    for number, line in enumerate(without_code(text_of(file)).splitlines(), 1):
        most = TABLE_COLUMNS if line.startswith("|") else COLUMNS
        assert len(line) <= most, f"{file.name}:{number}"


def anchors_of(text: str) -> set[str]:
    """As GitHub makes them of titles."""
    titles = re.findall(r"^#+ (.*)$", without_code(text), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("file", [README, *PAGES], ids=lambda file: file.name)
def test_links_of_documents_lead_somewhere(file):
    links = re.findall(r"\]\(([^)\s]+)\)", without_code(text_of(file)))
    for link in links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = file.parent / path if path else file
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(text_of(target)), link


def test_readme_is_short_and_counts_right():
    text = text_of(README)
    assert len(text.splitlines()) <= 100
    promises = sum(int(last or first) - int(first) + 1 for page in PAGES for first, last in re.findall(
        r"\*\*[A-Z](\d+)(?: – [A-Z](\d+))?\*\*", text_of(page)))
    errors = len(re.findall(r"^BATON_ERROR\(", text_of(SOURCE / "common/core/errors.def"), re.M))
    assert f"{promises} numbered promises" in text
    assert f"{errors} named errors" in text


ARCHITECTURE = without_code(text_of(DOCS / "architecture.md"))
ARCHITECTURE_WORDS = " ".join(ARCHITECTURE.split())


def has_function(file: str, name: str) -> bool:
    """C++ and assembly: a name before a parenthesis or a colon."""
    return re.search(rf"(?<![\w.]){name}(?:\(|:)", text_of(SOURCE / file)) is not None


def test_walk_of_the_architecture_names_functions_that_are_there():
    [walk] = re.findall(r"^## The walk\n(.*?)^## ", ARCHITECTURE, re.M | re.S)
    lines = re.findall(r"^\d+\..*$", walk, re.M)
    steps = [re.fullmatch(r"(\d+)\. .+ — `([\w./-]+)`: `(\w+)`", line) for line in lines]
    assert all(steps), "N. what happens — `path/file.cpp`: `function`"
    assert [int(step[1]) for step in steps] == list(range(1, len(steps) + 1))
    assert steps[0][3] == "efi_main" and len(steps) >= 10
    for step in steps:
        assert has_function(step[2], step[3]), step[0]


def test_functions_that_the_architecture_names_are_there():
    for file, function in re.findall(r"`([\w./-]+\.\w+)`: `(\w+)`", ARCHITECTURE_WORDS):
        assert has_function(file, function), f"{file}: {function}"


def test_paths_that_the_architecture_names_are_there():
    made = {"build"}
    for path in re.findall(r"`([\w.-]+/[\w./-]*)`", ARCHITECTURE_WORDS):
        if path.split("/")[0] not in made and "NAME" not in path:
            assert (SOURCE / path).exists(), path
    for room in (SOURCE / "common").iterdir():
        assert not room.is_dir() or room.name == "asm" or f"`common/{room.name}/`" in ARCHITECTURE, room


def test_picture_of_a_boot_can_be_made_again(tmp_path):
    script = DOCS / "pictures/boot_picture.py"
    made = tmp_path / "boot.svg"
    result = subprocess.run([sys.executable, script, artefacts.TOOL, made], capture_output=True,
                            text=True, timeout=200)
    assert result.returncode == 0, result.stderr
    for file in (made, DOCS / "pictures/boot.svg"):
        lines = ["".join(element.itertext()) for element in ElementTree.parse(file).iter()
                 if element.tag.endswith("text")]
        assert lines[0] == "$ ./baton run"
        assert any("Baton" in line for line in lines)
        assert lines[-1].endswith("the kernel reported success")
