# SPDX-License-Identifier: BSD-2-Clause
"""What `baton new` writes builds, boots, can be debugged and makes an image, as its README.md says."""

import ctypes
import os
import re
import resource
import shlex
import shutil
import subprocess
from pathlib import Path

import artefacts
import pytest
from tool import baton

BUILDS = ("make", "cmake")
NEEDS = {"c": (), "c++": (), "rust": ("rustc",), "zig": ("zig",), "asm": ("nasm",)}
KERNELS = {"c": "kernel.c", "c++": "kernel.cpp", "rust": "kernel.rs", "zig": "kernel.zig", "asm": "kernel.asm"}
NAME = "my-os"
HELLO = f"Hello from {NAME}"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory) -> Path:
    """Where Baton is installed, and no PATH leads."""
    folder = tmp_path_factory.mktemp("installed") / artefacts.ODD_NAME
    subprocess.run(["cmake", "--install", artefacts.BUILD, "--prefix", folder], check=True,
                   capture_output=True)
    return folder


@pytest.fixture
def new(prefix, tmp_path):
    """new(language, build): the folder of a new project."""

    def make(language: str, build: str = "make") -> Path:
        for program in NEEDS[language]:
            if not shutil.which(program):
                pytest.skip(f"no {program}")
        folder = tmp_path / artefacts.ODD_NAME / NAME
        result = baton("new", folder, "--lang", language, "--build", build, tool=prefix / "bin/baton")
        assert result.returncode == 0, result.stderr
        assert len(result.stdout.splitlines()) == 3
        assert shlex.split(result.stdout.splitlines()[0]) == ["cd", str(folder)]
        return folder

    return make


def run(*command, cwd: Path, stdin: str = "", **variables: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("CMAKE_") and name not in ("CC", "CXX", "CFLAGS", "CXXFLAGS")}
    return subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, errors="replace",
                          timeout=120, input=stdin, env=environment | variables)


def do(target: str, folder: Path, *words: str, stdin: str = "", **variables: str) -> str:
    """What `make TARGET` prints, or CMake."""
    command = ["make", target, *words]
    if (folder / "CMakeLists.txt").exists():
        configured = run("cmake", "-B", "build", *words, cwd=folder, **variables)
        assert configured.returncode == 0, configured.stdout + configured.stderr
        command = ["cmake", "--build", "build", "--target", target]
    result = run(*command, cwd=folder, stdin=stdin, **variables)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "warning" not in (result.stdout + result.stderr).replace("0 warnings", ""), result.stderr
    return result.stdout


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("language", NEEDS)
def test_new_project_builds_and_boots(new, language, build):
    folder = new(language, build)
    output = do("run", folder)
    assert HELLO in output
    assert re.search(r"stack at 0x\w+, 128 KiB", output), "its request was not met"
    assert f"{NAME}.elf: can be booted, 0 warnings" in do("check", folder)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("language", NEEDS)
def test_new_project_is_a_few_short_files(prefix, tmp_path, language, build):
    folder = tmp_path / NAME
    baton("new", folder, "--lang", language, "--build", build, tool=prefix / "bin/baton")
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert 5 <= len(files) <= 8 and KERNELS[language] in {file.name for file in files}
    for file in files:
        text = file.read_text()
        assert text.endswith("\n") and not text.endswith("\n\n") and "\n\n\n" not in text, file
        assert not re.search("@[A-Z_]+@", text), file
        assert len(text.splitlines()) <= 90, file
        lines = [line for line in text.splitlines() if str(prefix) not in line]
        assert max(len(line) for line in lines if not line.startswith("|")) <= 100, file
    readme = (folder / "README.md").read_text()
    for file in files:
        assert f"`{file.name}`" in readme or file.name in ("README.md", ".gitignore"), file.name
    for target in ("run", "screen", "debug", "check", "image"):
        assert re.search(rf"`{'make' if build == 'make' else 'cmake.*--target'} {target}`", readme)


@pytest.mark.parametrize("language, build", [
    ("c", "make"), *(pytest.param(language, "make", marks=pytest.mark.long) for language in NEEDS if language != "c"),
    pytest.param("c", "cmake", marks=pytest.mark.long)])
def test_image_of_a_new_project_boots_and_draws(boot_image, new, language, build):
    folder = new(language, build)
    do("image", folder)
    machine = boot_image(folder / f"build/{NAME}.img")
    machine.wait_for_serial(f"^{HELLO}$")
    for x, y in ((100, 0), (200, 77), (1279, 799)):
        blue = (x ^ y) & 0xff
        for _ in range(100):  # the kernel is still drawing
            if machine.screenshot().pixel(x, y) == (0, 0, blue):
                break
        assert machine.screenshot().pixel(x, y) == (0, 0, blue)


@pytest.mark.parametrize("language, build", [("c", "make"), ("asm", "cmake")])
def test_new_project_is_debugged_from_its_first_instruction(new, language, build):
    output = do("debug", new(language, build), stdin="info symbol $pc\nkill\nquit\n")
    assert "_start in section .text" in output


@pytest.mark.parametrize("language", ["c", "c++", "rust"])
def test_panic_of_a_new_project_is_explained(new, language):
    folder = new(language)
    kernel = folder / KERNELS[language]
    call = 'panic!("on purpose");\n' if language == "rust" else 'panic("on purpose");\n'
    text = kernel.read_text()
    [line] = [line for line in text.splitlines() if HELLO in line]
    kernel.write_text(text.replace(line, f"{line}\n{call}"))
    number = 1 + kernel.read_text().splitlines().index(call.strip())
    result = run("make", "run", cwd=folder)
    assert result.returncode != 0 and "on purpose" in result.stdout
    assert "#UD invalid opcode" in result.stderr
    assert f"{kernel.name}:{number if language != 'rust' else ''}" in result.stderr


