# SPDX-License-Identifier: BSD-2-Clause
"""Projects somewhere else, which build and boot with an installed Baton (test/sdk/)."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import artefacts
import pytest
from machine import UBoot
from tool import baton

EXAMPLES = artefacts.SOURCE / "test/sdk"
VERSION = re.search(r"project\(baton VERSION (\S+)",
                    (artefacts.SOURCE / "CMakeLists.txt").read_text())[1]
GREETING = "my kernel: command line verbose"
MODULE = "my kernel: message of the day: Nothing to declare."
FILES = {
    "bin/baton", "include/baton/boot_info.h", "include/baton/boot_info.hpp",
    "include/baton/boot_info.inc", "include/baton/boot_info.s", "include/baton/boot_info.rs",
    "include/baton/boot_info.zig", "include/baton/handoff.h", "include/baton/handoff.inc",
    "include/baton/handoff.s", "share/baton/BOOTX64.EFI",
    "share/baton/BOOTX64.EFI.debug", "share/baton/baton-pvh.elf",
    "share/baton/baton-pvh.elf.debug", "share/baton/baton.bzimage",
    "share/baton/kernel.elf",
    "share/baton/stage2.bin", "share/baton/stage2.elf",
    "share/bash-completion/completions/baton", "share/cmake/Baton/BatonConfig.cmake",
    "share/cmake/Baton/BatonConfigVersion.cmake", "share/cmake/Baton/BatonImage.cmake",
    "share/doc/baton/README.md", "share/doc/baton/copyright",
    "share/doc/baton/docs/pictures/boot.svg",
    *(f"share/doc/baton/copyright.{decoder}" for decoder in filter(None, artefacts.DECODERS)),
    "share/man/man1/baton.1",
    "share/pkgconfig/baton.pc",
    *(f"share/baton/{file.relative_to(artefacts.SOURCE / 'tools')}"
      for file in (artefacts.SOURCE / "tools/gdb").rglob("*.py")),
    *(f"share/baton/{file.relative_to(artefacts.SOURCE / 'tools/baton')}"
      for file in (artefacts.SOURCE / "tools/baton/new").rglob("*") if file.is_file()),
    *(f"share/doc/baton/docs/{file.name}" for file in (artefacts.SOURCE / "docs").glob("*.md"))}


def run(*arguments, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("CMAKE_")}
    return subprocess.run([*map(str, arguments)], cwd=cwd, capture_output=True, text=True,
                          errors="replace", timeout=120, stdin=subprocess.DEVNULL,
                          env=variables | environment)


def succeed(*arguments, cwd: Path, **environment: str) -> str:
    result = run(*arguments, cwd=cwd, **environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def packed(tmp_path: Path, generator: str) -> Path:
    """A package, made of what is built."""
    succeed("cpack", "--config", artefacts.BUILD / "CPackConfig.cmake", "-G", generator, "-B",
            tmp_path / "packages", cwd=tmp_path)
    [package] = (tmp_path / "packages").glob("baton[-_]*")
    return package


@pytest.fixture(scope="module", params=["install", "deb", "tarball"])
def prefix(request, tmp_path_factory) -> Path:
    """Where Baton is installed, by three ways, and nothing else."""
    tmp_path = tmp_path_factory.mktemp("installed")
    folder = tmp_path / artefacts.ODD_NAME
    if request.param == "install":
        succeed("cmake", "--install", artefacts.BUILD, "--prefix", folder, cwd=tmp_path)
        return folder
    if request.param == "deb":
        succeed("dpkg", "-x", packed(tmp_path, "DEB"), folder, cwd=tmp_path)
        return folder / "usr"
    folder.mkdir()
    succeed("tar", "-xf", packed(tmp_path, "TGZ"), cwd=folder)
    [top] = folder.iterdir()
    return top


def example(tmp_path: Path, name: str) -> Path:
    """A copy of an example project, and nothing of this repository beside it."""
    folder = tmp_path / f"{artefacts.ODD_NAME} for projects"
    shutil.copytree(EXAMPLES / "cmake-kernel", folder / "cmake-kernel", dirs_exist_ok=True)
    shutil.copytree(EXAMPLES / name, folder / name, dirs_exist_ok=True)
    return folder / name


def test_installed_are_these_files_and_no_others(prefix):
    found = {str(file.relative_to(prefix)) for file in prefix.rglob("*") if file.is_file()}
    assert found == FILES
    for file in ("BatonConfig.cmake", "BatonImage.cmake"):
        text = (prefix / "share/cmake/Baton" / file).read_text()
        assert str(artefacts.SOURCE) not in text and str(artefacts.BUILD) not in text


def test_package_depends_on_what_it_needs(tmp_path):
    package = packed(tmp_path, "DEB")
    assert package.name == f"baton_{VERSION}_amd64.deb"
    fields = dict(re.findall(r"^ ?([A-Z][\w-]+): (.*)$",
                             succeed("dpkg", "--info", package, cwd=tmp_path), re.M))
    names = lambda field: set(re.findall(r"(?:^|, )([\w.+-]+)", fields[field]))
    depends = {name.removesuffix("t64") for name in names("Depends")}
    assert {"libc6", "libdw1", "libstdc++6"} <= depends
    assert names("Recommends") == {"fdisk", "gdb", "mtools", "ovmf", "qemu-system-x86"}
    assert {"osslsigncode", "sbsigntool", "xorriso"} <= names("Suggests")
    assert fields["Version"] == VERSION and fields["Architecture"] == "amd64"


@pytest.mark.parametrize("prefix", ["install", pytest.param("deb", marks=pytest.mark.long),
                                    pytest.param("tarball", marks=pytest.mark.long)],
                         indirect=True)
def test_cmake_project_builds_and_boots(boot_image, prefix, tmp_path):
    project = example(tmp_path, "cmake-kernel")
    lines = (project / "CMakeLists.txt").read_text()
    assert len(re.findall(r"^(?:find_package|baton_\w+)\(.*\)$", lines, re.M)) == 2
    succeed("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", cwd=project)
    succeed("cmake", "--build", "build", cwd=project)
    machine = boot_image(project / "build/my-os.img", firmware=UBoot)
    machine.wait_for_exit()
    assert GREETING in machine.serial and MODULE in machine.serial
    output = succeed("cmake", "--build", "build", "--target", "run-my-os", cwd=project)
    assert GREETING in output and MODULE in output


def installed(tmp_path, name: str = artefacts.ODD_NAME) -> Path:
    prefix = tmp_path / name / "usr"
    succeed("cmake", "--install", artefacts.BUILD, "--prefix", prefix, cwd=tmp_path)
    return prefix


def test_cmake_build_fails_with_the_cure_of_what_would_not_boot(tmp_path):
    project = example(tmp_path, "cmake-kernel")
    file = project / "CMakeLists.txt"
    file.write_text(file.read_text().replace("0xffffffff80000000", "0x0"))
    succeed("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={installed(tmp_path)}", cwd=project)
    result = run("cmake", "--build", "build", cwd=project)
    assert result.returncode != 0
    assert "error: segment_in_page_zero: " in result.stdout and "\nfix:  " in result.stdout
    assert not (project / "build/my-os.img").exists()


def test_cmake_makes_a_signed_bundle(boot_image, tmp_path):
    project = example(tmp_path, "cmake-kernel")
    succeed("openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mine",
            "-keyout", "my.key", "-out", "my.pem", cwd=project)
    with (project / "CMakeLists.txt").open("a") as file:
        file.write('baton_add_image(whole KERNEL my-kernel OPTIONS "a b" BUNDLE SIGN_KEY my.key '
                   'SIGN_CERT my.pem)\n')
    succeed("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={installed(tmp_path)}", cwd=project)
    succeed("cmake", "--build", "build", cwd=project)
    succeed("sbverify", "--cert", "my.pem", "build/whole.efi", cwd=project)
    machine = boot_image(project / "build/whole.img", firmware=UBoot)
    machine.wait_for_exit()
    assert "my kernel: command line a b\n" in machine.serial


def test_cmake_image_follows_its_modules_and_takes_options(boot_image, tmp_path):
    project = example(tmp_path, "cmake-kernel")
    with (project / "CMakeLists.txt").open("a") as file:
        file.write('baton_add_image(other KERNEL my-kernel OPTIONS "a b" "c" SETTINGS log=ports '
                   'ISO COMPRESS)\n')
    succeed("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={installed(tmp_path)}", cwd=project)
    built = run("cmake", "--build", "build", cwd=project)
    assert built.stderr.count("my-kernel: not compressed, ") == 1, built.stderr  # for COMPRESS
    (project / "motd.txt").write_text("Changed.")
    succeed("cmake", "--build", "build", cwd=project)
    machine = boot_image(project / "build/my-os.img", firmware=UBoot)
    machine.wait_for_exit()
    assert "my kernel: message of the day: Changed." in machine.serial
    machine = boot_image(project / "build/other.iso", "cd")
    machine.wait_for_exit()
    assert "my kernel: command line a b c\n" in machine.serial


@pytest.mark.parametrize("name, image, disk, lines", [
    ("make-kernel", "my-os.iso", "cd", (GREETING, MODULE)),
    ("rust-kernel", "my-os.img", "nvme", ("my kernel: command line from rust",))])
def test_make_project_builds_and_boots(boot_image, tmp_path, name, image, disk, lines):
    if name == "rust-kernel" and not shutil.which("rustc"):
        pytest.skip("no rustc")
    project = example(tmp_path, name)
    prefix = installed(tmp_path, re.sub("['()&]", "", artefacts.ODD_NAME))  # pkg-config can't say these
    succeed("make", cwd=project, PKG_CONFIG_PATH=str(prefix / "share/pkgconfig"))
    machine = boot_image(project / image, disk)
    machine.wait_for_exit()
    for line in lines:
        assert line in machine.serial


def test_installed_tool_works_from_anywhere(prefix, tmp_path):
    """It finds its files wherever it was put; without a kernel it boots the example. (Those for a boot
    by UEFI are in the images of the other tests.)"""
    result = baton("run", "--via", "pvh", "--timeout", 60, tool=prefix / "bin/baton", cwd=tmp_path)
    assert result.returncode == 0 and "kernel: PASS" in result.stdout, result.stderr
    assert succeed(prefix / "bin/baton", "--version", cwd=tmp_path) == f"baton {VERSION}\n"


def test_installed_tool_prints_where_the_headers_are(prefix, tmp_path):
    folder = succeed(prefix / "bin/baton", "--include-dir", cwd=tmp_path)
    assert folder == f"{prefix / 'include'}\n"
    assert succeed(artefacts.TOOL, "--include-dir", cwd=tmp_path) == f"{artefacts.HEADERS.resolve()}\n"


def test_installed_tool_makes_a_project_that_boots(prefix, tmp_path):
    path = f"{prefix / 'bin'}:{os.environ['PATH']}"
    succeed("baton", "new", "my-os", cwd=tmp_path, PATH=path)
    assert "Hello from my-os" in succeed("make", "run", cwd=tmp_path / "my-os", PATH=path)


def test_cmake_finds_a_baton_that_is_only_built(tmp_path):
    project = example(tmp_path, "cmake-kernel")
    succeed("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={artefacts.BUILD.resolve()}", cwd=project)
    assert f"Baton_DIR:PATH={artefacts.BUILD.resolve()}/share/cmake/Baton\n" in (
        project / "build/CMakeCache.txt").read_text()
    assert GREETING in succeed("cmake", "--build", "build", "--target", "run-my-os", cwd=project)
