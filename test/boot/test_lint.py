# SPDX-License-Identifier: BSD-2-Clause
"""What ./baton lint looks at, in a small checkout with programs that only say that they were called."""

import json
import os
import re
import shutil
import subprocess

import artefacts
import pytest

SOURCES = {
    "common/core/text.cpp": '#include "core/text.hpp"\n',
    "common/core/text.hpp": '#include "core/word.hpp"\n',
    "common/core/word.hpp": "#include <cstdint>\n",
    "common/plan/plan.cpp": '#include "core/text.hpp"\n#include "core/made.hpp"\n',
    "kernel/kernel.cpp": "int main() {}\n",
    "test/unit/plan_test.cpp": '#include "core/text.hpp"\n',
    "test/released/0.0.1/boot_info.h": "int  a ;\n",
    "baton": "#!/bin/sh\n",
    ".clang-tidy": "Checks: '*'\n"}
TIDY = r"""#!/bin/sh
for file; do :; done
[ "$file" = --version ] && { echo "version $VERSION"; exit 0; }
echo "options $*" >>"$CALLS"
echo "tidy ${file#$PWD/}" >>"$CALLS"
grep -q BAD "$file" || exit 0
echo "$file:1: error: BAD"
exit 1
"""
OTHER = '#!/bin/sh\necho "${0##*/} $*" >>"$CALLS"\n'


class Checkout:
    def __init__(self, folder, programs):
        self.folder = folder
        self.calls = folder.parent / "calls"
        for name, text in SOURCES.items():
            self.write(name, text)
        (folder / "tools").mkdir()
        shutil.copy(artefacts.SOURCE / "tools/lint.py", folder / "tools")
        self.write("build/include/core/made.hpp", "")
        self.compile_calls("build", "common/core/text.cpp", "common/plan/plan.cpp", "kernel/kernel.cpp",
                           "test/unit/plan_test.cpp", "common/core/text.cpp")
        self.compile_calls("build/fuzz", "common/plan/plan.cpp")
        programs.mkdir()
        for name, text in {"clang-tidy-19": TIDY, "clang-format-19": OTHER, "shellcheck": OTHER}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self.environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "CALLS": str(self.calls),
                                         "VERSION": "1"}
        self.write(".gitignore", "/build\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()
        self.git("checkout", "--quiet", "-b", "mine")

    def write(self, name: str, text: str):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def compile_calls(self, build: str, *names: str):
        self.write(f"{build}/compile_commands.json", json.dumps([
            {"directory": str(self.folder / "build"), "file": str(self.folder / name),
             "command": f"c++ -I{self.folder}/common -Iinclude -fno-gnu-unique -c {name}"} for name in names]))

    def git(self, *arguments: str):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments],
                       cwd=self.folder, check=True, capture_output=True)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x")

    def lint(self, *arguments: str) -> subprocess.CompletedProcess:
        self.calls.write_text("")
        return subprocess.run(["python3", "tools/lint.py", "build", *arguments], cwd=self.folder,
                              env=self.environment, capture_output=True, text=True)

    def tidied(self, *arguments: str) -> set[str]:
        result = self.lint(*arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        calls = re.findall(r"^tidy (.*)$", self.calls.read_text(), re.M)
        assert len(calls) == len(set(calls)), "each once"
        return set(calls)


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path / "baton", tmp_path / "programs")


ALL = {"common/core/text.cpp", "common/plan/plan.cpp", "kernel/kernel.cpp"}


def test_lint_checks_each_source_once_and_no_unit_test(checkout):
    assert checkout.tidied("--all") == ALL
    called = checkout.calls.read_text()
    assert "shellcheck -x baton\n" in called
    assert "common/core/word.hpp" in called and "test/unit/plan_test.cpp" in called
    assert "test/released" not in called, "a released header stays as it was"
    command = json.loads((checkout.folder / "build/lint/compile_commands.json").read_text())[0]["command"]
    assert "-fno-gnu-unique" not in command


def test_lint_checks_what_changed_since_the_main_branch(checkout):
    checkout.write("kernel/kernel.cpp", "int main() { return 0; }\n")
    checkout.commit()
    checkout.write("common/plan/plan.cpp", "int x;\n")
    assert checkout.tidied() == {"kernel/kernel.cpp", "common/plan/plan.cpp"}
    assert "shellcheck" not in checkout.calls.read_text()
    checkout.write("tools/part.bash", "x=1\n")
    assert checkout.tidied("--since", "HEAD") == set(), "clean as before"
    assert "shellcheck -x baton\n" in checkout.calls.read_text()


def test_lint_of_the_main_branch_checks_what_is_not_committed_or_the_last_commit(checkout):
    checkout.git("checkout", "--quiet", "main")
    checkout.write("kernel/kernel.cpp", "int x;\n")
    checkout.commit()
    checkout.write("common/plan/plan.cpp", "int x;\n")
    assert checkout.tidied() == {"common/plan/plan.cpp"}
    checkout.git("checkout", "--quiet", "common/plan/plan.cpp")
    assert checkout.tidied() == {"kernel/kernel.cpp"}


@pytest.mark.parametrize("header, source", [
    ("common/core/text.hpp", "common/core/text.cpp"), ("common/core/word.hpp", "common/core/text.cpp")])
def test_lint_checks_a_changed_header_through_a_source(checkout, header, source):
    checkout.write(header, "struct X {};\n")
    assert checkout.tidied() == {source}


def test_lint_checks_a_clean_source_again_only_when_something_of_it_changed(checkout):
    assert checkout.tidied("--all") == ALL
    assert checkout.tidied("--all") == set()
    for change, again in (
            (lambda: checkout.write("common/core/word.hpp", "struct X {};\n"), ALL - {"kernel/kernel.cpp"}),
            (lambda: checkout.write("build/include/core/made.hpp", "struct X {};\n"), {"common/plan/plan.cpp"}),
            # A folder that is searched first has a header of that name now.
            (lambda: checkout.write("common/core/core/word.hpp", ""), ALL - {"kernel/kernel.cpp"}),
            (lambda: checkout.write("common/core/made.hpp", ""), {"common/plan/plan.cpp"}),
            (lambda: checkout.write(".clang-tidy", "Checks: 'a'\n"), ALL),
            (lambda: checkout.environment.update(VERSION="2"), ALL)):
        change()
        assert checkout.tidied("--all") == again
        assert checkout.tidied("--all") == set()


def test_lint_of_what_changed_looks_deeper_than_that_of_all(checkout):
    assert checkout.tidied("--all") == ALL
    assert "max-nodes=" in checkout.calls.read_text()
    checkout.write("kernel/kernel.cpp", "int x;\n")
    assert checkout.tidied("--all") == {"kernel/kernel.cpp"}
    assert checkout.tidied() == {"kernel/kernel.cpp"}
    assert "max-nodes=" not in checkout.calls.read_text()


def test_lint_says_what_it_finds_each_time(checkout):
    checkout.write("kernel/kernel.cpp", "BAD\n")
    for _ in range(2):
        result = checkout.lint()
        assert result.returncode == 1 and "kernel.cpp:1: error: BAD" in result.stdout
    assert checkout.lint("--since", "nothing").returncode == 2