@pytest.mark.parametrize("language, variable, compiler", [("c", "CC", "clang-19"), ("c++", "CXX", "clang++-19")])
def test_other_compilers_build_a_new_project(new, language, variable, compiler):
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    output = do("run", new(language), f"{variable}={compiler}")
    assert f"{compiler} " in output and HELLO in output


def test_constructors_of_a_new_project_in_cpp_run(new):
    folder = new("c++")
    (folder / "global.cpp").write_text("""
        struct Base { virtual int value() const = 0; };
        struct Global : Base {
            explicit Global(const char* text) : text_(text) {}
            ~Global() {}
            int value() const override { return text_[0]; }
            const char* text_;
        } volatile_text("x");
        const Base& global = volatile_text;
        bool is_made() { return volatile_text.text_ && global.value() == 'x'; }
    """)
    kernel = folder / "kernel.cpp"
    kernel.write_text("bool is_made();\n" + kernel.read_text().replace(
        f'print("{HELLO}', f'if (!is_made()) panic("not made");\n    print("{HELLO}'))
    assert HELLO in do("run", folder)


@pytest.mark.parametrize("language, file", [("c", "runtime.c"), ("c++", "runtime.cpp")])
def test_functions_that_compilers_call_do_what_a_c_library_does(new, tmp_path, language, file):
    library = tmp_path / "runtime.so"
    result = run("cc", "-O2", "-ffreestanding", "-fPIC", "-shared", "-nostdlib", "-o", library, file,
                 cwd=new(language))
    assert result.returncode == 0, result.stderr
    own = ctypes.CDLL(str(library))
    text = b"0123456789"
    for to, source in ((0, 3), (3, 0), (4, 4)):
        buffer = ctypes.create_string_buffer(text)
        address = ctypes.addressof(buffer)
        own.memmove(ctypes.c_void_p(address + to), ctypes.c_void_p(address + source), 5)
        assert buffer.value == text[:to] + text[source:source + 5] + text[to + 5:]
    buffer = ctypes.create_string_buffer(b"abc")
    own.memset(buffer, ord("x"), 2)
    assert buffer.value == b"xxc"
    own.memcpy(buffer, b"12", 2)
    assert buffer.value == b"12c"
    assert own.memcmp(b"ab", b"ac", 2) < 0 < own.memcmp(b"\xff", b"\x01", 1)
    assert own.memcmp(b"ab", b"ac", 1) == 0 == own.memcmp(b"a", b"b", 0)


@pytest.mark.parametrize("build", BUILDS)
def test_new_project_names_no_folder_if_the_tool_is_in_path(prefix, tmp_path, build):
    path = f"{prefix / 'bin'}:{os.environ['PATH']}"
    result = run("baton", "new", NAME, "--build", build, cwd=tmp_path, PATH=path)
    assert result.stdout.startswith(f"cd {NAME}\n"), result.stderr
    for file in (tmp_path / NAME).iterdir():
        assert str(tmp_path) not in file.read_text() and str(prefix) not in file.read_text(), file
    assert HELLO in do("run", tmp_path / NAME, PATH=path)


def test_new_project_says_where_to_look_if_there_is_no_tool(prefix, tmp_path):
    path = f"{prefix / 'bin'}:{os.environ['PATH']}"
    run("baton", "new", NAME, cwd=tmp_path, PATH=path)
    result = run("make", "BATON=/nowhere/baton", cwd=tmp_path / NAME)
    assert result.returncode != 0 and "make BATON=/path/to/baton" in result.stderr


def test_new_overwrites_nothing(tmp_path):
    (tmp_path / "file").write_text("content")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "folder", "folder/", "link"):
        result = baton("new", f"{tmp_path}/{name}", "--lang", "asm")
        assert result.returncode == 1 and f"{name.strip('/')} is there: choose another name" in result.stderr
    assert {file.name for file in tmp_path.iterdir()} == {"file", "folder", "link"}
    assert (tmp_path / "file").read_text() == "content" and not list((tmp_path / "folder").iterdir())


def test_new_makes_the_folders_above(tmp_path):
    assert baton("new", "a/b/os", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a/b/os/Makefile").exists()


def test_new_that_fails_leaves_nothing(tmp_path):
    """No file may be larger than a kibibyte, which the first ones aren't."""
    limits = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
    result = baton("new", "a/b/os", cwd=tmp_path, preexec_fn=limits, restore_signals=False)
    assert result.returncode == 1
    assert re.search("can't write a/b/os/README.md: File too large", result.stderr), result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words, status, complaint", [
    (["6os"], 1, "a project can't have the name \"6os\": it takes letters, digits, - and _"),
    (["my os"], 1, "can't have the name \"my os\""),
    (["$(x)"], 1, "can't have the name \"$(x)\""),
    (["a\x1b[1m\nb"], 1, "can't have the name \"a_[1m_b\""),
    ([64 * "o" + "s"], 1, "at most 64 characters"),
    (["."], 1, "can't have the name \".\""),
    (["os/.."], 1, "can't have the name \"os/..\""),
    ([""], 1, "can't have the name \"\""),
    (["os", "--lang", "d"], 2, "--lang: needs one of c|c++|rust|zig|asm"),
    (["os", "--build", "ninja"], 2, "--build: needs one of cmake|make"),
    (["/proc/os"], 1, "can't make /proc/os: "),
    ([], 2, "NAME is required")])
def test_new_says_what_is_wrong(tmp_path, words, status, complaint):
    result = baton("new", *words, cwd=tmp_path)
    assert result.returncode == status and complaint in result.stderr, result.stderr
    assert not list(tmp_path.iterdir())
